import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand, type Ran, type RunOptions, runCli } from "../support/cli.ts";
import { everyDecision, type FixedStep, isLeft } from "../support/decisions.ts";
import { testFolder } from "../support/test-folder.ts";

const compose = `# Kept as it is.
services:
  web:
    image: nginx:1.27   # the version matters
    privileged: true
    environment:
      GREETING: hello-secret
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
`;

const limits = ["--memory", "256m", "--cpus", "1", "--pids-limit", "200"] as const;

let program = "";

beforeAll(() => {
  program = builtCommand();
});

async function fix(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return await runCli(program, ["fix", "--no-color", ...args], { cwd, ...options });
}

interface Document {
  readonly subjects: readonly {
    readonly subject: string;
    readonly patches: readonly FixedStep[];
    readonly refused: readonly { readonly reason: string }[];
  }[];
  readonly files: readonly { readonly file: string; readonly edits: number; readonly written: boolean }[];
  readonly gaps: readonly { readonly file: string }[];
}

async function fixJson(cwd: string, args: readonly string[], options: RunOptions = {}) {
  const ran = await fix(cwd, [...args, "--format", "json"], options);
  return { ...ran, document: JSON.parse(ran.stdout) as Document };
}

/** `SUBJECT CONTROL` of every open finding. */
async function findings(cwd: string, paths: readonly string[] = ["."]): Promise<readonly string[]> {
  const ran = await runCli(program, ["audit", "--format", "json", ...paths], { cwd });
  const { findings: all } = JSON.parse(ran.stdout) as {
    readonly findings: readonly {
      readonly verdict: string;
      readonly subject: string;
      readonly control: string;
    }[];
  };
  return all
    .filter(({ verdict }) => verdict === "fail")
    .map(({ subject, control }) => `${subject} ${control}`);
}

const read = (path: string) => readFileSync(path, "utf8");

describe("without --apply", () => {
  test("a diff is shown with what could break, nothing is written, and the exit status is 1", async () => {
    const cwd = testFolder({ "compose.yaml": compose });
    const ran = await fix(cwd, []);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain("--- a/compose.yaml\n+++ b/compose.yaml\n");
    expect(ran.stdout).toContain("-    privileged: true");
    expect(ran.stdout).toContain("Could break:");
    expect(ran.stderr).toMatch(/\d+ safe, \d+ behavioural, \d+ decision, \d+ manual, 0 refused/);
    expect(ran.stdout + ran.stderr).not.toContain("hello-secret");
    expect(read(join(cwd, "compose.yaml"))).toBe(compose);
  });

  test("limits are asked for, not invented", async () => {
    const cwd = testFolder({ "compose.yaml": compose });
    const ran = await fix(cwd, []);
    expect(ran.stdout).toContain("Set a limit with --memory 512m");
    expect(ran.stdout).not.toContain("mem_limit");
    const said = await fix(cwd, limits);
    expect(said.stdout).toMatch(/\+ +mem_limit: 256m/);
  });

  test("limits may stand in bulkhead.yaml", async () => {
    const cwd = testFolder({
      "compose.yaml": compose,
      "bulkhead.yaml": "fix:\n  limits: { memory: 300m, cpus: 2, pids: 77 }\n",
    });
    const ran = await fix(cwd, []);
    expect(ran.stdout).toMatch(/\+ +mem_limit: 300m/);
    expect(ran.stdout).toMatch(/\+ +pids_limit: 77/);
  });

  test("git apply takes --format patch, and makes of the file what --apply makes", async () => {
    const byGit = testFolder({ "compose.yaml": compose, "sub/run.sh": "docker run --privileged x\n" });
    const byHand = testFolder({ "compose.yaml": compose, "sub/run.sh": "docker run --privileged x\n" });
    const patch = await fix(byGit, ["--format", "patch"]);
    execFileSync("git", ["apply"], { cwd: byGit, input: patch.stdout });
    await fix(byHand, ["--apply"]);
    for (const name of ["compose.yaml", "sub/run.sh"]) {
      expect(read(join(byGit, name))).toBe(read(join(byHand, name)));
    }
  });

  test("JSON tells every patch and file", async () => {
    const cwd = testFolder({ "compose.yaml": compose });
    const { document, status } = await fixJson(cwd, []);
    expect(status).toBe(1);
    expect(document).toMatchObject({
      schemaVersion: 1,
      subjects: [{ subject: "compose.yaml#web", refused: [] }],
      files: [{ file: "compose.yaml", written: false }],
    });
    const privileged = document.subjects[0]?.patches.find(({ controls }) => controls.includes("privileged"));
    expect(privileged).toMatchObject({
      kind: "behavioural",
      summary: expect.any(String),
      snippet: "privileged: false",
      breaks: expect.any(String),
    });
  });

  test("--only, --skip and --safe choose", async () => {
    const cwd = testFolder({ "compose.yaml": compose, "daemon.json": '{ "log-driver": "json-file" }\n' });
    const controls = async (...args: readonly string[]) =>
      new Set(
        (await fixJson(cwd, args)).document.subjects.flatMap(({ patches }) =>
          patches.flatMap((patch) => patch.controls),
        ),
      );
    expect(await controls("--only", "privileged")).toEqual(new Set(["privileged"]));
    expect(await controls("--skip", "privileged")).not.toContain("privileged");
    const safe = await fixJson(cwd, ["--safe"]);
    const kinds = safe.document.subjects.flatMap(({ patches }) => patches.map(({ kind }) => kind));
    expect(new Set(kinds)).toEqual(new Set(["safe"]));
  });
});

