import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { bareContext } from "../../controls/control.ts";
import { imageCopiedSecret } from "../../controls/images/image-copied-secret.ts";
import { readDockerfile } from "../../formats/dockerfile/read.ts";
import type { Subject } from "../../model/subject.ts";
import { diskFiles } from "../inputs/disk-files.ts";
import { joinContexts } from "./build-context.ts";

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** What comes along where these files lie in the context. */
function found(dockerfile: string, files: readonly string[], ignored?: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-context-"));
  made.push(folder);
  const file = join(folder, "Dockerfile");
  writeFileSync(file, dockerfile);
  for (const name of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "");
  }
  if (ignored !== undefined) writeFileSync(join(folder, ".dockerignore"), ignored);
  const [subject] = joinContexts(readDockerfile(dockerfile, file).subjects, diskFiles());
  return problemsOf(subject).map(({ evidence }) => evidence);
}

function problemsOf(subject: Subject | undefined) {
  const view = subject?.kind === "image" ? subject.views[0] : undefined;
  const said = view && imageCopiedSecret.check.image?.(view, bareContext("dockerfile"));
  return said?.verdict === "fail" ? said.problems : [];
}

/** Where each secret of these stages is said to be, and how severe that is. */
function said(dockerfile: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-context-"));
  made.push(folder);
  writeFileSync(join(folder, ".env"), "");
  const { subjects } = readDockerfile(dockerfile, join(folder, "Dockerfile"));
  return problemsOf(joinContexts(subjects, diskFiles())[0]).map(
    ({ message, severity }) =>
      `${/into (?:the image|a build stage)/.exec(message)?.[0]}, ${severity ?? "high"}`,
  );
}

test.each<readonly [string, string, readonly string[]]>([
  ["the only stage", "FROM a\nCOPY id_rsa /\n", ["into the image, high"]],
  [
    "a stage that the image takes files from",
    "FROM a AS b\nCOPY id_rsa /\nFROM a\nCOPY --from=b /x /\n",
    ["into a build stage, medium"],
  ],
  [
    "a stage that the image starts from",
    "FROM a AS b\nCOPY id_rsa /\nFROM b\nRUN id\n",
    ["into the image, high"],
  ],
  ["the last of two", "FROM a AS b\nRUN id\nFROM a\nCOPY id_rsa /\n", ["into the image, high"]],
  [
    "a folder in a build stage",
    "FROM a AS b\nCOPY . .\nFROM a\nCOPY --from=b /x /\n",
    ["into a build stage, medium"],
  ],
  [
    "the same words in both",
    "FROM a AS b\nCOPY id_rsa /\nFROM a\nCOPY id_rsa /\n",
    ["into a build stage, medium", "into the image, high"],
  ],
  ["the same folder in both", "FROM a AS b\nCOPY . .\nFROM a\nCOPY . .\n", ["into the image, high"]],
  ["a folder in both", "FROM a AS b\nCOPY . .\nFROM a\nCOPY . /app\n", ["into the image, high"]],
])("a secret is said to be where it is: %s", (_, dockerfile, expected) => {
  expect(said(dockerfile)).toEqual(expected);
});

const all = "FROM debian:12\nCOPY . .\n";
const secrets = [".env", ".git/config", "id_rsa", "server.key", ".npmrc"];
const names = [".env", ".git", ".npmrc", "id_rsa", "server.key"];

test("a COPY of the whole context takes its secrets along", () => {
  expect(found(all, [...secrets, "README.md", ".env.example", "id_rsa.pub"])).toEqual(names);
  for (const copy of [
    "COPY ./ /app",
    "ADD . /app",
    "COPY * /app/",
    'COPY [".", "/app"]',
    "COPY --chown=1 . .",
  ])
    expect(found(`FROM debian:12\n${copy}\n`, [".env"]), copy).toEqual([".env"]);
  expect(found("FROM debian:12\nCOPY app /app\n", ["app/.env", ".env"])).toEqual(["app/.env"]);
});

test("also what lies deeper, but for tests, packages and folders that only look like one of credentials", () => {
  const copy = "FROM debian:12\nCOPY src/ /app\n";
  expect(found(copy, ["src/certs/tls/server.key", "src/.docker/config.json", "certs/server.key"])).toEqual([
    "src/.docker/config.json",
    "src/certs/tls/server.key",
  ]);
  expect(found(all, ["node_modules/x/a.key", "tests/a.key", ".docker/nginx.conf", "a/b/c/d/e.key"])).toEqual(
    [],
  );
  expect(found(all, ["app/.env"], "**/.env\n")).toEqual([]);
});

test("what .dockerignore leaves out does not come along", () => {
  expect(found(all, secrets, ".env\n.git\n*.key\n/id_rsa\n./.npmrc\n")).toEqual([]);
  expect(found(all, secrets, "*\n!app\n")).toEqual([]);
  expect(found(all, [".env"], ".*\n!.env\n")).toEqual([".env"]);
  expect(found("FROM debian:12\nCOPY app /app\n", ["app/.env"], "**/.env\n")).toEqual([]);
});

test("a COPY of something else takes none", () => {
  for (const copy of [
    "COPY app.js /",
    "COPY --from=x . .",
    "RUN true",
    "COPY src/*.js /",
    "COPY --exclude=.env . .",
  ])
    expect(found(`FROM debian:12 AS x\n${copy}\n`, secrets), copy).toEqual([]);
});

test.each([
  ["COPY certs /etc/certs", "a whole folder"],
  ["COPY certs/tls.pem /etc/tls.pem", "a named file"],
])("a .pem is a secret by what it holds: %s (%s)", (line) => {
  const holding = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-context-"));
    made.push(folder);
    mkdirSync(join(folder, "certs"));
    writeFileSync(join(folder, "certs/tls.pem"), text);
    const file = join(folder, "Dockerfile");
    const dockerfile = `FROM debian:12\n${line}\n`;
    writeFileSync(file, dockerfile);
    return problemsOf(joinContexts(readDockerfile(dockerfile, file).subjects, diskFiles())[0]);
  };
  const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
  expect(holding(certificate)).toEqual([]);
  expect(holding(`${certificate}${key}`).map(({ evidence }) => evidence)).toEqual(["certs/tls.pem"]);
});
