import type { Container } from "../../model/container.ts";
import type { EnvironmentVariable } from "../../model/container-values.ts";
import { credentialsInScript, passwordHash, type WrittenCredential } from "../../model/credentials/find.ts";
import { isCredentialName } from "../../model/credentials/names.ts";
import { firstOpen, originsOf, type SetFact, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { combine, fail, pass, unknown, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual, type Remedy } from "../control.ts";
import { undecided } from "../undecided.ts";
import { fileVariable } from "./tables/secret-files.ts";
import { credentialIn, throwAwayKind } from "./tables/throw-away.ts";

/** A variable, and the one that names a file with its value: `POSTGRES_PASSWORD_FILE`. */
interface FileVariable {
  readonly name: string;
  readonly file: string;
}

const fine = pass("no literal credential");

const inImage =
  "A credential in ENV or ARG is in the image: everyone who may pull it reads it with `docker history` or `docker inspect`, and a later layer does not take it back. A build argument that names a credential invites passing one, and what is passed stays in the history too.";
const inContainer =
  "Everyone who may read the file, the shell's history or `docker inspect` of the container reads the credential too. Anyone who read it once has it until it is changed.";

export const imageSecret: Control = {
  id: "image-secret",
  title: "A credential is written out",
  why: `${inImage} A credential in a Compose file or a \`docker run\` line is written out as well. ${inContainer} The password of a database that a CI starts for one job opens nothing else, so it weighs little there.`,
  whyFor: { image: inImage, container: inContainer },
  row: undefined,
  severity: "high",
  guard: "byName",
  cis: ["4.10"],
  attack: ["T1552.001", "T1552.007"],
  cwe: [798, 312],
  where: ["D", "F", "A", "J"],
  references: [
    "https://docs.docker.com/build/building/secrets/",
    "https://docs.docker.com/compose/how-tos/use-secrets/",
    "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nENV DB_PASSWORD=hunter2\n" },
      { syntax: "dockerfile", text: "FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n" },
      { syntax: "run", text: "docker run -e POSTGRES_PASSWORD=changeme postgres" },
      {
        syntax: "daemon.json",
        text: '{ "proxies": { "https-proxy": "http://docker:hunter2@proxy.example.org:3128" } }\n',
      },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: web:1\n    environment:\n      DATABASE_URL: postgres://app:hunter2@db/app\n      API_KEY: ${API_KEY:-0123456789abcdef}\n",
      },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM node:22\nRUN --mount=type=secret,id=npm npm ci\nENV TOKEN_TTL=3600\n",
      },
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db\n      API_KEY: ${API_KEY}\n",
      },
      { syntax: "run", text: "docker run -e POSTGRES_PASSWORD postgres" },
      { syntax: "daemon.json", text: '{ "proxies": { "https-proxy": "http://proxy.example.org:3128" } }\n' },
    ],
  },
  check: {
    image: judgeImage,
    container: judgeContainer,
    engine: ({ credentials }) => {
      const open = firstOpen(credentials);
      return combine([...setItems(credentials).map(judgeWritten), open ? unknownFact(open) : fine]);
    },
    exec: ({ credentials }) => combine([...setItems(credentials).map(judgeWritten), fine]),
  },
  remedy: {
    engine: () =>
      manual(
        "Give dockerd the proxy by a systemd drop-in that only root reads (`EnvironmentFile=`, mode 0600), or a log driver its token by a file. Change it, since others have read it.",
      ),
    exec: () =>
      manual(
        "Take it out of the script: read it from a file, from the environment, or from the secrets of your CI. Change it, since others have read it.",
      ),
    image: (image) => manual(adviceForBuild(image)),
    container(container, { source }): Remedy<ContainerPatch> {
      if (container.job?.isOfCi) return manual(adviceForCi(container));
      const own = literals(container);
      if (own.length === 0) return manual(adviceForWritten(container));
      const byFile = own.flatMap(({ value: { name } }): readonly FileVariable[] => {
        const file = fileVariable(container, name);
        return file === undefined ? [] : [{ name, file }];
      });
      // Only docker compose reads a .env by itself.
      if (source !== "compose") {
        return manual(
          byFile[0]
            ? `Set ${byFile[0].file} to a file that holds it: the image reads it from there, and docker inspect does not show it. Change it, since others have read it.`
            : "Move it to a file of --env-file, or to a secret of the Engine. Change it, since others have read it.",
        );
      }
      return {
        kind: "decision",
        summary: adviceForCompose(byFile),
        patches: own.map(({ value }) => ({
          op: "replace",
          field: "environment",
          value,
          with: { name: value.name, value: undefined },
        })),
        breaks:
          "Anyone who copies the Compose file to another machine must copy .env too: without it the variable is empty.",
      };
    },
  },
};

