import { expect, it } from "vitest";
import { openCgroup } from "./cgroup.ts";

const budget = { memory: 1024 ** 3, pids: 200, cpus: 2, disk: 1024 ** 3, time: 60 } as never;

async function saidOf(info: object, isHere = true) {
  const said: string[] = [];
  const cgroup = openCgroup(
    { value: "x", budget, cpuset: undefined },
    { get: async () => ({ ok: true, value: info }) },
    isHere ? async () => ({ ok: false, reason: "it may not" }) : undefined,
    (text) => said.push(text),
  );
  expect(await cgroup.parent()).toBeUndefined();
  return said;
}

it("without a cgroup around it, says how the budget is held: by each container's limits, or not at all", async () => {
  const byEach = "a build's memory and processes are not limited";
  expect(await saidOf({ CgroupDriver: "systemd" })).toEqual([
    `the budget is held container by container (its cgroup driver is systemd, not cgroupfs): ${byEach}`,
  ]);
  const v1 = { CgroupDriver: "none", CgroupVersion: "1", SecurityOptions: ["name=rootless"] };
  for (const isHere of [true, false])
    expect(await saidOf(v1, isHere)).toEqual([
      "the budget of memory, processes, CPUs is not held: the Engine sets no such limit, since it is rootless on cgroup v1, where users get no cgroups (engine-limits)",
    ]);
  expect(await saidOf({ CgroupDriver: "systemd", PidsLimit: false })).toEqual([
    "the budget of processes is not held: the Engine sets no such limit, since the kernel lacks the controllers (engine-limits)",
    expect.stringContaining("container by container"),
  ]);
});
