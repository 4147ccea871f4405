import { expect, it } from "vitest";
import { readKernel } from "../read.ts";
import { cgroupV2, enginePid, id, initPid, initProcess, status, v2Host } from "../testing/hosts.ts";
import { layHost } from "../testing/recorded-host.ts";

const shim = 2080;
const execPid = 2200;
const other = 2300;
const runtime = "runc:[2:INIT]";

/** The names of the container's processes that the runtime is still starting. */
function starting(processes: Parameters<typeof initProcess>[0][]): readonly string[] {
  const host = v2Host();
  const pids = [initPid, ...processes.flatMap((each) => each?.pid ?? [])];
  const { proc, cgroup } = layHost({
    ...host,
    processes: [
      ...host.processes.filter(({ pid }) => !processes.some((each) => each?.pid === pid)),
      ...processes.map(initProcess),
    ],
    cgroup: cgroupV2({ "cgroup.procs": `${pids.join("\n")}\n` }),
  });
  const { views } = readKernel({
    containers: [{ id, name: "web", pid: initPid, execPids: [{ execId: "e", pid: execPid }] }],
    enginePid,
    proc,
    cgroup,
    sockets: [],
  });
  return (views.get(id)?.processes ?? []).filter((each) => each.starting).map(({ pid }) => String(pid));
}

const named = (name: string, pid: number, ppid: number, forkedOnly = false) => ({
  pid,
  forkedOnly,
  status: status({ name, pid, ppid }),
});

it("the first process of a container or an exec is starting until it runs a program, whatever the runtime's name", () => {
  expect(starting([named(runtime, initPid, shim, true)])).toEqual([String(initPid)]);
  expect(starting([named("youki", execPid, shim, true)])).toEqual([String(execPid)]);
});

it("a process that only calls itself so is not", () => {
  expect(starting([named(runtime, initPid, shim)])).toEqual([]);
  expect(starting([named(runtime, execPid, shim)])).toEqual([]);
});

it("what a process of the container forked is not, whatever its name", () => {
  expect(starting([named(runtime, other, initPid, true)])).toEqual([]);
  expect(starting([named(runtime, other, execPid, true), named("sh", execPid, shim)])).toEqual([]);
});