/** An image that reads a secret from a file needs none in its environment, which docker inspect shows. */
function adviceForCompose([first]: readonly FileVariable[]): string {
  if (first === undefined) {
    return "Move it to .env, or mount it with secrets:, and change it: others have read it.";
  }
  const id = first.name.toLowerCase();
  return `Move it to .env (docker inspect shows it), or set ${first.file}: /run/secrets/${id} and secrets: [${id}], and top-level secrets: { ${id}: { file: ./${id}.txt } }. Change it: others read it.`;
}

function adviceForTracked(credentials: Container["credentials"]): string | undefined {
  const file = setItems(credentials).find(({ value }) => value.isTracked === true)?.value.where;
  return file === undefined
    ? undefined
    : `Run \`git rm --cached ${file}\`, list it in .gitignore, and commit an example file without values instead. Change each credential, because the history keeps the old ones.`;
}

function adviceForWritten({ credentials }: Container): string {
  const tracked = adviceForTracked(credentials);
  if (tracked !== undefined) return tracked;
  const places = [...new Set(setItems(credentials).map(({ value }) => value.where))];
  return `Take it out of ${places.slice(0, 2).join(" and ")}: let the program read it from a file that secrets: mounts, or from a variable when it runs. Change it, since others have read it.`;
}

function judgeContainer(container: Container): Verdict {
  if (container.level === "configured") return judgeRunning(container);
  const parts = literals(container).map((item) => {
    const kind = throwAwayKind(container, item.value);
    return kind ? judgeThrowAway(item, kind) : judgeLiteral(item, "the environment variable");
  });
  return combine([
    ...parts,
    ...setItems(container.credentials).map(judgeWritten),
    undecided(...container.environment) ?? fine,
  ]);
}

/** One that is written out in a command, a label or the like. */
function judgeWritten({ value, origins }: SetFact<WrittenCredential>): Verdict {
  const { name, by, where } = value;
  if (value.isTracked) return judgeTracked({ value, origins });
  const message =
    by === "name" ? `sets ${where} to a literal credential` : `has a credential in ${where} (${name})`;
  const evidence = by === "name" ? where : `${where}: ${name}`;
  const [harm, severity] = harmOf(value, "reads the file");
  return fail(`${message}: ${harm}`, { origins, evidence, observed: evidence, severity });
}

/** An env file keeps a credential apart only as long as it is not committed. */
function judgeTracked({
  value: { name, where, isTracked },
  origins,
}: Omit<SetFact<WrittenCredential>, "state">): Verdict {
  if (isTracked === "unknown")
    return unknown(
      `${where} has a credential (${name}), and whether git tracks it is not known: git's index cannot be read`,
      origins,
    );
  return fail(
    `has a credential in ${where}, which git tracks (${name}): everyone who can clone the repository has it`,
    {
      origins,
      evidence: `${where}: ${name}`,
      observed: `${where}: ${name}`,
    },
  );
}

/** A server that a CI starts empty and removes after the job holds nothing, and its port is open to the job alone. */
function judgeThrowAway({ value: { name }, origins }: SetFact<EnvironmentVariable>, kind: "known" | "fresh") {
  const message =
    kind === "known"
      ? `sets ${name} to a well-known password: it opens only a server that ends with the job`
      : `sets ${name} in the file: the server ends with the job, but the password must not be used elsewhere`;
  return fail(message, {
    origins,
    evidence: name,
    severity: kind === "known" ? "info" : "low",
    observed: name,
  });
}

