import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { audit } from "../audit.ts";
import { gitTracks } from "../inputs/git-index.ts";

const env = "PORT=80\nDB_PASSWORD=hunter2Xy9\n";
const web = (more: string) => `services:\n  web:\n    image: a:1\n${more}`;
const build = "FROM a:1\nCOPY app /app\nUSER 5\n";

async function found(
  files: Readonly<Record<string, string>>,
  tracked: readonly string[],
  inputs: readonly string[],
) {
  const done = await audit(auditRequest(inputs), memoryDisk(files, tracked), async () => {});
  return done.report.findings
    .filter(({ control, verdict }) => control === "image-secret" && verdict === "fail")
    .map(({ subject, message }) => `${subject} ${message}`);
}

describe("an env file that git tracks is reported once, if it has a credential", () => {
  const says = (file: string) =>
    `has a credential in ${file}, which git tracks (DB_PASSWORD): everyone who can clone the repository has it`;
  test.each([
    ["beside a Compose file", { "p/compose.yaml": web("") }, "p/.env", "p/compose.yaml#web"],
    ["of another stage", { "p/compose.yaml": web("") }, "p/.env.production", "p/compose.yaml#web"],
    [
      "that a service reads",
      { "p/compose.yaml": web("    env_file: c/db.env\n") },
      "p/c/db.env",
      "p/compose.yaml#web",
    ],
    ["in a build context", { "p/Dockerfile": build }, "p/.env", "p/Dockerfile"],
    [
      "in the build context of a service",
      { "p/compose.yaml": web("    build: ./b\n"), "p/b/Dockerfile": build },
      "p/b/.env",
      "p/b/Dockerfile",
    ],
    [
      "beside both",
      { "p/compose.yaml": web("    build: .\n"), "p/Dockerfile": build },
      "p/.env",
      "p/compose.yaml#web",
    ],
    [
      "of any name that a service reads",
      { "p/compose.yaml": web("    env_file: [prod.vars]\n") },
      "p/prod.vars",
      "p/compose.yaml#web",
    ],
    ["of --env-file", { "run.sh": "docker run --env-file db.env a:1\n" }, "db.env", "run.sh"],
  ])("%s", async (_where, files, file, subject) => {
    const all = { ...files, [file]: env } as Record<string, string>;
    const [finding, ...more] = await found(all, [file], Object.keys(files));
    expect(finding).toContain(subject);
    expect(finding).toContain(says(file));
    expect(more).toEqual([]);
    expect(await found(all, [], Object.keys(files))).toEqual([]);
  });

  test.each([
    ["an example", ".env.example", env],
    ["without a credential", ".env", "PORT=80\nDB_PASSWORD=\nTOKEN=${TOKEN}\n"],
  ])("not %s", async (_what, file, text) => {
    expect(await found({ "compose.yaml": web(""), [file]: text }, [file], ["compose.yaml"])).toEqual([]);
  });
});

test("an index that cannot be read leaves it unknown whether the file is tracked", async () => {
  const disk = memoryDisk({ "compose.yaml": web(""), ".env": env }, "unknown");
  const done = await audit(auditRequest(["compose.yaml"]), disk, async () => {});
  const [finding, ...more] = done.report.findings.filter(({ control }) => control === "image-secret");
  expect(finding).toMatchObject({ verdict: "unknown" });
  expect(finding?.message).toContain("whether git tracks it is not known");
  expect(more).toEqual([]);
});

describe("what git tracks is read from its index", () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const each of folders) rmSync(each, { recursive: true });
  });
  const git = (cwd: string, ...words: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...words], { cwd });

  test.each([
    ["2", "sha1"],
    ["3", "sha1"],
    ["4", "sha1"],
    ["4", "sha256"],
  ])("version %s, %s", (version, hash) => {
    const top = mkdtempSync(join(tmpdir(), "bulkhead-git-"));
    folders.push(top);
    git(top, "init", "-q", `--object-format=${hash}`);
    const names = [".env", ".env.local", "a/.env", "a/b/c/.env", "zürich/.env", ...Array(200).keys()].map(
      String,
    );
    for (const name of names) {
      mkdirSync(dirname(join(top, name)), { recursive: true });
      writeFileSync(join(top, name), "A=1\n");
    }
    git(top, "update-index", `--index-version=${version}`);
    git(top, "add", ".");
    if (version === "3") {
      writeFileSync(join(top, "later"), "");
      git(top, "add", "-N", "later");
    }
    git(top, "rm", "-q", "--cached", ".env.local");
    const tracks = gitTracks();
    for (const name of names) expect(tracks(join(top, name)), name).toBe(name !== ".env.local");
    git(top, "commit", "-qm", "x");
    git(top, "worktree", "add", "-q", "tree");
    expect(gitTracks()(join(top, "tree", "a/b/c/.env"))).toBe(true);
    expect(tracks(join(top, "..", ".env"))).toBe(false);
    // Names of a shared index, and of one that is broken, are not known.
    if (version !== "3") git(top, "update-index", "--split-index");
    else writeFileSync(join(top, ".git", "index"), "DIRC broken");
    expect(gitTracks()(join(top, "a/.env"))).toBeUndefined();
  });
});
