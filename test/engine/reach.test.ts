import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openProvingEngine } from "../../src/cli/prove/proving-engine.ts";
import { dockersProfile } from "../../src/formats/values/docker-profile.ts";
import { profileOf, profileText } from "../../src/learn/seccomp/profile.ts";
import type { Reached } from "../../src/model/kernel-interfaces/standing.ts";
import { kernelInterfaces } from "../../src/model/kernel-interfaces/table.ts";
import { askReach } from "../../src/prove/reach.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";

type Socket = readonly [family: number, type: number, protocol: number];

/** Families that a 32-bit program asks for; AF_INET must work for it under every profile. */
const sockets: Readonly<Record<string, Socket>> = {
  ...{ "socket-alg": [38, 5, 0], "socket-vsock": [40, 1, 0], "socket-rxrpc": [33, 2, 2] },
  ...{ "socket-rds": [21, 5, 0], "socket-tipc": [30, 4, 0], "socket-packet": [17, 3, 0], inet: [2, 2, 0] },
};

/** A program of 32 bits for x86 that makes one call and ends with its error: an ELF header, one segment, the code. */
function program32(call: "socket" | "socketcall", [family, type, protocol]: Socket): Buffer {
  const base = 0x0804_8000;
  const dword = (number: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(number);
    return [...bytes];
  };
  const exit = [0x89, 0xc3, 0xf7, 0xdb, 0x85, 0xdb, 0x7f, 0x02, 0x31, 0xdb, 0xb8, ...dword(1), 0xcd, 0x80];
  const movEax = (number: number) => [0xb8, ...dword(number)];
  const asked =
    call === "socket"
      ? [...movEax(359), 0xbb, ...dword(family), 0xb9, ...dword(type), 0xba, ...dword(protocol), 0xcd, 0x80]
      : [...movEax(102), 0xbb, ...dword(1), 0xb9, ...dword(base + 200), 0xcd, 0x80];
  const file = Buffer.alloc(212);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  file.set([2, 0, 3, 0, ...dword(1), ...dword(base + 84), ...dword(52), ...dword(0), ...dword(0)], 16);
  file.set([52, 0, 32, 0, 1, 0], 40);
  file.set([...dword(1), ...dword(0), ...dword(base), ...dword(base)], 52);
  file.set([...dword(212), ...dword(212), ...dword(5), ...dword(4096)], 68);
  file.set([...asked, ...exit], 84);
  file.set([...dword(family), ...dword(type), ...dword(protocol)], 200);
  return file;
}

/** This machine's perl, the prober in it, and the 32-bit programs. */
function oracleImage(folder: string): Buffer {
  const root = join(folder, "rootfs");
  const put = (from: string) => {
    mkdirSync(dirname(join(root, from)), { recursive: true });
    cpSync(realpathSync(from), join(root, from));
  };
  const linked = execFileSync("ldd", ["/usr/bin/perl"], { encoding: "utf8" });
  for (const path of ["/usr/bin/perl", ...(linked.match(/\/\S+/g) ?? [])]) put(path);
  mkdirSync(join(root, "oracle/i386"), { recursive: true });
  cpSync("test/engine/oracle/reach.pl", join(root, "oracle/reach.pl"));
  for (const [id, socket] of Object.entries(sockets))
    for (const call of ["socket", "socketcall"] as const)
      writeFileSync(join(root, `oracle/i386/${id}.${call}`), program32(call, socket), { mode: 0o755 });
  return execFileSync("tar", ["-C", root, "-c", "."], { maxBuffer: 1024 ** 3 });
}

const prober = ["/usr/bin/perl", "/oracle/reach.pl"];