describe("with --apply", () => {
  test("the examples lose every finding that was fixed, and a second fix finds nothing to do", async () => {
    const cwd = testFolder({});
    cpSync("examples/insecure", cwd, { recursive: true });
    const before = await findings(cwd);
    const accepted = await everyDecision((flags) => fix(cwd, [...limits, ...flags]));
    const ran = await fixJson(cwd, ["--apply", ...limits, ...accepted]);
    expect(ran.status, ran.stderr).toBe(0);
    const manual = new Set(
      ran.document.subjects.flatMap(({ subject, patches }) =>
        patches.filter(isLeft).flatMap(({ controls }) => controls.map((control) => `${subject} ${control}`)),
      ),
    );
    const after = await findings(cwd);
    expect(after.filter((each) => !manual.has(each))).toEqual([]);
    expect(before.length - after.length).toBeGreaterThan(50);
    const again = await fix(cwd, ["--format", "patch", ...limits]);
    expect(again).toMatchObject({ status: 0, stdout: "" });
  });

  test("comments and everything else that needs no change stay, and what remains is said", async () => {
    const cwd = testFolder({ "compose.yaml": compose });
    const ran = await fix(cwd, ["--apply"]);
    expect(ran.status).toBe(0);
    expect(ran.stderr).toMatch(/audited again, \d+ of \d+ findings remain: .*memory-limit 1/);
    const after = read(join(cwd, "compose.yaml"));
    expect(
      after.startsWith(
        "# Kept as it is.\nservices:\n  web:\n    image: nginx:1.27   # the version matters\n",
      ),
    ).toBe(true);
    expect(after).toContain("      GREETING: hello-secret\n");
    expect(readdirSync(cwd)).toEqual(["compose.yaml"]);
  });

  test("nothing to do is told, with exit status 0", async () => {
    const cwd = testFolder({ "run.sh": "echo hello\n" });
    expect(await fix(cwd, ["--apply"])).toMatchObject({ status: 0, stdout: "" });
  });

  test("an unparsable neighbour is told and left; the others are written; exit status 2", async () => {
    const cwd = testFolder({ "compose.yaml": compose, "b/compose.yaml": "services: [\n" });
    const ran = await fix(cwd, ["--apply"]);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("b/compose.yaml:");
    expect(read(join(cwd, "compose.yaml"))).not.toContain("privileged: true");
    expect(read(join(cwd, "b/compose.yaml"))).toBe("services: [\n");
  });

  test("of a link the target is written", async () => {
    const cwd = testFolder({ "real/stack.yaml": compose });
    symlinkSync("real/stack.yaml", join(cwd, "compose.yaml"));
    expect(await fix(cwd, ["--apply", "compose.yaml"])).toMatchObject({ status: 0 });
    expect(lstatSync(join(cwd, "compose.yaml")).isSymbolicLink()).toBe(true);
    expect(read(join(cwd, "real/stack.yaml"))).not.toContain("privileged: true");
  });

  test.runIf(process.getuid?.() === 0)(
    "a folder that may not be written, another's file: one line each, the original intact",
    async () => {
      const cwd = testFolder({ "locked/compose.yaml": compose, "theirs/compose.yaml": compose });
      chmodSync(join(cwd, "theirs"), 0o777);
      for (const name of ["locked", "theirs"]) {
        const ran = await fix(cwd, ["--apply", name], { uid: 65534 });
        expect(ran.status, ran.stderr).toBe(2);
        const lines = ran.stderr.split("\n").filter((line) => line.includes("was not written"));
        expect(lines).toEqual([expect.stringMatching(/permission denied/)]);
        expect(read(join(cwd, name, "compose.yaml"))).toBe(compose);
        expect(readdirSync(join(cwd, name))).toEqual(["compose.yaml"]);
      }
    },
  );

  test.runIf(process.getuid?.() === 0)(
    "a full disk: the original intact, no temporary file",
    async ({ skip }) => {
      const cwd = testFolder({});
      const mounted = join(cwd, "small");
      mkdirSync(mounted);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", mounted], { stdio: "pipe" });
      } catch {
        skip("not allowed to mount here");
      }
      try {
        const padded = `${compose}#${"x".repeat(4000)}\n`;
        writeFileSync(join(mounted, "compose.yaml"), padded);
        writeFileSync(join(mounted, "filler"), "x".repeat(4096));
        const ran = await fix(mounted, ["--apply", "compose.yaml"]);
        expect(ran.status).toBe(2);
        expect(ran.stderr).toContain("the disk is full");
        expect(read(join(mounted, "compose.yaml"))).toBe(padded);
        expect(readdirSync(mounted)).toEqual(["compose.yaml", "filler"]);
      } finally {
        execFileSync("umount", [mounted]);
      }
    },
  );

  test("Ctrl-C while it writes: each file is either as it was or done, and nothing else is left", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`s${index}/compose.yaml`, compose]),
    );
    const cwd = testFolder(files);
    const child = spawn(process.execPath, [program, "fix", "--apply", "--no-color"], {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", XDG_STATE_HOME: testFolder() },
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const first = join(cwd, "s0/compose.yaml");
    const timer = setInterval(() => {
      if (read(first) === compose) return;
      clearInterval(timer);
      child.kill("SIGINT");
    }, 1);
    const signal = await new Promise((resolve) => child.on("close", (_, name) => resolve(name)));
    clearInterval(timer);
    const texts = new Set(Object.keys(files).map((name) => read(join(cwd, name))));
    expect(texts.has(read(first))).toBe(true);
    for (const text of texts) expect([compose, read(first)]).toContain(text);
    for (const name of Object.keys(files)) {
      expect(readdirSync(join(cwd, name, ".."))).toEqual(["compose.yaml"]);
    }
    if (texts.has(compose)) {
      expect(signal).toBe("SIGINT");
      expect(stderr).toContain("were not written: SIGINT came first: ");
    }
  });

  test("Ctrl-C after the last write: what was written is said", async () => {
    // docker compose loads the project before and after the write. The second time somebody presses Ctrl-C.
    const docker = '#!/bin/sh\nif grep -q no-new-privileges compose.yaml; then kill -INT "$PPID"; fi\n';
    const cwd = testFolder({ "compose.yaml": compose, "bin/docker": docker });
    chmodSync(join(cwd, "bin/docker"), 0o755);
    const env = { PATH: `${join(cwd, "bin")}:${process.env.PATH ?? ""}`, XDG_STATE_HOME: testFolder() };
    const { status, stderr } = await fix(cwd, ["--apply", "compose.yaml"], { env });
    expect(status).toBeNull();
    expect(read(join(cwd, "compose.yaml"))).toContain("no-new-privileges");
    expect(stderr).toContain(
      "SIGINT came after compose.yaml was written: bulkhead fix --undo compose.yaml takes it back",
    );
  });
});

