import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";

const compose =
  "# Mine.\nservices:\n  web:\n    image: nginx:1.27\n    environment:\n      DB_PASSWORD: hunter22secret\n";
const script = "#!/bin/sh\ndocker run -d redis:7\n";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

/** Runs fix with a state folder of the test's own. */
function commandIn(cwd: string): (...args: readonly string[]) => Promise<Ran> {
  const env = { XDG_STATE_HOME: testFolder() };
  return (...args) => runCli(program, ["fix", "--no-color", "--no-config", ...args], { cwd, env });
}

test("--undo brings back every byte, mode and secret of the last --apply, and takes away what it made", async () => {
  const cwd = testFolder({ "compose.yaml": compose, "run.sh": `\uFEFF${script}` });
  chmodSync(join(cwd, "run.sh"), 0o755);
  const fix = commandIn(cwd);
  expect((await fix("--apply", "--accept", "image-secret", ".")).stderr).toContain("3 files written");
  expect(readFileSync(join(cwd, "compose.yaml"), "utf8")).not.toContain("hunter22secret");
  expect(readdirSync(cwd).toSorted()).toEqual([".env", "compose.yaml", "run.sh"]);

  const undone = await fix("--undo");
  expect(undone.status).toBe(0);
  expect(undone.stderr).toContain("bulkhead: compose.yaml is as it was before --apply\n");
  expect(undone.stderr).toContain("bulkhead: .env is removed: --apply had made it\n");
  expect(readFileSync(join(cwd, "compose.yaml"), "utf8")).toBe(compose);
  expect(readFileSync(join(cwd, "run.sh"), "utf8")).toBe(`\uFEFF${script}`);
  expect(statSync(join(cwd, "run.sh")).mode & 0o777).toBe(0o755);
  expect(readdirSync(cwd).toSorted()).toEqual(["compose.yaml", "run.sh"]);

  const again = await fix("--undo");
  expect(again).toMatchObject({
    status: 2,
    stderr: "bulkhead: nothing to undo: no --apply changed a file here\n",
  });
});

test("--undo writes nothing where a file was edited since, unless others are named", async () => {
  const cwd = testFolder({ "compose.yaml": compose, "run.sh": script });
  const fix = commandIn(cwd);
  await fix("--apply", ".");
  const written = readFileSync(join(cwd, "compose.yaml"), "utf8");
  const edited = `${readFileSync(join(cwd, "run.sh"), "utf8")}echo mine\n`;
  writeFileSync(join(cwd, "run.sh"), edited);

  const refused = await fix("--undo");
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/run\.sh was edited since --apply: nothing was written/);
  expect(readFileSync(join(cwd, "compose.yaml"), "utf8")).toBe(written);
  expect(readFileSync(join(cwd, "run.sh"), "utf8")).toBe(edited);

  expect((await fix("--undo", "compose.yaml")).status).toBe(0);
  expect(readFileSync(join(cwd, "compose.yaml"), "utf8")).toBe(compose);
  expect(readFileSync(join(cwd, "run.sh"), "utf8")).toBe(edited);
});

test("--undo goes back one --apply at a time, and leaves other folders' alone", async () => {
  const cwd = testFolder({ "a/run.sh": script, "b/run.sh": script });
  const fix = commandIn(cwd);
  await fix("--apply", "--only", "no-new-privileges", "a");
  const between = readFileSync(join(cwd, "a/run.sh"), "utf8");
  await fix("--apply", "--only", "pids-limit", "a");
  await fix("--apply", "b");
  await fix("--undo", "a");
  expect(readFileSync(join(cwd, "a/run.sh"), "utf8")).toBe(between);
  await fix("--undo", "a");
  expect(readFileSync(join(cwd, "a/run.sh"), "utf8")).toBe(script);
  expect(readFileSync(join(cwd, "b/run.sh"), "utf8")).not.toBe(script);
  expect((await fix("--undo", "a")).status).toBe(2);
});

test("what is kept is only for its owner's eyes, and --apply goes on, saying so, where it cannot be kept", async () => {
  const state = testFolder();
  const cwd = testFolder({ "run.sh": script, "state/bulkhead": "in the way\n" });
  const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    runCli(program, ["fix", "--no-config", ...args], { cwd, env });
  const told = await run({ XDG_STATE_HOME: join(cwd, "state") }, "--apply", "--only", "pids-limit", "run.sh");
  expect(told.stderr).toMatch(/^bulkhead: --undo will not work for this: the originals cannot be kept in /m);
  expect(told.stderr).toContain("1 file written");
  await run({ XDG_STATE_HOME: state }, "--apply", "--only", "no-new-privileges", "run.sh");
  const folder = join(state, "bulkhead/undo");
  const [name = ""] = readdirSync(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(join(folder, name))) {
    expect(statSync(join(folder, name, file)).mode & 0o777).toBe(0o600);
  }
});

test("the last twenty leftovers of killed applies are kept", async () => {
  const state = testFolder();
  const cwd = testFolder({ "run.sh": script });
  const folder = join(state, "bulkhead/undo");
  for (let day = 10; day < 35; day += 1) {
    mkdirSync(join(folder, `2020-01-${day}`), { recursive: true });
  }
  await runCli(program, ["fix", "--no-config", "--apply", "run.sh"], { cwd, env: { XDG_STATE_HOME: state } });
  expect(readdirSync(folder)).toHaveLength(21);
  expect(existsSync(join(folder, "2020-01-14"))).toBe(false);
  expect((await runCli(program, ["fix", "--undo"], { cwd, env: { XDG_STATE_HOME: state } })).status).toBe(0);
  expect(readFileSync(join(cwd, "run.sh"), "utf8")).toBe(script);
});