describeWithEngine("bulkhead reach", () => {
  let folder: string;
  let engines: readonly TestEngine[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-reach-"));
    engines = await Promise.all([
      startEngine({ bridge: true }),
      startEngine({ bridge: true, usernsRemap: true }),
    ]);
    const image = oracleImage(folder);
    for (const engine of engines) await engine.docker(["import", "-", "oracle:1"], image);
    const learnt =
      "access alarm brk clone clone3 execve fcntl ioctl kill openat pipe socket connect sendto recvfrom";
    writeFileSync(join(folder, "learnt.json"), profileText(profileOf(learnt.split(" "))));
    writeFileSync(join(folder, "profile.json"), dockersProfile(["amd64", "arm64"]));
  });
  afterAll(async () => {
    await Promise.all((engines ?? []).map((engine) => engine.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the prober found in a container: each error by interface, and by call. */
  async function asked(engine: TestEngine, flags: readonly string[]) {
    const text = await engine.docker(["run", "--rm", ...flags, "oracle:1", ...prober]);
    return text.split("\n").map((line) => {
      const [id = "", error = "", ...call] = line.split(" ");
      return { id, error: Number(error), call: call.join(" ") };
    });
  }

  async function reachOf(engine: TestEngine, name: string): Promise<Reached> {
    const opened = await openProvingEngine({ host: engine.host });
    if (!opened.ok) throw new Error(opened.reason);
    const setting = {
      ...{ wanted: { kind: "container", name } as const, probes: [], inPlace: false, patience: 30_000 },
      ...{ proc: "/proc", cgroup: "/sys/fs/cgroup", signal: new AbortController().signal },
    };
    const reached = await askReach(setting, opened.value.engine);
    await opened.value.close();
    if (!reached.ok) throw new Error(reached.reason);
    return reached.value;
  }

  const secured = (file: string) => ["--security-opt", `seccomp=${file}`];
  const locked = ["--cap-drop", "ALL", "--user", "1000", "--security-opt", "no-new-privileges"];
  const containers = (at: string): readonly (readonly [string, 0 | 1, readonly string[]])[] => [
    ["a default container", 0, []],
    ["a hardened one", 0, [...locked, ...secured(join(at, "profile.json"))]],
    ["one with a learnt profile", 0, secured(join(at, "learnt.json"))],
    ["a privileged one", 0, ["--privileged"]],
    ["one without a filter", 0, [...locked, "--security-opt", "seccomp=unconfined"]],
    ["one whose users are remapped", 1, ["--security-opt", "seccomp=unconfined", "--cap-add", "ALL"]],
  ];

  it.each(containers("").map(([name], index) => [name, index] as const))(
    "says of %s what the kernel answers to another program",
    async (_, index) => {
      const [, which, flags] = containers(folder)[index] ?? ["", 0, []];
      const engine = engines[which];
      if (!engine) throw new Error("no Engine");
      const answers = await asked(engine, flags);
      await engine.docker(["create", "--name", `c${index}`, ...flags, "oracle:1", "/usr/bin/perl"]);
      const { interfaces } = await reachOf(engine, `c${index}`);
      const ids = [...new Set(answers.map(({ id }) => id))].filter((id) => id !== "inet").toSorted();
      expect(ids).toEqual(kernelInterfaces.map(({ id }) => id).toSorted());
      const wrong = interfaces.flatMap(({ row, state, by, through }) => {
        const own = answers.filter(({ id }) => id === row.id);
        const isOpen = own.some(({ error }) => error === 0);
        if (isOpen === (state === "reached") && state !== "unknown") return [];
        return [
          `${row.id}: reach says ${state} (${[...by, ...through].join(", ")}), perl ${JSON.stringify(own)}`,
        ];
      });
      expect(wrong).toEqual([]);
      // A layer that is named is one that the container has.
      const layers = new Set(interfaces.flatMap(({ by }) => by));
      if (flags.includes("--privileged") || flags.includes("seccomp=unconfined"))
        expect(interfaces.filter(({ by }) => by.includes("seccomp"))).toEqual([]);
      else expect([...layers]).toContain("seccomp");
      expect([...layers].filter((each) => each.includes(" or "))).toEqual([]);
      if (which === 1) expect([...layers]).toContain("user namespace");
    },
  );

  it("writes a profile under which 32-bit programs work, and no call opens AF_ALG but socketcall", async () => {
    const [engine] = engines;
    if (!engine) throw new Error("no Engine");
    const program = builtCommand();
    const file = join(folder, "written.json");
    expect((await runCli(program, ["profile", "-o", file])).status).toBe(0);
    const answers = await asked(engine, secured(file));
    const of = (wanted: string, how: string) =>
      answers.find(({ id, call }) => id === wanted && call === how)?.error;
    expect([of("inet", "i386 socket"), of("inet", "i386 socketcall")]).toEqual([0, 0]);
    for (const id of ["socket-alg", "socket-vsock", "socket-rxrpc", "socket-rds", "socket-tipc"])
      expect([id, of(id, "socket"), of(id, "socket + 2^32"), of(id, "i386 socket")]).toEqual([id, 1, 1, 1]);
    await engine.docker(["create", "--name", "written", ...secured(file), "oracle:1", "/usr/bin/perl"]);
    const env = engine.environment;
    const told = await runCli(program, ["reach", "written"], { env });
    expect(told.stderr).toBe("");
    expect(told.status).toBe(0);
    expect(told.stdout).toMatch(/^container:written reaches \d+ of \d+ interfaces of the kernel\.\n/);
    const isOpen = of("socket-rxrpc", "i386 socketcall") === 0;
    expect(told.stdout).toMatch(
      isOpen
        ? /socket-rxrpc .*\n +by socketcall\(AF_RXRPC\) by a 32-bit call\n/
        : /socket-rxrpc +kernel, seccomp|socket-rxrpc +seccomp/,
    );
  });

  it("advisories engine says of each running container what mitigates an advisory, and the plain audit has the versions", async () => {
    const run = (engine: TestEngine, name: string, flags: readonly string[]) =>
      engine.docker(["run", "-d", "--name", name, ...flags, "oracle:1", "/usr/bin/perl", "-e", "sleep 60"]);
    const [rootful, remapped] = engines;
    if (!rootful || !remapped) throw new Error("no Engine");
    await run(rootful, "plain", []);
    await run(rootful, "hardened", [...locked, ...secured(join(folder, "profile.json"))]);
    await run(remapped, "mapped", []);
    const program = builtCommand();
    const told = await runCli(program, ["advisories", "engine", "--format", "json"], {
      env: rootful.environment,
    });
    expect(told.stderr).toBe("");
    const { advisories } = JSON.parse(told.stdout) as {
      readonly advisories: readonly {
        readonly id: string;
        readonly engine: { readonly state: string };
        readonly containers: readonly {
          readonly name: string;
          readonly exposure: { readonly state: string; readonly by?: readonly string[] };
        }[];
      }[];
    };
    const of = (id: string, name: string) =>
      advisories.find((each) => each.id === id)?.containers.find((each) => each.name === name)?.exposure;
    // Kernels of 3.8 and older do not run this.
    expect(of("CVE-2013-2094", "plain")).toEqual({ state: "fixed" });
    // No Engine names its BuildKit.
    expect(advisories.find(({ id }) => id === "GHSA-7236-3392-c5c6")?.engine.state).toBe("unknown");
    const states = new Set(
      advisories.flatMap(({ containers }) => containers.map((each) => each.exposure.state)),
    );
    for (const state of states) expect(["exposed", "mitigated", "fixed", "unknown"]).toContain(state);
    const user = of("GHSA-265r-hfxg-fhmg", "hardened");
    expect(user?.state === "fixed" || user?.by?.includes("user"), JSON.stringify(user)).toBe(true);
    const text = await runCli(program, ["advisories", "engine"], { env: remapped.environment });
    expect(text.stdout).toMatch(/Fixed on this host: \d+ of \d+ advisories, as of \S+\. 1 containers run\./);
    const audit = await runCli(program, ["audit", "engine", "--format", "json"], {
      env: rootful.environment,
    });
    const found = (JSON.parse(audit.stdout) as { readonly findings: readonly { readonly control: string }[] })
      .findings;
    expect(found.some(({ control }) => control === "engine-version")).toBe(true);
  });
});