describe("--output", () => {
  test("writes the hardened file there, and leaves the original alone", async () => {
    const cwd = testFolder({ "compose.yaml": compose });
    const ran = await fix(cwd, ["compose.yaml", "--output", "hardened.yaml"]);
    expect(ran.status, ran.stderr).toBe(0);
    expect(read(join(cwd, "compose.yaml"))).toBe(compose);
    expect(read(join(cwd, "hardened.yaml"))).not.toContain("privileged: true");
  });

  test.each([
    ["over the original", ["compose.yaml", "--output", "compose.yaml"], "is the original"],
    ["of two files", [".", "--output", "out"], "--output writes one file"],
    ["beside --apply", ["--apply", "--output", "out"], "say one of them"],
    ["into no folder", ["compose.yaml", "--output", "no/such/folder"], "its folder does not exist"],
  ])("%s: refused", async (_, args, why) => {
    const cwd = testFolder({ "compose.yaml": compose, "run.sh": "docker run --privileged x\n" });
    const ran = await fix(cwd, args);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(why);
    expect(read(join(cwd, "compose.yaml"))).toBe(compose);
    expect(readdirSync(cwd)).toEqual(["compose.yaml", "run.sh"]);
  });
});

describe("--interactive", () => {
  test("writes what was accepted, and leaves the rest", async () => {
    const cwd = testFolder({ "run.sh": "docker run --name a --privileged --pid=host x\n" });
    const args = ["--interactive", "--apply", "--only", "privileged,host-pid"];
    const ran = await fix(cwd, args, { input: "y\nn\n" });
    expect(ran.status, ran.stderr).toBe(1);
    expect(ran.stderr).toContain("Why: ");
    expect(read(join(cwd, "run.sh"))).toBe("docker run --name a --pid=host x\n");
  });

  test("without --apply it asks whether to write", async () => {
    const text = "docker run --name a --privileged x\n";
    const cwd = testFolder({ "run.sh": text });
    const args = ["--interactive", "--only", "privileged"];
    expect(await fix(cwd, args, { input: "y\nn\n" })).toMatchObject({ status: 1 });
    expect(read(join(cwd, "run.sh"))).toBe(text);
    expect(await fix(cwd, args, { input: "y\ny\n" })).toMatchObject({ status: 0 });
    expect(read(join(cwd, "run.sh"))).toBe("docker run --name a x\n");
  });

  test("a file that somebody saves meanwhile is theirs", async () => {
    const cwd = testFolder({ "run.sh": "docker run --name a --privileged x\n" });
    const args = ["fix", "--interactive", "--apply", "--only", "privileged"];
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", XDG_STATE_HOME: testFolder() },
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      const asked = stderr.includes("Make this change?");
      stderr += chunk.toString();
      if (asked || !stderr.includes("Make this change?")) return;
      writeFileSync(join(cwd, "run.sh"), "theirs\n");
      child.stdin.end("y\n");
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status).toBe(2);
    expect(stderr).toContain("run.sh was not written: it has changed since it was read");
    expect(read(join(cwd, "run.sh"))).toBe("theirs\n");
    expect(readdirSync(cwd)).toEqual(["run.sh"]);
  });

  test("an end of the input writes nothing", async () => {
    const text = "docker run --name a --privileged x\n";
    const cwd = testFolder({ "run.sh": text });
    expect(await fix(cwd, ["--interactive", "--apply"], { input: "y\n" })).toMatchObject({ status: 2 });
    expect(read(join(cwd, "run.sh"))).toBe(text);
  });
});

