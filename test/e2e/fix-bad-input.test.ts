import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { busybox, importBusybox } from "../engine/images.ts";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";

const compose = "services:\n  web:\n    image: nginx:1.27\n    privileged: true\n";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

const read = (path: string) => readFileSync(path, "utf8");

async function fix(cwd: string, ...args: readonly string[]): Promise<Ran> {
  return await runCli(program, ["fix", "--no-color", ...args], { cwd });
}

const unwritten = ({ stderr }: Ran) =>
  stderr.split("\n").filter((line) => / (?:was|were) not written/.test(line));

const mayMount = canMount();

function canMount(): boolean {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

async function mounted(words: readonly string[], target: string, body: () => Promise<void>): Promise<void> {
  execFileSync("mount", [...words, target], { stdio: "pipe" });
  try {
    await body();
  } finally {
    execFileSync("umount", [target]);
  }
}

describe("what cannot be written", () => {
  test.runIf(mayMount)("a read-only file system: one line, the original intact", async () => {
    const cwd = testFolder({ "ro/compose.yaml": compose });
    const target = join(cwd, "ro");
    execFileSync("mount", ["--bind", target, target]);
    await mounted(["-o", "remount,bind,ro"], target, async () => {
      const ran = await fix(cwd, "--apply", "ro");
      expect(ran.status).toBe(2);
      expect(unwritten(ran)).toEqual([expect.stringMatching(/compose\.yaml.*the file system is read-only/)]);
      expect(read(join(target, "compose.yaml"))).toBe(compose);
      expect(readdirSync(target)).toEqual(["compose.yaml"]);
    });
  });

  test.runIf(mayMount)(
    "a disk that fills up in the middle: what was written is whole, the rest as it was",
    async () => {
      const cwd = testFolder({});
      const target = join(cwd, "small");
      mkdirSync(target);
      await mounted(["-t", "tmpfs", "-o", "size=64k", "tmpfs"], target, async () => {
        // Sorted: a small one is written first, then one that needs more pages than are left, then a small one again.
        const large = `${compose}#${"x".repeat(24_000)}\n`;
        const files = { "a/compose.yaml": compose, "b/compose.yaml": large, "c/compose.yaml": compose };
        for (const [name, text] of Object.entries(files)) {
          mkdirSync(join(target, name, ".."));
          writeFileSync(join(target, name), text);
        }
        writeFileSync(join(target, "filler"), "x".repeat(16_000));
        const ran = await fix(target, "--apply");
        expect(ran.status).toBe(2);
        expect(unwritten(ran)).toEqual([
          expect.stringMatching(/b\/compose\.yaml was not written: the disk is full/),
        ]);
        expect(read(join(target, "b/compose.yaml"))).toBe(large);
        const [a, c] = ["a", "c"].map((name) => read(join(target, name, "compose.yaml")));
        expect(a).toContain("cap_drop:");
        expect(c).toBe(a);
        expect(readdirSync(target, { recursive: true }).filter((name) => `${name}`.endsWith(".tmp"))).toEqual(
          [],
        );
      });
    },
  );

  test.runIf(process.getuid?.() === 0)(
    "a file that the file system holds fast (chattr +i)",
    async ({ skip }) => {
      const cwd = testFolder({ "compose.yaml": compose });
      const path = join(cwd, "compose.yaml");
      try {
        execFileSync("chattr", ["+i", path], { stdio: "pipe" });
      } catch {
        skip("this file system has no such flag");
      }
      try {
        const ran = await fix(cwd, "--apply", "compose.yaml");
        expect(ran.status).toBe(2);
        expect(unwritten(ran)).toEqual([expect.stringContaining("permission denied")]);
        expect(read(path)).toBe(compose);
        expect(readdirSync(cwd)).toEqual(["compose.yaml"]);
      } finally {
        execFileSync("chattr", ["-i", path]);
      }
    },
  );

  test.runIf(mayMount)("a file that is a mount point", async () => {
    const cwd = testFolder({ "real.yaml": compose, "compose.yaml": "" });
    const target = join(cwd, "compose.yaml");
    await mounted(["--bind", join(cwd, "real.yaml")], target, async () => {
      const ran = await fix(cwd, "--apply", "compose.yaml");
      expect(ran.status).toBe(2);
      expect(unwritten(ran)).toEqual([expect.stringContaining("a mount point")]);
      expect(read(target)).toBe(compose);
      expect(readdirSync(cwd)).toEqual(["compose.yaml", "real.yaml"]);
    });
  });

  test("a link to nowhere, a link to itself", async () => {
    const cwd = testFolder({});
    symlinkSync("gone.yaml", join(cwd, "compose.yaml"));
    symlinkSync("loop.yaml", join(cwd, "loop.yaml"));
    for (const name of ["compose.yaml", "loop.yaml"]) {
      const ran = await fix(cwd, "--apply", name);
      expect(ran.status).toBe(2);
      expect(ran.stderr).toContain(name);
      expect(ran.stderr).not.toContain("    at ");
    }
    expect(readdirSync(cwd)).toEqual(["compose.yaml", "loop.yaml"]);
  });

  test("bytes that are no UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from(compose), Buffer.from([0x23, 0xff, 0x0a])]);
    const cwd = testFolder({ "compose.yaml": bytes });
    const ran = await fix(cwd, "--apply", "compose.yaml");
    expect(ran.status).toBe(2);
    expect(unwritten(ran)).toEqual([expect.stringContaining("it is not UTF-8 throughout")]);
    expect(readFileSync(join(cwd, "compose.yaml")).equals(bytes)).toBe(true);
  });
});

