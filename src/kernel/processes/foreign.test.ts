import { expect, it } from "vitest";
import { readForeign } from "../read.ts";
import { enginePid, engineProcess, hostMounts, initProcess, status, v2Host } from "../testing/hosts.ts";
import { layHost } from "../testing/recorded-host.ts";

/** The foreign container whose parent has this command line and this executable. */
function nameBelow(command: string, executable: string): readonly string[] {
  const process = (pid: number, name: string, ppid: number) => ({
    ...engineProcess,
    pid,
    status: status({ name, pid, ppid }),
    mountinfo: hostMounts,
  });
  const host = v2Host();
  const { proc, cgroup } = layHost({
    ...host,
    processes: [
      engineProcess,
      process(1, "systemd", 0),
      process(2080, "containerd-shim", 1),
      initProcess({
        status: status({ name: "sleep", pid: 2101, ppid: 2080 }),
        cgroup: "0::/user.slice\n",
      }),
    ],
    proc: { ...host.proc, "2080/cmdline": command.replaceAll(" ", "\0") },
    links: { "2080/exe": executable, [`${enginePid}/exe`]: "/usr/bin/dockerd" },
  });
  return readForeign({ enginePid, proc, cgroup, sockets: [] }, { members: [], ids: [] }).map(
    ({ name }) => name,
  );
}

const shim = "/usr/bin/containerd-shim-runc-v2 -namespace other -id web -address /run/c.sock ";

it("a shim is known by its executable", () => {
  expect(nameBelow(shim, "/usr/bin/containerd-shim-runc-v2")).toEqual(["containerd/other/web"]);
  expect(nameBelow("init ", "/usr/bin/containerd-shim-runc-v2 (deleted)")).toEqual([
    expect.stringMatching(/^containerd\//),
  ]);
});

it("a program that only calls itself so is none", () => {
  expect(nameBelow(shim, "/home/eve/miner")).toEqual(["sleep/4026532299"]);
});

/** Clock ticks: the machine runs for 100 s, and the process in question for 10 of them. */
const uptime = "100.00 50.00\n";
const youngFor10 = 9_000;

/** The foreign containers where a process called `runc:[2:INIT]` is forked by another one with this executable. */
function youngBelow(
  executable: string,
  { uid = 0, forkedOnly = true, isContainers = false } = {},
): readonly string[] {
  const parent = isContainers ? initProcess() : { ...engineProcess, mountinfo: hostMounts };
  const host = v2Host();
  const { proc, cgroup } = layHost({
    ...host,
    processes: [
      engineProcess,
      { ...engineProcess, pid: 1, status: status({ name: "systemd", pid: 1, ppid: 0 }) },
      {
        ...parent,
        pid: 2080,
        started: 1,
        status: status({ name: "runc", pid: 2080, ppid: 1, uid }),
        cgroup: "0::/user.slice\n",
      },
      initProcess({
        status: status({ name: "runc:[2:INIT]", pid: 2101, ppid: 2080 }),
        cgroup: "0::/user.slice\n",
        started: youngFor10,
        forkedOnly,
        namespaces: { ...initProcess().namespaces, pid: 4026532999, mnt: 4026532998 },
      }),
    ],
    proc: { ...host.proc, uptime, "2101/comm": "runc:[2:INIT]\n" },
    links: { "2080/exe": executable, [`${enginePid}/exe`]: "/usr/bin/dockerd" },
  });
  return readForeign({ enginePid, proc, cgroup, sockets: [] }, { members: [], ids: [] }).map(
    ({ name }) => name,
  );
}

const found = "runc:[2:INIT]/4026532999";

it("what a runtime of the host's root is just starting is no container yet", () => {
  expect(youngBelow("/usr/bin/runc")).toEqual([]);
  expect(youngBelow("/usr/bin/crun (deleted)")).toEqual([]);
  expect(youngBelow("/usr/bin/containerd-shim-runc-v2")).not.toContain(found);
});

it("the runtime's name excuses nothing: another user's file, another program, a program that runs, a container's", () => {
  expect(youngBelow("/home/eve/runc", { uid: 1000 })).toContain(found);
  expect(youngBelow("/usr/bin/python3")).toContain(found);
  expect(youngBelow("/usr/bin/runc", { forkedOnly: false })).toContain(found);
  expect(youngBelow("/usr/bin/runc", { isContainers: true })).toContain(found);
});

it("what another user's file called dockerd starts is not an Engine's own", () => {
  expect(youngBelow("/home/eve/dockerd", { uid: 1000 })).toContain(found);
  expect(youngBelow("/usr/bin/dockerd", { isContainers: true })).toContain(found);
  expect(youngBelow("/usr/bin/dockerd", { forkedOnly: false })).toEqual([]);
});