test.each([
  ["--memory", "lots"],
  ["--cpus", "0"],
  ["--pids-limit", "1.5"],
  ["--format", "yaml"],
  ["--only", "no-such-control"],
])("%s %s is wrong use", async (flag, value) => {
  const ran = await fix(testFolder({}), [flag, value]);
  expect(ran.status).toBe(2);
  expect(ran.stderr).not.toContain("    at ");
});

test("what a project takes over from a file beside it is mended in one go, and a second fix changes nothing", async () => {
  const cwd = testFolder({
    "compose.yaml":
      "services:\n  web:\n    extends: { file: common.yaml, service: app }\n    ports: ['80:80']\n",
    "common.yaml": "services:\n  app:\n    image: busybox:1.36\n    privileged: true\n    ipc: host\n",
  });
  const accepted = await everyDecision((flags) => fix(cwd, [...limits, ...flags, "."]));
  const first = await fix(cwd, ["--apply", ...limits, ...accepted, "."]);
  expect(first.stderr).toContain("; 2 files written\n");
  expect(first.stderr).toContain("none of");
  expect(readFileSync(join(cwd, "compose.yaml"), "utf8")).not.toContain("privileged");
  const second = await fix(cwd, [...limits, "."]);
  expect(second).toMatchObject({ status: 0, stdout: "" });
});