describe("a patch that no longer fits", () => {
  test("git refuses one of a file that was changed since, and the file stays", async () => {
    const cwd = testFolder({ "compose.yaml": compose });
    const { stdout } = await fix(cwd, "--format", "patch");
    const theirs = compose.replace("privileged: true", "user: root");
    writeFileSync(join(cwd, "compose.yaml"), theirs);
    expect(() => execFileSync("git", ["apply"], { cwd, input: stdout, stdio: "pipe" })).toThrow();
    expect(read(join(cwd, "compose.yaml"))).toBe(theirs);
  });

  test("a file of two projects is mended once for both", async () => {
    const one = "services:\n  web:\n    image: nginx:1.27\n    privileged: true\n";
    const two = "services:\n  web:\n    privileged: true\n    pid: host\n";
    const cwd = testFolder({ "a.yaml": one, "b.yaml": two });
    const args = ["-f", "a.yaml", "-f", "b.yaml", "a.yaml", "--only", "privileged,host-pid,read-only-rootfs"];
    const ran = await fix(cwd, "--apply", ...args);
    expect(ran.status, ran.stderr).toBe(0);
    expect(read(join(cwd, "a.yaml"))).not.toContain("privileged: true");
    expect(read(join(cwd, "b.yaml"))).not.toMatch(/privileged: true|pid: host/);
    expect(await fix(cwd, "--format", "patch", ...args)).toMatchObject({ status: 0, stdout: "" });
  });
});

test("Ctrl-C at any moment: each file is either as it was or done, and nothing else is left", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `s${index}/compose.yaml`);
  const files = Object.fromEntries(names.map((name) => [name, compose]));
  const whole = testFolder({ "compose.yaml": compose });
  const begun = Date.now();
  expect((await fix(whole, "--apply")).status).toBe(0);
  const done = read(join(whole, "compose.yaml"));
  // One file takes about as long as the start; forty take some more.
  const longest = 3 * (Date.now() - begun);
  const moments = 14;
  for (let moment = 0; moment < moments; moment += 1) {
    const cwd = testFolder(files);
    const child = spawn(process.execPath, [program, "fix", "--apply", "--no-color"], {
      cwd,
      stdio: "ignore",
      env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", XDG_STATE_HOME: testFolder() },
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await pause((longest * moment) / moments);
    child.kill(moment % 2 === 0 ? "SIGINT" : "SIGTERM");
    await ended;
    for (const name of names) {
      expect([compose, done]).toContain(read(join(cwd, name)));
      expect(readdirSync(join(cwd, name, ".."))).toEqual(["compose.yaml"]);
    }
  }
});

describeWithEngine("fix container:NAME --recreate, interrupted", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("at any moment: the old one runs as it was, or the new one does, and nothing else is left", async () => {
    const before = new Set<string>();
    for (const delay of [150, 400, 700, 1_000, 1_500, 2_500, 4_500]) {
      const id = await engine.docker([
        ...["run", "-d", "--name", "web", "--init", "--privileged", busybox, "sleep", "600"],
      ]);
      const child = spawn(process.execPath, [program, "fix", "container:web", "--no-config", "--recreate"], {
        stdio: ["ignore", "ignore", "pipe"],
        env: {
          PATH: process.env.PATH ?? "",
          XDG_STATE_HOME: join(engine.folder, "state"),
          ...engine.environment,
        },
      });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      await pause(delay);
      child.kill("SIGINT");
      const status = await ended;
      const all = await engine.docker([
        "ps",
        "-a",
        "--no-trunc",
        "--format",
        "{{.ID}} {{.Names}} {{.State}}",
      ]);
      if (status === 0) {
        expect(all.split("\n").toSorted((a, b) => a.length - b.length)).toEqual([
          expect.stringMatching(/^\w+ web running$/),
          `${id} web-before-bulkhead exited`,
        ]);
        const words = ["fix", "container:web", "--no-config", "--confirm"];
        const env = { ...engine.environment, XDG_STATE_HOME: join(engine.folder, "state") };
        expect((await runCli(program, words, { env })).status).toBe(0);
      } else {
        expect(all, stderr).toBe(`${id} web running`);
        before.add(stderr === "" ? "before anything was touched" : "put back");
        if (stderr !== "") expect(stderr).toMatch(/^bulkhead: .*web is as it was$/m);
      }
      await engine.docker(["rm", "-f", "web"]);
    }
    expect(before).toContain("put back");
  });
});

describe("a file that cannot be read", () => {
  test.each([[], ["--guard"], ["--offline"], ["--format", "patch"], ["--format", "json"], ["--verify"]])(
    "is named in one line, with its place, whatever fix is to do: %j",
    async (...words) => {
      const cwd = testFolder({ "compose.yaml": "services:\n  web:\n    image: [\n" });
      const ran = await fix(cwd, ...words, "compose.yaml");
      expect(ran.status).toBe(2);
      expect(ran.stderr).toMatch(/^bulkhead: compose\.yaml:\d+:\d+: /m);
      expect(ran.stderr).not.toMatch(/^\s+at /m);
    },
  );
});
