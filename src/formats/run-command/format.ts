import { basename, extname } from "node:path";
import type { ContainerPatch } from "../../model/patch.ts";
import type { FolderFiles } from "../../model/reading.ts";
import type { Writing } from "../../model/writing.ts";
import type { Format, SourceWords, SubjectPatches } from "../format.ts";
import { readsOne, writesOne } from "../one-file.ts";
import { mentionsAct } from "./acts.ts";
import { isScriptOfDocker, mentionsDockerRun, type ScriptHost, scriptHostOf } from "./script-host.ts";
import { spellServicePatch } from "./spell.ts";
import type { WriterHost } from "./write/quote.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly "run-command": true;
    readonly "service-command": true;
    readonly "gitlab-ci": true;
    readonly "written-daemon-json": true;
  }
}

const commands = {
  "run-command": {
    title: "docker run",
    nouns: (file) =>
      /\.(?:sh|bash|md)$|^--run|^stdin/.test(file)
        ? ["docker run line", "docker run lines"]
        : ["container", "containers"],
    isOneCommand: true,
  },
  "service-command": {
    title: "docker service",
    nouns: ["docker service line", "docker service lines"],
    isOneCommand: true,
    spell: { container: spellServicePatch },
  },
} satisfies Format["sources"];

/** https://docs.gitlab.com/ci/docker/using_docker_build/ */
const dindWithTls =
  'variables: { DOCKER_HOST: tcp://docker:2376, DOCKER_TLS_CERTDIR: /certs, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: /certs/client }';

const gitlabCi: SourceWords = {
  title: "GitLab job",
  nouns: ["container of GitLab CI", "containers of GitLab CI"],
  isReadOnly: true,
  spell: { engine: () => [dindWithTls] },
};

/** What a script writes into daemon.json. Its text belongs to the script, so fix leaves it alone. */
const writtenDaemonJson: SourceWords = {
  title: "daemon.json of a script",
  nouns: ["daemon.json of a script", "daemon.json files of scripts"],
  isReadOnly: true,
};

/** A file that runs docker: a shell script, a Makefile, a workflow, a unit, Markdown. */
export const script = {
  nouns: ["script", "scripts"],
  recognise: {
    opens: (path) => scriptHostOf(path) !== undefined,
    // Without an extension. Most such files are programs.
    opensScript: (path) => extname(path) === "" && !basename(path).startsWith("."),
    text(text, path) {
      const host = scriptHostOf(path) ?? (/^#!.*\b(?:ba|da|k|z|a)?sh\b/.test(text) ? "shell" : undefined);
      return (
        host !== undefined &&
        (mentionsDockerRun(text) ||
          mentionsAct(text) ||
          (host !== "markdown" && isScriptOfDocker(text)) ||
          hasJobContainer(host, text))
      );
    },
    shape: (text) => !/^\s*\{/.test(text) && (mentionsDockerRun(text) || mentionsAct(text)),
  },
  sources: { ...commands, "gitlab-ci": gitlabCi, "written-daemon-json": writtenDaemonJson },
  read: readsOne(async ({ text, file }, { io }) => {
    const { readScript } = await import("./scripts.ts");
    return readScript(text, file, scriptHostOf(file) ?? "shell", io);
  }),
  write: writesOne(({ text, file }, wanted, { io }) =>
    writeCommands(text, file, scriptHostOf(file) ?? "shell", io, wanted),
  ),
} satisfies Format;

/** Commands without a file: `--run`, or standard input that runs dockerd. */
export const runLine = {
  nouns: ["command line", "command lines"],
  recognise: { given: mentionsDockerd },
  sources: commands,
  read: readsOne(async ({ text, file }, { io }) => {
    const { readRunLine } = await import("./read.ts");
    const reading = readRunLine(text, file, io);
    if (reading.subjects.length > 0 || !mentionsDockerd(text)) return reading;
    const { readDockerdLine } = await import("../daemon-json/dockerd.ts");
    return readDockerdLine(text, file);
  }),
  write: writesOne(({ text, file }, wanted, { io }) => writeCommands(text, file, "line", io, wanted)),
} satisfies Format;

async function writeCommands(
  text: string,
  file: string,
  host: WriterHost,
  io: FolderFiles,
  wanted: readonly SubjectPatches[],
): Promise<readonly Writing[]> {
  const { writeRunCommands } = await import("./write.ts");
  const changes = wanted.map(({ readAs, patches }) => ({
    subject: readAs,
    patches: patches as readonly ContainerPatch[],
  }));
  return writeRunCommands({ text, file, host, io, changes });
}

/** A workflow's `container.options` are flags of docker create that no command names. */
function hasJobContainer(host: ScriptHost, text: string): boolean {
  if (host === "gitlab-ci") return /^\s*(?:image|services)\s*:/m.test(text);
  return host === "github-actions" && /^\s*(?:options|container|services)\s*:/m.test(text);
}

/** Whether the text may be a dockerd command line, also in its old forms (`docker -d`, `docker daemon`). */
function mentionsDockerd(text: string): boolean {
  return /(?:^|[\s/])(?:dockerd|docker[ \t]+(?:-d|--daemon|daemon))(?:\s|$)/.test(text);
}