test("a file that only changes another one is mended where it loosens, alone or in its folder, and hardened nowhere", async () => {
  const base = "services:\n  web:\n    image: nginx:1.27\n";
  const prod = `services:
  web:
    privileged: true
    secrets: [key]
  more:
    image: redis:8
secrets:
  key: { file: key.txt }
`;
  for (const [target, name] of [
    [".", "compose.prod.yaml"],
    ["compose.prod.yaml", "compose.prod.yaml"],
    ["compose.override.yaml", "compose.override.yaml"],
  ] as const) {
    const cwd = testFolder({ "compose.yaml": base, [name]: prod });
    const ran = await fix(cwd, ["--apply", "--offline", "--accept", "privileged", target]);
    expect(ran.stderr).not.toContain("neither image nor build");
    const [web = "", more = ""] = read(join(cwd, name)).split("  more:");
    expect(web).toBe("services:\n  web:\n    privileged: false\n    secrets: [key]\n");
    expect(more).toContain("read_only: true");
    const made = read(join(cwd, "compose.yaml"));
    if (target === ".") expect(made).toContain("read_only: true");
    else expect(made).toBe(base);
  }
});

test("USER goes into no Dockerfile that another one builds on, and into no Windows image", async () => {
  const files = {
    "base/Dockerfile": "FROM debian:12\n",
    "child/Dockerfile": "FROM --platform=linux/amd64 registry.example/base:1 AS build\nFROM build\n",
    "Dockerfile.tools": "FROM debian:12\n",
    "onbuild/Dockerfile": "FROM debian:12\nONBUILD RUN apt-get update\n",
    "named/Dockerfile": "FROM debian:12\n",
    "user/Dockerfile": "FROM example/special:2\nCOPY --from=tools /x /x\n",
    "other/Dockerfile": "FROM tools\n",
    "windows/Dockerfile": "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\n",
    "compose.yaml": "services:\n  a:\n    image: example/special:2\n    build: ./named\n",
  };
  const cwd = testFolder(files);
  const accepted = ["--only", "image-root-user", "--accept", "image-root-user", "--format", "json"];
  const ran = await fix(cwd, ["--apply", ...accepted, "."]);
  const written = (JSON.parse(ran.stdout) as Document).files.filter((each) => each.written);
  expect(written.map(({ file }) => file).toSorted()).toEqual([
    "child/Dockerfile",
    "other/Dockerfile",
    "user/Dockerfile",
  ]);
  for (const name of [
    "base/Dockerfile",
    "Dockerfile.tools",
    "onbuild/Dockerfile",
    "named/Dockerfile",
  ] as const)
    expect(readFileSync(join(cwd, name), "utf8")).toBe(files[name]);
  expect(ran.stdout).toContain("child/Dockerfile builds on this image: set USER at the end");
});
