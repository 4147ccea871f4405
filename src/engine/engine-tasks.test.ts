import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { testFolder } from "../../test/support/test-folder.ts";
import { engineTasks, shimOf, tasksOfEngine } from "./engine-tasks.ts";

interface Recorded {
  readonly pid: number;
  readonly parent?: number;
  readonly name: string;
  readonly exe: string;
  readonly command?: string;
  /** The path where it listens. */
  readonly listens?: string | undefined;
  /** It is in a PID namespace of a container. */
  readonly isContainers?: boolean;
}

function layProc(processes: readonly Recorded[]): string {
  const proc = join(testFolder(), "proc");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const sockets = processes.flatMap(({ pid, listens }) =>
    listens === undefined ? [] : [`0000: 00000002 00000000 00010000 0001 01 9${pid} ${listens}`],
  );
  const all = [{ pid: 1, name: "systemd", exe: "/usr/lib/systemd/systemd", parent: 0 }, ...processes];
  for (const { pid, parent = 1, name, exe, command = name, listens, isContainers } of all as Recorded[]) {
    const own = join(proc, String(pid));
    write(join(own, "comm"), `${name}\n`);
    write(join(own, "stat"), `${pid} (${name}) S ${parent} 0 0 0 0 0\n`);
    write(join(own, "cmdline"), `${command.replaceAll(" ", "\0")}\0`);
    write(join(own, "net/unix"), `Num RefCount Protocol Flags Type St Inode Path\n${sockets.join("\n")}\n`);
    for (const folder of [`task/${pid}`, "ns", "fd"]) mkdirSync(join(own, folder), { recursive: true });
    symlinkSync(exe, join(own, "exe"));
    if (pid !== 1) symlinkSync(isContainers ? "pid:[2]" : "pid:[1]", join(own, "ns/pid"));
    if (listens !== undefined) symlinkSync(`socket:[9${pid}]`, join(own, "fd/3"));
  }
  // Of a first process that has more capabilities not even root may read the namespaces.
  symlinkSync("10", join(proc, "self"));
  return proc;
}

const socket = "/run/containerd/containerd.sock";
const dockerd: Recorded = { pid: 10, name: "dockerd", exe: "/usr/bin/dockerd" };
const containerd: Recorded = { pid: 11, name: "containerd", exe: "/usr/bin/containerd", listens: socket };
const shim: Recorded = { pid: 12, name: "containerd-shim", exe: "/usr/bin/containerd-shim-runc-v2" };
const first: Recorded = { pid: 13, parent: 12, name: "nginx", exe: "/usr/sbin/nginx" };

it("an Engine's tasks are its dockerd, the containerd that it speaks to, and the shims of its containers", () => {
  const updated = { ...containerd, exe: "/usr/bin/containerd (deleted)" };
  const proc = layProc([dockerd, updated, shim, first]);
  expect(tasksOfEngine(10, [13], proc)).toEqual([10, 11, 12]);
  const own = "/run/other/containerd/containerd.sock";
  const pointed = { ...dockerd, command: `dockerd --containerd=${own}` };
  expect(
    tasksOfEngine(10, [], layProc([pointed, containerd, { ...containerd, pid: 14, listens: own }])),
  ).toEqual([10, 14]);
  const child = { ...containerd, parent: 10, listens: own };
  expect(tasksOfEngine(10, [], layProc([{ ...dockerd, command: "dockerd --debug" }, child]))).toEqual([
    10, 11,
  ]);
});

it("a process that only calls itself so is none of them", () => {
  const called = { ...containerd, pid: 20, exe: "/usr/bin/python3", listens: undefined };
  const lies = { ...called, exe: "/home/eve/containerd" };
  expect(tasksOfEngine(10, [], layProc([dockerd, containerd, called]))).toEqual([10, 11]);
  expect(tasksOfEngine(10, [], layProc([dockerd, containerd, lies]))).toEqual([10, 11]);
  const parent = { ...shim, exe: "/home/eve/reaper" };
  expect(tasksOfEngine(10, [13], layProc([dockerd, containerd, parent, first]))).toEqual([10, 11]);
  expect(shimOf(13, layProc([parent, first]))).toBeUndefined();
});

it("an Engine inside a container, and what calls itself one, start nothing of this machine's", () => {
  const inside = { ...dockerd, pid: 30, isContainers: true };
  const called = { ...dockerd, pid: 31, exe: "/usr/bin/perl" };
  const runc = { pid: 32, name: "exe", exe: "/usr/bin/runc" };
  expect([...engineTasks(layProc([dockerd, containerd, shim, inside, called, runc]))].sort()).toEqual([
    10, 11, 12, 32,
  ]);
});
