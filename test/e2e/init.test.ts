import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

function repository(files: Readonly<Record<string, string>> = {}) {
  const folder = folderOf({
    "compose.yaml": readFileSync("examples/insecure/compose.yaml", "utf8"),
    ...files,
  });
  onTestFinished(() => folder.remove());
  return {
    path: folder.path,
    read: (name: string) => readFileSync(join(folder.path, name), "utf8"),
    run: (...args: readonly string[]) => runCli(program, args, { cwd: folder.path }),
  };
}

test("after init an audit fails for new findings alone", async () => {
  const { path, run, read } = repository();
  const made = await run("init", "--ci", "github");
  expect(made).toMatchObject({ status: 0, stderr: "" });
  expectDocument("baseline", JSON.parse(read(".bulkhead/baseline.json")));
  expect(await run("audit")).toMatchObject({ status: 0 });
  mkdirSync(join(path, "new"));
  writeFileSync(join(path, "new/compose.yaml"), 'services: { web: { image: "a:1", privileged: true } }\n');
  const after = await run("audit", "--format", "json");
  expect(after.status).toBe(1);
  const fresh = JSON.parse(after.stdout).findings.filter(
    ({ baseline }: { baseline: string }) => baseline === "new",
  );
  expect(new Set(fresh.map(({ subject }: { subject: string }) => subject))).toEqual(
    new Set(["new/compose.yaml#web"]),
  );
});

test("bulkhead.yaml names a schema that is there, and that it fits", async () => {
  const { run, read } = repository();
  await run("init", "--ci", "none");
  const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(read("bulkhead.yaml")) ?? [];
  const validate = new Ajv({ strict: false }).compile(JSON.parse(read(schema)));
  validate(parse(read("bulkhead.yaml")));
  expect(validate.errors ?? []).toEqual([]);
  expect(validate({ failOn: "sometimes" })).toBe(false);
});

test("the CI file is for the CI that the folder uses", async () => {
  const { path, run } = repository();
  mkdirSync(join(path, ".woodpecker"));
  const made = await run("init");
  expect(made.stdout).toContain(".woodpecker/bulkhead.yaml");
  expect(existsSync(join(path, ".github"))).toBe(false);
});

test("nothing that exists is changed, and a dry run writes nothing", async () => {
  const { path, run, read } = repository({
    ".gitlab-ci.yml": "stages: [test]\n",
    "bulkhead.yaml": "failOn: low\n",
  });
  const before = readdirSync(path);
  expect((await run("init", "--dry-run")).stdout).toContain("would write");
  expect(readdirSync(path)).toEqual(before);
  const made = await run("init");
  expect(made.stdout).toMatch(/exists +\.gitlab-ci\.yml +left alone; add the bulkhead job to it/);
  expect(read("bulkhead.yaml")).toBe("failOn: low\n");
  expect(read(".gitlab-ci.yml")).toBe("stages: [test]\n");
});

test("what cannot be written or read is said in one line", async () => {
  const { path, run } = repository({ ".bulkhead": "a file\n" });
  const blocked = await run("init", "--ci", "none");
  expect(blocked.status).toBe(2);
  expect(blocked.stderr).toMatch(/^bulkhead: cannot write \.bulkhead\/bulkhead\.schema\.json: .+\n/);
  writeFileSync(join(path, "bulkhead.yaml"), "failOn: never\n");
  const wrong = await run("init", "--ci", "none");
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain("bulkhead.yaml:1:");
  const later = execFileSync("ls", ["-a", path], { encoding: "utf8" });
  expect(later).not.toContain("baseline");
});
