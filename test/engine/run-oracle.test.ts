import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failed, ok } from "../../src/base/result.ts";
import { readCreateRequest } from "../../src/formats/create-request/read.ts";
import { flags } from "../../src/formats/run-command/read/flags.ts";
import { readRunLine } from "../../src/formats/run-command/read.ts";
import { writeRunCommand } from "../../src/formats/run-command/write.ts";
import type { Container } from "../../src/model/container.ts";
import { setItems } from "../../src/model/fact.ts";
import { applyPatches, type ContainerPatch } from "../../src/model/patch.ts";
import type { Files } from "../../src/model/reading.ts";
import { applyEdits } from "../../src/model/writing.ts";
import { recordingEngine } from "../../src/trial/create-request.ts";

/**
 * The docker CLI and a shell are the judges: a line is run by bash against an Engine that is none and only records
 * what it is asked to create, and the same line is read. Both must give the same facts.
 */

function linesOf(name: string): readonly string[] {
  const text = readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "))
    .map((line) => line.replaceAll("⏎", "\n"));
}

const docker = spawnSync("docker", ["--version"], { encoding: "utf8" });

describe("the docker CLI", () => {
  if (docker.status !== 0) {
    it.skipIf(process.env.CI !== "true")("skipped: there is no docker CLI here", () => {
      throw new Error("there is no docker CLI here");
    });
    return;
  }
  let home: string;
  let server: Server;
  let bodies: unknown[] = [];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "bulkhead-oracle-"));
    mkdirSync(join(home, "work"));
    for (const [name, text] of Object.entries(besides)) writeFileSync(join(home, "work", name), text);
    server = recordingEngine((body) => bodies.push(body));
    await new Promise<void>((done) => server.listen(join(home, "s"), done));
  });
  afterAll(() => {
    server?.close();
    server?.closeAllConnections();
    rmSync(home, { recursive: true, force: true });
  });

  async function run(script: string): Promise<readonly unknown[]> {
    bodies = [];
    await runShell(script, home);
    rmSync(join(home, "work", "id.txt"), { force: true });
    return bodies;
  }

  it.each(linesOf("run-lines.txt"))("creates what is read from: %s", async (line) => {
    const [body] = await run(line);
    expect(body, "docker created nothing").toBeDefined();
    const reading = readRunLine(line, join(home, "work", "run.sh"), disk(home));
    expect(reading.gaps).toEqual([]);
    const subject = reading.subjects[0];
    const view = subject?.kind === "container" ? subject.views[0] : undefined;
    expect(view && factsOf(view)).toEqual(view && factsOf(asFarAsRead(readCreateRequest(body), view)));
  });

  it.each(linesOf("run-lines.txt"))(
    "creates what was meant once patches are written into: %s",
    async (line) => {
      const file = join(home, "work", "run.sh");
      const subject = readRunLine(line, file, disk(home)).subjects[0];
      const view = subject?.kind === "container" ? subject.views[0] : undefined;
      if (!subject || !view) throw new Error("nothing was read");
      const patches = hardening(view);
      const request = {
        text: line,
        file,
        host: "line",
        io: disk(home),
        subject: subject.id,
        patches,
      } as const;
      const { edits, refused } = writeRunCommand(request);
      const made = patches.filter((patch) => !refused.some((each) => each.patch === patch));
      const written = applyEdits(line, edits);
      const [body] = await run(written);
      expect(body, `docker refused ${written}`).toBeDefined();
      expect(factsOf(asFarAsRead(readCreateRequest(body), view)), written).toEqual(
        factsOf(applyPatches(view, made)),
      );
    },
  );

  it.each(["run", "create"])("has no flag that is not in the table: %s", (command) => {
    const help = spawnSync("docker", [command, "--help"], { encoding: "utf8" }).stdout;
    const shown = [...help.matchAll(/^ {2,6}(?:-(\w), )?--([\w-]+)( (?! {2})\S+)?/gm)].map(
      ([, short, name, kind]) => ({
        name,
        short,
        boolean: kind === undefined,
      }),
    );
    expect(shown.length).toBeGreaterThan(90);
    const known = flags.map(({ name, short, takes }) => ({ name, short, boolean: takes === "boolean" }));
    for (const flag of shown) expect(known).toContainEqual(flag);
  });

  it.each(linesOf("refused-run-lines.txt"))("refuses, and a gap says so: %s", async (line) => {
    expect(await run(line)).toEqual([]);
    const reading = readRunLine(line, join(home, "work", "run.sh"), disk(home));
    const open = JSON.stringify(reading.subjects).includes('"unresolved"');
    expect(reading.gaps.length > 0 || open).toBe(true);
  });
});

/** xargs adds words to a command: the line alone leaves it open. */
function asFarAsRead(made: Container, read: Container): Container {
  const isOpen = read.command.some(({ state }) => state === "unresolved");
  return isOpen ? { ...made, command: read.command } : made;
}

