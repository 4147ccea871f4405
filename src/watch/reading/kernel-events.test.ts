import { expect, it } from "vitest";
import { parseKernelEvents } from "./kernel-events.ts";

const lines = `
            mount-20601   [000] .....  17534.288808: sys_move_mount -> 0x0
        my - prog-7       [001] d..1.      0.000001: sys_setns -> 0x0
CPU:0 [LOST 12 EVENTS]
              sh-20598   [001] d..1. 17534.482171: cgroup_attach_task: dst_root=8 dst_id=74006 dst_level=1 dst_path=/h13 pid=20599 comm=sleep
   sys_setns -> 0x0-8      [001] .....  17534.288808: sched_process_exec: filename=/bin/true pid=8 old_pid=8
what is this
CPU:1 [LOST 3 EVENTS]
`.split("\n");

it("tells who called what, who was moved, and how much was lost", () => {
  expect(parseKernelEvents(lines)).toEqual({
    calls: [
      { call: "move_mount", pid: 20601, process: "mount" },
      { call: "setns", pid: 7, process: "my - prog" },
      { call: "cgroup.procs", pid: 20599, process: "sh" },
    ],
    lost: 15,
  });
  expect(parseKernelEvents([])).toEqual({ calls: [], lost: 0 });
});
