import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod/mini";
import forgejo from "../../../packaging/ci/forgejo.yaml?raw";
import github from "../../../packaging/ci/github.yml?raw";
import gitlab from "../../../packaging/ci/gitlab.yml?raw";
import jenkins from "../../../packaging/ci/Jenkinsfile?raw";
import preCommit from "../../../packaging/ci/pre-commit.yaml?raw";
import woodpecker from "../../../packaging/ci/woodpecker.yaml?raw";
import { audit } from "../../audit/audit.ts";
import { writeBaseline } from "../../audit/baseline.ts";
import { type DiskFiles, diskFiles } from "../../audit/inputs/disk-files.ts";
import { isOpen } from "../../audit/summary.ts";
import { whyUnwritten } from "../../base/error-words.ts";
import { failed, type Result } from "../../base/result.ts";
import { configSchema } from "../../config/schema.ts";
import { createNew } from "../../fix/apply.ts";
import type { Files } from "../../model/reading.ts";
import { loadConfig, rulesOf } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";
import { version } from "../common/version.ts";
import type { CiName, InitOptions } from "./options.ts";

const schemaPath = ".bulkhead/bulkhead.schema.json";
const baselinePath = ".bulkhead/baseline.json";

/** Of the longest path that is written. */
const width = ".forgejo/workflows/bulkhead.yaml".length;

interface NewFile {
  readonly path: string;
  readonly text: string;
  /** What it is for, in a few words. */
  readonly purpose: string;
  /** What to do by hand where a file of this name exists. */
  readonly otherwise?: string;
}

/** `bulkhead init`. Answers the exit status: 0 all files are there, 2 one could not be written. */
export async function runInit(options: InitOptions): Promise<number> {
  const io = diskFiles();
  const make = (file: NewFile) => report(file, io, options);
  // First of all: a finding's fingerprint counts from the folder that holds a bulkhead.yaml.
  const settings = [
    make({ path: "bulkhead.yaml", text: configText(), purpose: "the settings for this folder" }),
    make({ path: schemaPath, text: schemaText(), purpose: "its JSON Schema, for your editor" }),
  ];
  const found = await today(io);
  if (found === undefined) return 2;
  const others: readonly NewFile[] = [
    {
      path: baselinePath,
      text: found.baseline,
      purpose: `today's findings (${found.count}): only new ones fail`,
    },
    ...ciFiles(options.ci, io).map((file) => ({
      ...file,
      purpose: "audits on each push",
      otherwise: "add the bulkhead job to it, as docs/ci.md shows",
    })),
  ];
  const isDone = [...settings, ...others.map(make)].every((done) => done);
  const open = others.filter(({ text }) => text.includes("OWNER")).map(({ path }) => path);
  if (isDone && open.length > 0)
    process.stdout.write(`Before you push: write where you got bulkhead into ${open.join(", ")}\n`);
  if (isDone) process.stdout.write("Next: bulkhead audit\n");
  return isDone ? 0 : 2;
}

/** Writes the file where there is none, and says what it did; false where it could not. */
function report(file: NewFile, io: DiskFiles, { dryRun }: InitOptions): boolean {
  const name = file.path.padEnd(width);
  if (io.exists(file.path)) {
    const hint = file.otherwise === undefined ? "" : `; ${file.otherwise}`;
    process.stdout.write(`exists       ${name}  left alone${hint}\n`);
    return true;
  }
  if (!dryRun) {
    const written = write(file);
    if (!written.ok) {
      complain(`cannot write ${file.path}: ${written.reason}`);
      return false;
    }
  }
  process.stdout.write(`${dryRun ? "would write" : "wrote      "}  ${name}  ${file.purpose}\n`);
  return true;
}

/** The open findings of the files below this folder, by its configuration; undefined where that is wrong, and said. */
async function today(
  io: DiskFiles,
): Promise<{ readonly baseline: string; readonly count: number } | undefined> {
  const settings = await loadConfig({ only: [], skip: [] }, io);
  if (!settings.ok) return undefined;
  const { config } = settings.value;
  const { report } = await audit(
    {
      paths: ["."],
      texts: [],
      composeFiles: [],
      compose: { profiles: [], envFiles: [] },
      exclude: config.exclude ?? [],
      live: undefined,
      ...rulesOf({ only: [], skip: [] }, settings.value),
      minimum: "info",
      failOn: "none",
      baseline: undefined,
      version,
    },
    io,
    async () => undefined,
  );
  return { baseline: writeBaseline(report.findings), count: report.findings.filter(isOpen).length };
}

function write({ path, text }: NewFile): Result<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    return failed(whyUnwritten(error));
  }
  return createNew(path, text, 0o644);
}

function schemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { target: "draft-7" });
  return `${JSON.stringify({ $schema, title: "bulkhead.yaml", ...rest }, null, 2)}\n`;
}

function configText(): string {
  return `# yaml-language-server: $schema=${schemaPath}
# The settings of bulkhead for this folder. All of them: bulkhead's docs/bulkhead.schema.json

# The lowest severity that makes bulkhead audit fail: info, low, medium, high, critical or none.
failOn: high

# The findings of the day when this file was made: they are shown, and do not fail.
baseline: ${baselinePath}

# Findings that you accept, each with a reason and, better still, a last day:
# ignores:
#   - control: docker-socket-mount
#     subject: traefik
#     reason: It needs container events; the guard in front of it is planned.
#     until: 2027-03-31
`;
}

interface CiFile {
  readonly path: string;
  readonly text: string;
}

const files: Readonly<Record<Exclude<CiName, "none">, CiFile>> = {
  github: { path: ".github/workflows/bulkhead.yml", text: github },
  gitlab: { path: ".gitlab-ci.yml", text: gitlab },
  forgejo: { path: ".forgejo/workflows/bulkhead.yaml", text: forgejo },
  woodpecker: { path: ".woodpecker/bulkhead.yaml", text: woodpecker },
  jenkins: { path: "Jenkinsfile", text: jenkins },
  "pre-commit": { path: ".pre-commit-config.yaml", text: preCommit },
};

/** What a CI keeps in a repository that it builds. */
const signs: readonly (readonly [path: string, name: Exclude<CiName, "none">])[] = [
  [".github", "github"],
  [".gitlab-ci.yml", "gitlab"],
  [".forgejo", "forgejo"],
  [".woodpecker", "woodpecker"],
  [".woodpecker.yaml", "woodpecker"],
  ["Jenkinsfile", "jenkins"],
  [".pre-commit-config.yaml", "pre-commit"],
];

/** The files for the CI that was asked for, or else for each that the folder has signs of. */
function ciFiles(wanted: CiName | undefined, io: Pick<Files, "exists">): readonly CiFile[] {
  if (wanted === "none") return [];
  if (wanted !== undefined) return [files[wanted]];
  const found = signs.flatMap(([path, name]) => (io.exists(path) ? [name] : []));
  return [...new Set(found)].map((name) => files[name]);
}
