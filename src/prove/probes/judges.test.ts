import { describe, expect, it } from "vitest";
import { failed, ok, type Result } from "../../base/result.ts";
import { type Container, container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import type { Facts, Measurement } from "../probe.ts";
import { devices, firstDisk } from "./devices.ts";
import { candidates, identityOf } from "./engine-socket.ts";
import { maskedPaths, mountedBelow } from "./files.ts";
import { burnCpu } from "./limits/burn-cpu.ts";
import { fillTmpfs } from "./limits/fill-tmpfs.ts";
import { forkUntilLimit } from "./limits/fork-until-limit.ts";
import { ioPastLimit, isOn } from "./limits/io-past-limit.ts";
import { memoryPastLimit } from "./limits/memory-past-limit.ts";
import {
  hostInterfaces,
  hostIpc,
  hostName,
  hostProcesses,
  judgeNamespace,
  parseUidMap,
  uidMap,
} from "./namespaces.ts";
import { judgeRunning } from "./users.ts";

function factsOf(view: Partial<Container> = {}): Facts {
  return {
    view: container("configured", view),
    sockets: [],
    tcp: [],
    hostPorts: [],
    architecture: "x86_64",
    cpus: 2,
    memoryTotal: 2 ** 33,
  };
}

/** The outcome of a judgement, with a looser container unless one is said not to be there. */
function outcomeOf<O>(
  { judge }: Pick<Measurement<O>, "judge">,
  subject: O,
  control: O | Result<O>,
  view: Partial<Container> = {},
): string {
  const wrapped = isResult<O>(control) ? control : ok(control);
  return judge({ subject, control: wrapped, facts: factsOf(view) }).outcome;
}

function isResult<O>(value: O | Result<O>): value is Result<O> {
  return typeof value === "object" && value !== null && "ok" in value;
}

const none = failed("the Engine refused it");

describe("namespaces", () => {
  for (const probe of [hostProcesses, hostInterfaces, hostName, hostIpc]) {
    it(`${probe.id} holds where it is not the one of a container on the host's`, () => {
      const own = { namespace: "net:[2]", sees: "lo" };
      const host = { namespace: "net:[1]", sees: "lo, eth0" };
      expect(outcomeOf(probe, own, host)).toBe("held");
      expect(outcomeOf(probe, host, host)).toBe("notHeld");
      expect(outcomeOf(probe, own, none)).toBe("inconclusive");
    });
  }

  it("host-name does not hold where the name is the host's, in another namespace, too", () => {
    const host = { namespace: "uts:[1]", sees: "the name prod" };
    expect(outcomeOf(hostName, { namespace: "uts:[2]", sees: "the name prod" }, host)).toBe("notHeld");
    expect(outcomeOf(hostName, { namespace: "uts:[2]", sees: "the name web" }, host)).toBe("held");
    expect(outcomeOf(hostName, { namespace: "uts:[2]", sees: "the name prod" }, none)).toBe("inconclusive");
  });

  it("host-processes does not hold where a procfs shows another namespace", () => {
    const own = { namespace: "pid:[2]", sees: "1 process", elsewhere: "at /data it sees 300 processes" };
    expect(outcomeOf(hostProcesses, own, { namespace: "pid:[1]", sees: "300 processes" })).toBe("notHeld");
  });

  it("run-as-root looks at what runs", () => {
    const process = { name: "sleep", uids: [1000], noNewPrivileges: true, maySetuid: false };
    expect(judgeRunning([process])?.outcome).toBe("held");
    expect(judgeRunning([process, { ...process, noNewPrivileges: false }])?.outcome).toBe("notHeld");
    // The usual experiment tells: something is root, or can be.
    expect(judgeRunning([process, { ...process, uids: [1000, 0] }])).toBeUndefined();
    expect(judgeRunning([{ ...process, maySetuid: true }])).toBeUndefined();
    expect(judgeRunning([])).toBeUndefined();
  });

  it("show in which namespace each is, since both may see the same", () => {
    const sees = "0 segments of shared memory";
    const seen = { subject: { namespace: "ipc:[2]", sees }, control: ok({ namespace: "ipc:[1]", sees }) };
    expect(judgeNamespace({ ...seen, facts: factsOf() }, "--ipc=host").evidence).toBe(
      `in ipc:[2] it sees ${sees}; a container with --ipc=host sees ${sees} in ipc:[1]`,
    );
  });

  it("uid-map tells whose root is root inside", () => {
    const host = parseUidMap("         0          0 4294967295\n");
    const mapped = parseUidMap("         0     165536      65536\n");
    expect(host.rootIs).toBe(0);
    expect(mapped).toEqual({ rootIs: 165536, map: "0 165536 65536" });
    expect(outcomeOf(uidMap, host, host)).toBe("notHeld");
    expect(outcomeOf(uidMap, mapped, host)).toBe("held");
    // Rootless: the whole Engine is in a user namespace.
    expect(outcomeOf(uidMap, mapped, mapped)).toBe("held");
    expect(outcomeOf(uidMap, mapped, none)).toBe("inconclusive");
    expect(parseUidMap("1 1 10").rootIs).toBeUndefined();
  });
});

describe("what is to be seen", () => {
  it("masked-paths counts what the looser container reads", () => {
    const [kcore, keys] = ["/proc/kcore", "/proc/keys"];
    const at = (one: string | undefined, other: string | undefined) => [
      { what: kcore, abi: "native" as const, error: one },
      { what: keys, abi: "native" as const, error: other },
    ];
    expect(outcomeOf(maskedPaths, at("empty", "ENOENT"), at(undefined, "ENOENT"))).toBe("held");
    expect(outcomeOf(maskedPaths, at("empty", undefined), at(undefined, undefined))).toBe("notHeld");
    expect(outcomeOf(maskedPaths, at("empty", "empty"), at("ENOENT", "ENOENT"))).toBe("inconclusive");
    expect(outcomeOf(maskedPaths, at("empty", "empty"), none)).toBe("inconclusive");
  });

  it("devices holds where there are none but the usual, and some in the looser container", () => {
    expect(outcomeOf(devices, [], ["vda"])).toBe("held");
    expect(outcomeOf(devices, ["kvm"], ["kvm", "vda"])).toBe("notHeld");
    expect(outcomeOf(devices, [], [])).toBe("inconclusive");
    expect(outcomeOf(devices, [], none)).toBe("inconclusive");
  });

  it("finds where mounts lead to a socket, and the socket by device and inode", () => {
    const mounts = [
      mount({ type: "bind", source: "/var/run", hostPath: "/run", target: "/host-run" }),
      mount({ type: "bind", source: "/", hostPath: "/", target: "/host" }),
      mount({ type: "bind", source: "/s", hostPath: "/run/docker.sock", target: "/renamed" }),
    ].map((each) => set(each));
    expect(candidates(factsOf({ mounts }))).toEqual(
      expect.arrayContaining([
        ...["/run/docker.sock", "/host-run/docker.sock", "/host/run/docker.sock", "/renamed"],
      ]),
    );
    expect(identityOf({ device: [254, 0], inode: 17n })).toBe("65024:17");
    expect(identityOf({ device: [0, 300], inode: 1n })).toBe(`${(300 & 0xff) | ((300 & ~0xff) << 12)}:1`);
  });

  it("reads disks and mount points", () => {
    const table =
      "major minor  #blocks  name\n\n 254        0  268435456 vda\n 254        1   268434000 vda1\n";
    expect(firstDisk(table)).toMatchObject({ name: "vda", kind: "block", major: 254, minor: 0 });
    expect(firstDisk("major minor  #blocks  name\n\n")).toBeUndefined();
    expect(isOn("/dev/vda", [254, 1], table)).toBe(true);
    expect(isOn("/dev/vdb", [254, 1], table)).toBe(false);
    expect(isOn("/dev/vda", [7, 0], table)).toBeUndefined();
    const info =
      "1 2 0:1 / / rw - x x rw\n2 1 0:2 / /host/a\\040b rw - x x rw\n3 1 0:2 / /hosts rw - x x rw\n";
    expect(mountedBelow(info, ["/host"])).toEqual(["/host/a b"]);
  });
});

describe("exhaustion", () => {
  const limited = { pidsLimit: set(64) };
  const forks = (started: number, error: string | undefined, refused: number | undefined) => ({
    ...{ started, error, refused },
  });

  it("fork-until-limit holds on its own cgroup's refusal", () => {
    const free = forks(65, undefined, 0);
    expect(outcomeOf(forkUntilLimit, forks(62, "EAGAIN", 3), free, limited)).toBe("held");
    expect(outcomeOf(forkUntilLimit, forks(62, "EAGAIN", undefined), free, limited)).toBe("held");
    // A ulimit, or the host's own limit, stopped it.
    expect(outcomeOf(forkUntilLimit, forks(62, "EAGAIN", 0), free, limited)).toBe("inconclusive");
    expect(outcomeOf(forkUntilLimit, forks(62, "ENOMEM", 0), free, limited)).toBe("inconclusive");
    expect(outcomeOf(forkUntilLimit, forks(62, "EAGAIN", 3), forks(9, "EAGAIN", 1), limited)).toBe(
      "inconclusive",
    );
    expect(outcomeOf(forkUntilLimit, forks(62, "EAGAIN", 3), none, limited)).toBe("inconclusive");
    expect(outcomeOf(forkUntilLimit, forks(65, undefined, 0), free, limited)).toBe("notHeld");
    expect(outcomeOf(forkUntilLimit, forks(257, undefined, 0), free)).toBe("notHeld");
    expect(forkUntilLimit.before?.(factsOf({ pidsLimit: set(100_000) }))?.outcome).toBe("inconclusive");
    expect(forkUntilLimit.before?.(factsOf(limited))).toBeUndefined();
  });

  it("memory-past-limit holds where it was killed for want of memory", () => {
    const memory = { memory: set(32 * 2 ** 20), memorySwap: set(32 * 2 ** 20) };
    const had = { size: 48 * 2 ** 20, oomKilled: false, error: undefined };
    const killed = { ...had, oomKilled: true, error: "it ended with status 137" };
    expect(outcomeOf(memoryPastLimit, killed, had, memory)).toBe("held");
    expect(outcomeOf(memoryPastLimit, had, had, memory)).toBe("notHeld");
    expect(outcomeOf(memoryPastLimit, had, had)).toBe("notHeld");
    expect(outcomeOf(memoryPastLimit, { ...killed, oomKilled: false }, had, memory)).toBe("inconclusive");
    expect(outcomeOf(memoryPastLimit, killed, { ...had, error: "ENOMEM" }, memory)).toBe("inconclusive");
    expect(outcomeOf(memoryPastLimit, killed, none, memory)).toBe("inconclusive");
    const large = { memory: set(8 * 2 ** 30) };
    expect(memoryPastLimit.before?.(factsOf(large))?.outcome).toBe("inconclusive");
    expect(memoryPastLimit.before?.(factsOf({ ...memory, memorySwap: set(-1) }))?.outcome).toBe(
      "inconclusive",
    );
  });

  it("burn-cpu holds where it is throttled, or kept on fewer CPUs", () => {
    const quota = { nanoCpus: set(5e8) };
    const burnt = (throttled: number | undefined, used: number | undefined = 1.5, allowed = 2) => ({
      ...{ processes: 2, throttled, used, allowed },
    });
    const free = burnt(0);
    expect(outcomeOf(burnCpu, burnt(4, 0.5), free, quota)).toBe("held");
    expect(outcomeOf(burnCpu, burnt(0), free, quota)).toBe("notHeld");
    // A busy host gave it no more than its limit.
    expect(outcomeOf(burnCpu, burnt(0, 0.4), free, quota)).toBe("inconclusive");
    expect(outcomeOf(burnCpu, burnt(undefined), free, quota)).toBe("inconclusive");
    expect(outcomeOf(burnCpu, burnt(4, 0.5), burnt(2), quota)).toBe("inconclusive");
    expect(outcomeOf(burnCpu, burnt(4, 0.5), none, quota)).toBe("inconclusive");
    expect(outcomeOf(burnCpu, burnt(0), free, { nanoCpus: set(8e9) })).toBe("notHeld");
    expect(outcomeOf(burnCpu, burnt(0), free)).toBe("notHeld");
    expect(outcomeOf(burnCpu, burnt(0, 1, 1), free)).toBe("held");
    expect(outcomeOf(burnCpu, burnt(0), free, { cpuShares: set(512) })).toBe("inconclusive");
  });

  it("fill-tmpfs holds at its size, and not without one", () => {
    const filled = (error: string | undefined, ...left: readonly string[]) => ({
      attempts: [{ what: "more than 8 MiB in /tmp", error }],
      left,
    });
    expect(outcomeOf(fillTmpfs, filled("ENOSPC"), filled(undefined))).toBe("held");
    expect(outcomeOf(fillTmpfs, filled(undefined), filled(undefined))).toBe("notHeld");
    expect(outcomeOf(fillTmpfs, filled("ENOSPC"), filled("ENOSPC"))).toBe("inconclusive");
    expect(outcomeOf(fillTmpfs, filled("ENOSPC", "/big is too big"), filled(undefined))).toBe("inconclusive");
    expect(fillTmpfs.before?.(factsOf())?.outcome).toBe("notApplicable");
  });

  it("io-past-limit holds where its limit makes it take the time that it should", () => {
    const rate = { kind: "read", unit: "iops", path: "/dev/vda", rate: 50 } as const;
    const timed = (took: number, more: { readonly error?: string; readonly isThere?: boolean } = {}) => [
      { rate, operations: 60, size: 4096, took, error: undefined, isThere: true, ...more },
    ];
    expect(outcomeOf(ioPastLimit, timed(1_150), timed(3))).toBe("held");
    expect(outcomeOf(ioPastLimit, timed(3), timed(3))).toBe("notHeld");
    expect(outcomeOf(ioPastLimit, timed(3, { isThere: false }), timed(3))).toBe("inconclusive");
    expect(outcomeOf(ioPastLimit, timed(1_150), timed(1_100))).toBe("inconclusive");
    expect(outcomeOf(ioPastLimit, timed(0, { error: "EINVAL" }), timed(3))).toBe("inconclusive");
    expect(outcomeOf(ioPastLimit, timed(1_150), none)).toBe("inconclusive");
    expect(ioPastLimit.before?.(factsOf())?.outcome).toBe("notHeld");
    expect(ioPastLimit.before?.(factsOf({ blkioWeight: set(300) }))?.outcome).toBe("inconclusive");
  });
});
