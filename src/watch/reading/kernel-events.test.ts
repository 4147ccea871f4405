import { expect, it } from "vitest";
import { openLineage } from "./kernel-calls.ts";
import { parseKernelEvents } from "./kernel-events.ts";

const lines = `
            mount-20601   [000] .....  17534.288808: sys_move_mount -> 0x0
        my - prog-7       [001] d..1.      0.000001: sys_setns -> 0x0
CPU:0 [LOST 12 EVENTS]
              sh-20598   [001] d..1. 17534.482171: cgroup_attach_task: dst_root=8 dst_id=74006 dst_level=1 dst_path=/h13 pid=20599 comm=sleep
   sys_setns -> 0x0-8      [001] .....  17534.288808: sched_process_exec: filename=/bin/true pid=8 old_pid=8
         dockerd-31      [001] ..... 17534.288808: sched_process_fork: comm=dockerd pid=31 child_comm=x child_pid=3 child_pid=77
 runc:[2:INIT]-77      [001] ..... 17534.288809: sys_execve(filename: c0001, argv: c0002, envp: c0003)
what is this
CPU:1 [LOST 3 EVENTS]
`.split("\n");

it("says who called what, who was moved, what the Engine starts, and how much was lost", () => {
  expect(parseKernelEvents(lines)).toEqual({
    calls: [
      { call: "move_mount", pid: 20601, caller: 20601, process: "mount" },
      { call: "setns", pid: 7, caller: 7, process: "my - prog" },
      { call: "cgroup.procs", pid: 20599, caller: 20598, process: "sh" },
      { start: "fork", caller: 31, child: 77 },
      { start: "exec", caller: 77, process: "runc:[2:INIT]" },
    ],
    lost: 15,
    span: expect.closeTo(0.001, 3),
  });
  expect(parseKernelEvents([])).toEqual({ calls: [], lost: 0, span: 0 });
});

it("takes the time from the kernel's clock, and not from a program's name", () => {
  const line = (name: string, time: string) => `  ${name}-7       [001] d..1.  ${time}: sys_setuid -> 0x0`;
  const { span } = parseKernelEvents([
    line("x 1.0: ", "100.250000"),
    line("x", "100.5"),
    line("y 900.0: ", "101.0"),
  ]);
  expect(span).toBeCloseTo(750);
});

it("the Engine's own are known by ancestry, until they become a container's program", () => {
  let at = 0;
  const alive = new Set([1, 2, 3]);
  const lineage = openLineage(
    (task) => alive.has(task),
    () => at,
  );
  const fork = (caller: number, child: number) => lineage.take({ start: "fork", caller, child });
  const exec = (caller: number, process: string) => lineage.take({ start: "exec", caller, process });
  lineage.root([1]);
  fork(1, 2);
  exec(2, "containerd-shim");
  fork(2, 3);
  expect([1, 2, 3].map(lineage.has)).toEqual([true, true, true]);
  exec(3, "runc:[2:INIT]");
  expect(lineage.has(3)).toBe(false);
  // A container's program that calls itself runc, and what it starts.
  fork(3, 4);
  exec(4, "runc:[2:INIT]");
  expect(lineage.has(4)).toBe(false);
  // A number that is used again.
  fork(2, 5);
  fork(9, 5);
  expect(lineage.has(5)).toBe(false);
  fork(2, 6);
  at += 20_000;
  fork(1, 3);
  expect([2, 3, 6].map(lineage.has)).toEqual([true, true, false]);
  lineage.doubt();
  expect([1, 2, 3].map(lineage.has)).toEqual([true, false, false]);
});