function adviceForBuild({ level, environment, buildArguments, credentials }: Image): string {
  const tracked = adviceForTracked(credentials);
  if (tracked !== undefined) return tracked;
  if (level === "configured") {
    return "Build the image without it: give it to the one RUN that needs it by `RUN --mount=type=secret`. Change it too, because every copy of the image has it.";
  }
  const held = setItems(environment).find(({ value: { name, value } }) => credentialIn(name, value ?? ""));
  if (held) {
    const { name } = held.value;
    return `Delete ${name} from ENV, and set it when the container runs: \`docker run --env-file\`, or \`environment: [${name}]\` in Compose. Change its value too, because the history of the image keeps the old one.`;
  }
  const asked = setItems(buildArguments).find(
    ({ value: { name, value } }) => credentialIn(name, value ?? "") || isCredentialName(name),
  );
  const name = asked?.value.name ?? "TOKEN";
  const id = name.toLowerCase();
  const mount = `\`RUN --mount=type=secret,id=${id},env=${name}\``;
  const given = `\`docker build --secret id=${id},env=${name}\``;
  if (!asked)
    return `Take it out of the Dockerfile: a step that needs it gets it by ${mount}, from ${given}. Change it, since every copy of the file and of the image has it.`;
  return `Replace ARG ${name} by ${mount} where it is used, and build with ${given}. A secret that was passed before is in the history: change it.`;
}

function adviceForCi(container: Container): string {
  const isThrowAway = literals(container).every(({ value }) => throwAwayKind(container, value));
  return isThrowAway
    ? "Leave it if nothing else has this password. For a credential of something that stays, use the secrets of your CI."
    : "Take it from the secrets of your CI (a masked variable, or the secrets context). Change it, since others have read it.";
}

/**
 * A container's own variables. Nothing tells whether somebody wrote the value into a file or passed it safely, so what
 * counts is that anyone who inspects the container reads it. What its image sets is the image's finding.
 */
function judgeRunning({ environment, credentials }: Container): Verdict {
  const parts = setItems(environment)
    .filter(
      ({ value: { name, value, isFromImage } }) =>
        !isFromImage && credentialIn(name, value ?? "") !== undefined,
    )
    .map(({ value: { name }, origins }) =>
      fail(
        `has a credential in its environment variable ${name}: everyone who may run docker inspect, and every process in the container, reads it`,
        { origins, evidence: name, severity: "low", observed: name },
      ),
    );
  const written = setItems(credentials).map(({ value: { name, where }, origins }) =>
    fail(
      `has a credential in ${where} (${name}): everyone who may run docker inspect or list processes reads it`,
      { origins, evidence: `${where}: ${name}`, severity: "low", observed: `${where}: ${name}` },
    ),
  );
  return combine([...parts, ...written, undecided(...environment) ?? fine]);
}

/** The variables whose credential is written in the file itself: one in an env file is kept apart, as it should be. */
function literals(container: Container): readonly SetFact<EnvironmentVariable>[] {
  const files = new Set(
    [container.image, container.build]
      .flatMap(originsOf)
      .filter(isFileOrigin)
      .map(({ file }) => file),
  );
  return setItems(container.environment).filter(({ value: { name, value }, origins }) => {
    const isApart = origins
      .filter(isFileOrigin)
      .some(({ file }) => !files.has(file) && !/\.ya?ml$/i.test(file));
    return value !== undefined && !isApart && credentialIn(name, value) !== undefined;
  });
}

function judgeImage({ environment, buildArguments, history, credentials, level }: Image): Verdict {
  const parts = [
    ...setItems(environment).map((item) => judgeVariable(item, "ENV")),
    ...setItems(buildArguments).map((item) => judgeVariable(item, "ARG", (name) => usedIn(history, name))),
    ...(level === "configured" ? judgeHistory({ environment, history }) : []),
    ...setItems(credentials).map(judgeBuilt),
  ];
  // The history of a built image shows the arguments that its build used.
  const open = level === "configured" ? [] : buildArguments;
  return combine([...parts, undecided(...environment, ...open, ...history) ?? fine]);
}

