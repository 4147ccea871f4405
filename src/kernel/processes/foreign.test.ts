import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
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

/** The foreign containers beside a process with its own mounts that runs `executable`. */
function besides(executable: string): readonly string[] {
  const host = v2Host();
  const process = (pid: number, name: string, more: object = {}) => ({
    ...engineProcess,
    pid,
    status: status({ name, pid, ppid: pid === 1 ? 0 : 1 }),
    mountinfo: hostMounts,
    ...more,
  });
  const own = { ...engineProcess.namespaces, mnt: 4026539999 };
  const bare = "900 1 0:77 / / rw - tmpfs tmpfs rw\n901 900 8:1 /etc /etc ro - ext4 /dev/sda1 rw\n";
  const { proc, cgroup } = layHost({
    ...host,
    processes: [
      engineProcess,
      process(1, "systemd"),
      process(2080, "slirp4netns", { namespaces: own, mountinfo: bare, cgroup: "0::/user.slice\n" }),
    ],
    links: { "2080/exe": executable, [`${enginePid}/exe`]: "/usr/bin/dockerd" },
  });
  return readForeign({ enginePid, proc, cgroup, sockets: [] }, { members: [], ids: [] }).map(
    ({ name }) => name,
  );
}

it("the network of a rootless Podman's containers is none, by the file that it runs", () => {
  const folder = testFolder();
  const forged = join(folder, "slirp4netns");
  writeFileSync(forged, "", { mode: 0o777 });
  chmodSync(forged, 0o777);
  expect(besides(forged)).toEqual(["slirp4netns/4026539999"]);
  expect(besides("/nonexistent/slirp4netns")).toEqual(["slirp4netns/4026539999"]);
});

it.runIf(process.getuid?.() === 0)("a file that only root may write is the host's own", () => {
  const real = join(testFolder(), "slirp4netns");
  writeFileSync(real, "", { mode: 0o755 });
  chmodSync(real, 0o755);
  expect(besides(real)).toEqual([]);
});
