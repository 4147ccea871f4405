import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openProvingEngine } from "../../src/cli/prove/proving-engine.ts";
import type { ProvingEngine } from "../../src/prove/probe.ts";
import { prove } from "../../src/prove/prove.ts";
import { probes } from "../../src/prove/registry.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

const oracle = new URL("oracle/techniques.py", import.meta.url).pathname;

describeWithEngine("prove knows every way", () => {
  let engine: TestEngine;
  let proving: ProvingEngine;
  let close: () => Promise<void>;

  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
    const opened = await openProvingEngine({ host: engine.host });
    if (!opened.ok) throw new Error(opened.reason);
    proving = opened.value.engine;
    close = opened.value.close;
  });
  afterAll(async () => {
    await close?.();
    await engine?.stop();
  });

  /** What prove says of a container, by probe. */
  async function proven(name: string, only: readonly string[]) {
    const outcome = await prove(
      {
        wanted: { kind: "container", name },
        probes: probes.filter(({ id }) => only.includes(id)),
        ...{ inPlace: false, attribute: false, patience: 20_000, proc: "/proc", cgroup: "/sys/fs/cgroup" },
        ...{ signal: new AbortController().signal, deviations: async () => [], progress: async () => {} },
      },
      proving,
    );
    if (!outcome.ok) throw new Error(outcome.reason);
    return new Map(outcome.value.proof.probes.map((proved) => [proved.probe, proved]));
  }

  const start = (name: string, flags: readonly string[], command: readonly string[] = ["sleep", "3600"]) =>
    engine.docker(["run", "-d", "--name", name, "--network", "none", ...flags, busybox, ...command]);

  const profile = (document: unknown) => {
    const path = join(engine.folder, `${Math.random()}.json`);
    writeFileSync(path, JSON.stringify(document));
    return ["--security-opt", `seccomp=${path}`];
  };
  const deny = (...names: readonly string[]) => ({ names, action: "SCMP_ACT_ERRNO", errnoRet: 1 });
  const open = { defaultAction: "SCMP_ACT_ALLOW" };
  const both = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"];

  it("the call that everybody knows is not the right: denied alone, it stops nothing", async () => {
    const known: Readonly<Record<string, readonly string[]>> = {
      mount: ["mount"],
      chown: ["chown", "chown32", "lchown", "lchown32"],
      // runc itself becomes the user by setuid(2).
      setuid: ["setreuid", "setreuid32"],
      "set-clock": ["settimeofday"],
      "set-hostname": ["sethostname"],
      swapoff: ["swapoff"],
      "ptrace-neighbour": ["ptrace"],
    };
    const syscalls = [deny(...Object.values(known).flat())];
    await start("known", ["--cap-add", "ALL", ...profile({ ...open, architectures: both, syscalls })]);
    const tried = await proven("known", Object.keys(known));
    for (const [right, [call]] of Object.entries(known)) {
      expect(tried.get(right), right).toMatchObject({ outcome: "notHeld" });
      expect(tried.get(right)?.evidence, right).not.toMatch(new RegExp(`(?:^|[ ,])${call}\\(`));
    }
  });

  it("a profile that denies one call leaves the others open", async () => {
    await start("half", profile({ ...open, architectures: both, syscalls: [deny("unshare")] }));
    const newUser = { index: 0, value: 0x10000000, valueTwo: 0x10000000, op: "SCMP_CMP_MASKED_EQ" };
    const cloning = { ...deny("clone"), args: [newUser] };
    await start(
      "whole",
      profile({ ...open, architectures: both, syscalls: [deny("unshare", "clone3"), cloning] }),
    );
    expect((await proven("half", ["unshare-user"])).get("unshare-user")).toMatchObject({
      outcome: "notHeld",
      evidence: "clone(CLONE_NEWUSER), clone3(CLONE_NEWUSER) succeed, as 32-bit calls, too",
    });
    expect((await proven("whole", ["unshare-user"])).get("unshare-user")).toMatchObject({
      outcome: "held",
      evidence:
        "unshare(CLONE_NEWUSER), clone(CLONE_NEWUSER), clone3(CLONE_NEWUSER): EPERM (seccomp), as 32-bit calls, too; in a privileged container of the same image it succeeds",
    });
  });

  it("looks into the container itself where somebody mounted the kernel's file systems", async () => {
    await start("entered", [], ["sh", "-c", "mkdir /data /sys2 /dev2 /cg2; exec sleep 3600"]);
    const kernel = ["core-pattern", "sysctl", "masked-paths", "host-processes", "devices", "cgroup-write"];
    const before = await proven("entered", kernel);
    expect([...before.values()].map(({ outcome }) => outcome)).toEqual(kernel.map(() => "held"));
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", "entered"]);
    const cgroup = readFileSync("/proc/filesystems", "utf8").includes("cgroup\n") ? "cgroup" : "cgroup2";
    const options = cgroup === "cgroup" ? ["-o", "pids"] : [];
    for (const words of [
      ...[
        ["proc", "/data"],
        ["sysfs", "/sys2"],
        ["devtmpfs", "/dev2"],
        [cgroup, "/cg2", ...options],
      ],
    ])
      execFileSync("nsenter", [
        "-t",
        pid,
        "-m",
        "/bin/busybox",
        "mount",
        "-t",
        words[0] ?? "",
        ...words.slice(2),
        "none",
        words[1] ?? "",
      ]);
    const after = await proven("entered", kernel);
    expect([...after.values()].filter(({ outcome }) => outcome !== "notHeld")).toEqual([]);
    const said = (id: string) => after.get(id)?.evidence;
    expect(said("core-pattern")).toMatch(
      /^the container itself has \/data \(proc\).*open\(\/data\/sys\/kernel\/core_pattern, O_WRONLY\)/,
    );
    expect(said("masked-paths")).toContain("/data/keys");
    expect(said("host-processes")).toMatch(/at \/data it sees \d+ processes of a namespace above its own/);
    expect(said("devices")).toContain("/dev2/");
    expect(said("cgroup-write")).toContain("/cg2/cgroup.procs");
  });

  it("asks every socket in the mounts, and finds a proxy of the Engine under a name of its own", async () => {
    const path = join(engine.folder, "app.sock");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\n\r\nOK"));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    execFileSync("chmod", ["600", path]);
    try {
      await start("proxied", ["-v", `${path}:/run/app.sock`, "-u", "1000"]);
      const socket = (await proven("proxied", ["engine-socket"])).get("engine-socket");
      expect(socket).toMatchObject({ outcome: "notHeld" });
      expect(socket?.evidence).toContain("connect(/run/app.sock), where an Engine answers with API 1.45");
    } finally {
      server.close();
    }
  });

  it("looks at what runs: an entrypoint that drops its root is said so, beside what exec could do", async () => {
    const drops = ["busybox", "start-stop-daemon", "-S", "-c", "1000:1000", "-x", "/bin/sleep", "--", "3600"];
    await start("dropping", ["--security-opt", "no-new-privileges"], drops);
    await start("returning", [], drops);
    expect((await proven("dropping", ["run-as-root"])).get("run-as-root")).toMatchObject({
      outcome: "held",
      evidence:
        "what runs dropped to uid 1000, with no way back (no CAP_SETUID, no-new-privileges); it starts as root, and so would docker exec",
    });
    expect((await proven("returning", ["run-as-root"])).get("run-as-root")).toMatchObject({
      outcome: "notHeld",
      evidence: expect.stringContaining("a program that is setuid root is a way back"),
    });
  });

  /** The rights that the techniques outside try, too. */
  const rights = [
    ...["unshare-user", "unshare-mount", "mount", "chown", "chroot", "setuid", "raw-socket", "kernel-log"],
    ...["core-pattern", "sysctl", "cgroup-write", "masked-paths", "set-hostname", "set-clock", "swapoff"],
    ...["reboot", "mknod-open", "ptrace-neighbour", "write-root", "host-name", "open-by-handle"],
  ];
  const dropped = ["--cap-drop", "ALL"];
  const locked = ["--security-opt", "no-new-privileges"];

  describe("and agrees with techniques that are not its own", () => {
    it.each([
      ["plain", []],
      ["user", ["-u", "1000"]],
      ["dropped", dropped],
      ["hardened", ["-u", "1000", "--read-only", ...dropped, ...locked]],
      ["admin", ["--cap-add", "SYS_ADMIN", "--hostname", hostname()]],
      ["searching", ["--cap-add", "DAC_READ_SEARCH"]],
      ["unmasked", ["--security-opt", "systempaths=unconfined"]],
      ["unconfined", ["--security-opt", "seccomp=unconfined"]],
      ["privileged", ["--privileged"]],
    ] as const)("%s", async (name, flags) => {
      const system = ["/usr", "/lib", "/lib64"].flatMap((folder) => ["-v", `${folder}:${folder}:ro`]);
      await start(name, [
        "-v",
        `${oracle}:/techniques.py:ro`,
        ...system,
        "--tmpfs",
        "/tmp:exec,dev",
        ...flags,
      ]);
      const neighbour = spawn(
        "docker",
        ["exec", "-u", "65533", name, "sh", "-c", "echo $$; exec sleep 600"],
        {
          env: { ...process.env, ...engine.environment },
          stdio: ["ignore", "pipe", "ignore"],
        },
      );
      const pid = await new Promise<string>((resolve) =>
        neighbour.stdout.once("data", (said: Buffer) => resolve(said.toString().trim())),
      );
      const tried = async (...user: readonly string[]) =>
        JSON.parse(
          await engine.docker(["exec", ...user, name, "/usr/bin/python3", "/techniques.py", pid, hostname()]),
        ) as Readonly<Record<string, boolean>>;
      const own = await tried();
      // A program that is setuid root has what root has here, unless no-new-privileges forbids it.
      const isUser =
        flags.some((flag) => flag === "1000") && !flags.some((flag) => flag === "no-new-privileges");
      const root = isUser ? await tried("-u", "0") : own;
      neighbour.kill();
      const shown = await proven(name, rights);
      const differing = rights.flatMap((right) => {
        const proved = shown.get(right);
        const outcome = proved?.outcome;
        const works = own[right] || root[right];
        return outcome === (works ? "notHeld" : "held")
          ? []
          : [
              `${right}: prove says ${outcome} (${proved?.evidence}), a technique ${works ? "works" : "fails"}`,
            ];
      });
      expect(differing).toEqual([]);
      await engine.docker(["rm", "-f", "-v", name]);
    });
  });
});
