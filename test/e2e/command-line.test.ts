import { execFileSync, spawn, spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { maxFileBytes } from "../../src/audit/inputs/disk-files.ts";
import { commandTree } from "../../src/cli/common/command-tree.ts";
import { allCommands } from "../../src/cli/completion/completion.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";

/** `guard proxy` and its like. */
const commands = allCommands(commandTree(buildProgram()))
  .slice(1)
  .map(({ path }) => path.replace("bulkhead ", ""));

const compose = "services:\n  web:\n    image: nginx\n    privileged: true\n";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

/** As in a shell, where `bulkhead` is the command. */
function shell(line: string, cwd = process.cwd()) {
  const script = `bulkhead() { ${process.execPath} -- ${program} "$@"; }\n${line}`;
  const ran = spawnSync("bash", ["-c", script], { cwd, encoding: "utf8", timeout: 60_000 });
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

describe("help", () => {
  test("names every command, in a screen", async () => {
    const { status, stdout } = await runCli(program, ["--help"]);
    expect(status).toBe(0);
    for (const [name = ""] of commands.map((words) => words.split(" ")))
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(stdout.split("\n").length).toBeLessThan(40);
  });

  test.each(commands)("of %s: a sentence, no list as the program keeps it", async (words) => {
    const { status, stdout, stderr } = await runCli(program, [...words.split(" "), "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const described = stdout.split("\n\n")[1] ?? "";
    expect(described).toMatch(/^[A-Z][\s\S]*\.$/);
    expect(stdout).not.toMatch(/\[\]|undefined|\[object|display help|help \[command\]/);
  });

  test.each(commands)("of %s has examples", async (words) => {
    const { stdout } = await runCli(program, [...words.split(" "), "--help"]);
    const [, examples = ""] = stdout.split("\nExamples:\n");
    expect(examples).toMatch(new RegExp(`bulkhead (?:\\S+ )?${words}`));
  });
});

test.each(["", "audit", "guard proxy"])("help %s prints what COMMAND --help prints", async (words) => {
  const command = words.split(" ").filter(Boolean);
  const asked = await runCli(program, ["help", ...command]);
  expect(asked.status).toBe(0);
  expect(asked.stdout).toBe((await runCli(program, [...command, "--help"])).stdout);
});

describe("a report on a terminal", () => {
  // script(1) gives the command a terminal.
  const audited = (options: string, pager: string) =>
    shell(
      `PAGER='${pager}' script -qec "${process.execPath} ${program} audit ${options} examples" /dev/null < /dev/null`,
    ).stdout;

  test("that is long goes through $PAGER", () => {
    expect(audited("", "sed s/^/paged:/")).toMatch(/paged:.*Start here/);
  });

  test.each([
    ["--no-pager", "sed s/^/paged:/"],
    ["", "cat"],
    ["", "no-such-pager"],
  ])("or is printed: %s, PAGER=%s", (options, pager) => {
    const printed = audited(options, pager);
    expect(printed).toContain("Start here");
    expect(printed).not.toContain("paged:");
  });
});

describe("--profile-of", () => {
  const fails = async (...options: string[]) => {
    const path = testFolder({ "compose.yaml": "services: { web: { image: nginx } }" });
    const { status, stdout } = await runCli(program, ["audit", "--format", "json", ...options, "."], {
      cwd: path,
    });
    const { findings } = JSON.parse(stdout);
    const one = findings.find(({ control }: { control: string }) => control === "memory-limit");
    return { status, severity: one.severity };
  };

  test("weighs findings by use, and sets what the audit fails for", async () => {
    expect(await fails()).toEqual({ status: 0, severity: "medium" });
    expect(await fails("--profile-of", "homelab")).toEqual({ status: 0, severity: "low" });
    expect(await fails("--profile-of", "production")).toEqual({ status: 1, severity: "medium" });
    expect(await fails("--profile-of", "production", "--fail-on", "high")).toMatchObject({ status: 0 });
  });
});

describe("wrong use is one line and status 2", () => {
  test.each([
    [["nope"], "unknown command 'nope'; see bulkhead --help"],
    [["audit", "--quite"], "unknown option '--quite' (did you mean --quiet?); see bulkhead audit --help"],
    [["guard", "policy", "x"], /too many arguments .*; see bulkhead guard policy --help$/],
    [["adit"], "unknown command 'adit' (did you mean audit?); see bulkhead --help"],
    [["help", "nonsense"], "unknown command 'nonsense'; see bulkhead --help"],
    [["help", "gaurd"], "unknown command 'gaurd' (did you mean guard?); see bulkhead --help"],
    [["help", "guard", "proxi"], "unknown command 'proxi' (did you mean proxy?); see bulkhead guard --help"],
    [["explain", "privilged"], /no control “privilged” \(did you mean privileged\?\)/],
    [["audit", "--only", "memory-limt", "."], /no control “memory-limt” \(did you mean memory-limit\?\)/],
    [["audit", "--format", "sarf"], /“sarf” is not one of .* \(did you mean sarif\?\)/],
    [["audit", "--fail-on", "hihg"], /'hihg' is invalid \(did you mean high\?\): it takes info, low/],
    [["explain"], "missing required argument 'control'; see bulkhead explain --help"],
    [["controls", "--format", "x"], /argument 'x' is invalid/],
    [["prove", "--timeout", "0", "web"], /Seconds are expected/],
    [["prove", "container:"], "a name is missing: container:NAME"],
    [["fix", "container:"], "container: needs a name behind the colon: container:NAME"],
    [["fix", "image:web:1"], "image:web:1: an image is fixed in its Dockerfile: name that"],
  ] as const)("%j", async (words, said) => {
    const { status, stdout, stderr } = await runCli(program, words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.endsWith("\n")).toBe(true);
    const line = stderr.slice(0, -1);
    expect(line.split("\n")).toHaveLength(1);
    if (typeof said === "string") expect(line).toBe(`bulkhead: ${said}`);
    else expect(line).toMatch(said);
  });
});

describe("standard output", () => {
  test.each(["controls", "audit --format json examples", "explain privileged", "--help"])(
    "%s | head -1: a reader that stops early is no fault",
    (words) => {
      const { stdout, stderr } = shell(`bulkhead ${words} | head -1; echo "status $\{PIPESTATUS[0]}"`);
      expect(stderr).toBe("");
      expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^status [01]$/);
    },
  );

  test.each(["controls", "audit --format json examples", "explain privileged", "--help"])(
    "%s to a full disk is one line and status 2",
    (words) => {
      expect(shell(`bulkhead ${words} > /dev/full`)).toEqual({
        status: 2,
        stdout: "",
        stderr: "bulkhead: standard output cannot be written: the disk is full\n",
      });
    },
  );

  test("a standard error that nobody reads changes nothing", () => {
    const line = "bulkhead audit --format json missing.yaml 2>&- | tail -c 2";
    expect(shell(line, testFolder({}))).toMatchObject({ stdout: "}\n" });
  });
});

describe("standard input", () => {
  test.each(["audit -", "guard check -"])("%s without an end is refused, not kept", (words) => {
    const { status, stdout, stderr } = shell(`ulimit -v 4000000; bulkhead ${words} < /dev/zero`);
    expect(status).toBe(2);
    expect(stdout + stderr).toContain(`larger than ${maxFileBytes / 1024 ** 2} MiB`);
  });
});

describe("--output", () => {
  const audited = ["audit", "--format", "json", "compose.yaml", "-o"];

  test.skipIf(process.getuid?.() !== 0)("a device is written to, never replaced", async () => {
    const path = testFolder({ "compose.yaml": compose });
    execFileSync("mknod", [join(path, "null"), "c", "1", "3"]);
    execFileSync("mknod", [join(path, "full"), "c", "1", "7"]);
    expect((await runCli(program, [...audited, "null"], { cwd: path })).status).toBe(1);
    const full = await runCli(program, [...audited, "full"], { cwd: path });
    expect(full).toMatchObject({ status: 2, stderr: "bulkhead: full cannot be written: the disk is full\n" });
    for (const name of ["null", "full"]) expect(lstatSync(join(path, name)).isCharacterDevice()).toBe(true);
  });

  test("what leads to standard output, as /dev/stdout does, is standard output", () => {
    const path = testFolder({ "compose.yaml": compose });
    symlinkSync("/proc/self/fd/1", join(path, "stdout"));
    const { stdout } = shell(`bulkhead ${audited.join(" ")} stdout | cat`, path);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
  });

  test("a file keeps its mode, and of a symbolic link the target is written", async () => {
    const path = testFolder({ "compose.yaml": compose, "real.json": "old" });
    execFileSync("chmod", ["640", join(path, "real.json")]);
    symlinkSync("real.json", join(path, "link.json"));
    await runCli(program, [...audited, "link.json"], { cwd: path });
    expect(lstatSync(join(path, "link.json")).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(join(path, "real.json"), "utf8"))).toMatchObject({ schemaVersion: 1 });
    expect(statSync(join(path, "real.json")).mode & 0o777).toBe(0o640);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "what cannot be written is one line, and leaves nothing",
    async () => {
      const path = testFolder({ "compose.yaml": compose, "shut/old.json": "old" });
      execFileSync("chmod", ["700", join(path, "shut")]);
      for (const [output, why] of [
        ["shut/new.json", "permission denied"],
        ["none/new.json", "its folder does not exist"],
        ["compose.yaml/new.json", "a part of the path is not a folder"],
      ]) {
        const ran = await runCli(program, [...audited, output ?? ""], { cwd: path, uid: 65534 });
        expect(ran).toMatchObject({ status: 2, stderr: `bulkhead: ${output} cannot be written: ${why}\n` });
      }
    },
  );
});

describe("by the launcher of a checkout", () => {
  test("--env-file is bulkhead's, and Node takes nothing of it", () => {
    const path = testFolder({ "compose.yaml": compose, "prod.env": "DOCKER_CONTEXT=planted\n" });
    mkdirSync(join(path, "bin"));
    const docker = join(path, "bin/docker");
    writeFileSync(docker, '#!/bin/sh\necho "context: ${DOCKER_CONTEXT:-none}"\n', { mode: 0o755 });
    const launcher = resolve("bulkhead");
    const run = spawnSync(launcher, ["run", "--no-config", "--env-file", "prod.env", "nginx"], {
      cwd: path,
      encoding: "utf8",
      env: { PATH: `${join(path, "bin")}:${process.env.PATH}`, HOME: path },
    });
    expect(run.stdout).toBe("context: none\n");
    const missing = spawnSync(launcher, ["audit", "--env-file", "none.env", "compose.yaml"], {
      cwd: path,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: path },
    });
    expect(missing.status).toBe(2);
    expect(missing.stdout).toContain("none.env cannot be read: it does not exist");
  });
});

describe("Ctrl-C", () => {
  test("ends an audit that waits for standard input, without a word", async () => {
    const child = spawn(process.execPath, ["--", program, "audit", "-"], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    // It has come so far that it reads: a pipe takes its first bytes only then.
    await new Promise((taken) => child.stdin.write("x".repeat(200_000), taken));
    child.kill("SIGINT");
    const signal = await new Promise((done) => child.on("close", (_, name) => done(name)));
    expect({ signal, said }).toEqual({ signal: "SIGINT", said: "" });
  });
});