/** What hardening usually changes, as far as docker takes it beside what the line says. */
function hardening(view: Container): readonly ContainerPatch[] {
  const isLimited = view.memory.state !== "unset" || view.memorySwap.state !== "unset";
  return [
    { op: "set", field: "privileged", value: false },
    { op: "set", field: "readonlyRootfs", value: true },
    { op: "set", field: "noNewPrivileges", value: true },
    { op: "set", field: "pidsLimit", value: 200 },
    { op: "set", field: "publishAllPorts", value: false },
    { op: "set", field: "user", value: "1000:1000" },
    { op: "unset", field: "seccomp" },
    { op: "unset", field: "apparmor" },
    { op: "unset", field: "usernsMode" },
    { op: "unset", field: "pidMode" },
    { op: "add", field: "capDrop", value: "ALL" },
    { op: "add", field: "deviceCgroupRules", value: "c 1:3 mr" },
    ...(isLimited ? [] : [{ op: "set", field: "memory", value: 512 * 1024 ** 2 } as const]),
    ...setItems(view.capAdd).map(({ value }) => ({ op: "remove", field: "capAdd", value }) as const),
    ...setItems(view.devices).map(({ value }) => ({ op: "remove", field: "devices", value }) as const),
    ...setItems(view.ports).map(
      ({ value }) =>
        ({ op: "replace", field: "ports", value, with: { ...value, hostIp: "127.0.0.1" } }) as const,
    ),
    ...setItems(view.mounts).flatMap(({ value }) =>
      value.type === "bind"
        ? [{ op: "replace", field: "mounts", value, with: { ...value, readOnly: true } } as const]
        : [],
    ),
  ];
}

/** Files that lie where the lines are run. */
const besides = {
  "vars.env": "\uFEFF# comment\nA=1\n  B=two words  \nC=#x\n",
  "labels.txt": "x=y\nz\n",
  "open.json": '{"defaultAction":"SCMP_ACT_ALLOW"}',
  "deny.json": '{"defaultAction":"SCMP_ACT_ERRNO"}',
};

function runShell(script: string, home: string): Promise<void> {
  const shell = spawn("bash", ["-c", script], {
    cwd: join(home, "work"),
    env: {
      PATH: process.env.PATH,
      HOME: home,
      DOCKER_HOST: `unix://${join(home, "s")}`,
      PWD: join(home, "work"),
    },
    stdio: ["ignore", "ignore", "ignore"],
    timeout: 20_000,
  });
  return new Promise((done) => {
    shell.on("close", () => done());
    shell.on("error", () => done());
  });
}

function disk(home: string): Files {
  return {
    read: (path) => {
      try {
        return ok(readFileSync(path, "utf8"));
      } catch {
        return failed("it cannot be read");
      }
    },
    exists: () => false,
    environment: { HOME: home },
    home,
  };
}

/**
 * The facts by value alone, in an order of their own: an item stands for itself, and a false, a zero and an empty text
 * for what is unset, since the API does not tell them apart.
 */
function factsOf(container: Container): unknown {
  // A request does not show hooks, which a line of docker run never has.
  const { kind: _kind, level: _level, processes: _processes, hooks: _hooks, ...facts } = container;
  const shown = Object.entries(facts).flatMap(([name, fact]) => {
    const value = name === "networks" ? networkNames(container) : plain(fact, name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(shown);
}

function plain(fact: unknown, name: string): unknown {
  if (Array.isArray(fact)) {
    const values = fact.flatMap((item) =>
      item.state === "set" ? sameForBoth(name, item.value) : [{ unresolved: true }],
    );
    // The API carries both of a repeated variable, and Docker takes the last.
    const last = new Map(
      values.map((value) => [name === "environment" ? value.name : JSON.stringify(value), value]),
    );
    // The API has options by name, a line in the order in which they were written.
    const byName = (_: string, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => a.localeCompare(b, "en")))
        : part;
    const spelled = [...last.values()].map((value) => JSON.stringify(value, byName));
    return spelled.length === 0 ? undefined : spelled.sort();
  }
  const { state, value } = fact as { state: string; value?: unknown };
  if (state === "unresolved") return "unresolved";
  if (name === "seccomp" && value) return { ...value, path: undefined };
  return state === "unset" || value === false || value === 0 || value === "" ? undefined : value;
}

/** An item as it goes over the wire: a bind's source made absolute, a range of ports one by one. */
function sameForBoth(name: string, value: unknown): Record<string, unknown>[] {
  const item: Record<string, unknown> = typeof value === "object" ? { ...value } : { value };
  if (name === "mounts" && "hostPath" in item && item.hostPath !== undefined)
    return [{ ...item, source: undefined }];
  if (name !== "ports" || !("containerPort" in item)) return [item];
  const { hostPort, containerPort } = item as { hostPort?: string; containerPort: string };
  const [host = [], inside] = [hostPort, containerPort].map((range) => numbersIn(range));
  return (inside ?? []).map((port, index) => ({ ...item, containerPort: port, hostPort: host[index] }));
}

function numbersIn(range: string | undefined): readonly string[] {
  const [from, to = from] = (range ?? "").split("-").map(Number);
  if (range === undefined || from === undefined || to === undefined) return [];
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

/** User-defined networks: the API also names the mode among them, or leaves a lone one out. */
function networkNames(container: Container): unknown {
  const { networkMode } = container;
  const named = container.networks.flatMap((item) => (item.state === "set" ? [item.value] : []));
  const mode =
    networkMode.state === "set" && networkMode.value.mode === "network" ? [networkMode.value.name] : [];
  return [...new Set([...named, ...mode])].filter((name) => name !== "default" && name !== "bridge").sort();
}