/** The layers' commands, but for what the image's environment shows already. */
function judgeHistory({ environment, history }: Pick<Image, "environment" | "history">): readonly Verdict[] {
  const shown = new Set(setItems(environment).map(({ value }) => value.name));
  return setItems(history).flatMap(({ value, origins }) =>
    credentialsInScript(commandOf(value))
      .map(({ name }) => name)
      .filter((name) => !shown.has(name))
      .map((name) =>
        fail(
          `shows a credential in its history (${name}): everyone who may pull the image reads it with docker history`,
          { origins, evidence: name, observed: name },
        ),
      ),
  );
}

/** One that an instruction of a Dockerfile has, or the configuration of an image. */
function judgeBuilt({ value, origins }: SetFact<WrittenCredential>): Verdict {
  const { name, where } = value;
  if (value.isTracked) return judgeTracked({ value, origins });
  const [harm, severity] = harmOf(value, "reads the Dockerfile or has the image");
  const evidence = `${where}: ${name}`;
  return fail(`has a credential in ${where} (${name}): ${harm}`, {
    origins,
    evidence,
    observed: evidence,
    severity,
  });
}

/** A hash does not open anything before somebody has guessed the password. */
function harmOf({ name }: WrittenCredential, reader: string): readonly [string, "medium" | undefined] {
  return name === passwordHash
    ? [`anyone who ${reader} can try passwords against it without asking the server`, "medium"]
    : [`anyone who ${reader} has it`, undefined];
}

/** `RUN |1 NPM_TOKEN=abc /bin/sh -c npm ci # buildkit`: the build arguments, then the command. */
function commandOf(layer: string): string {
  const text = layer.replace(/ # buildkit$/, "");
  const run = /^(?:RUN )?(\|\d+ )?([\s\S]*?)\/bin\/sh -c ([\s\S]*)$/.exec(text);
  return run ? `${run[1] ? run[2] : ""}\n${run[3]}` : text.replace(/^RUN /, "");
}

/** Whether a RUN uses the variable: what is passed for it is in that layer's history then. */
function usedIn(history: Image["history"], name: string): boolean {
  const use = new RegExp(`\\$\\{?${name.replace(/[^\w]/g, "")}\\b`);
  return setItems(history).some(({ value }) => /^RUN\b/i.test(value) && use.test(value));
}

function judgeVariable(
  item: SetFact<EnvironmentVariable>,
  keyword: "ENV" | "ARG",
  isUsedInRun: (name: string) => boolean = () => false,
): Verdict {
  const { name, value } = item.value;
  if (value !== undefined && credentialIn(name, value) !== undefined) return judgeLiteral(item, keyword);
  if (keyword === "ENV" || (value !== undefined && value !== "") || !isCredentialName(name)) return fine;
  const isUsed = isUsedInRun(name);
  const how = isUsed ? "hands the build argument" : "takes";
  const to = isUsed ? "to RUN" : "as a build argument";
  return fail(`${how} ${name} ${to}: what is passed for it stays in the image's history`, {
    origins: item.origins,
    severity: isUsed ? "medium" : "info",
    evidence: name,
    observed: name,
  });
}

/** Names the variable, never its value. */
function judgeLiteral(
  { value: { name, value }, origins }: SetFact<EnvironmentVariable>,
  what: string,
): Verdict {
  const how =
    credentialIn(name, value ?? "") === "value"
      ? `has a credential in the value of ${what} ${name}`
      : `sets ${what} ${name} to a literal credential`;
  const reader =
    what === "ENV" || what === "ARG" ? "Dockerfile or has the image" : "file or inspects the container";
  return fail(`${how}: anyone who reads the ${reader} has it`, { origins, evidence: name, observed: name });
}
