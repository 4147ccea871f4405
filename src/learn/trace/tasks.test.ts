import { expect, it } from "vitest";
import { followTasks } from "./tasks.ts";

const lines = `
  containerd-shi-100     [000] .....    1.000000: sched_process_fork: comm=containerd-shi pid=100 child_comm=containerd-shi child_pid=200
            runc-200     [001] .....    1.010000: sched_process_exec: filename=/usr/bin/runc pid=200 old_pid=200
            runc-200     [001] .....    1.020000: sched_process_exec: filename=/proc/self/exe pid=200 old_pid=200
            runc-200     [001] .....    1.100000: cap_capable: cred 0000000012, target_ns 00000000a, capable_ns 00000000b, cap 21, ret 0
            runc-200     [001] .....    1.150000: sys_enter: NR 317 (1, 2, 3)
       runc init-200     [001] .....    1.200000: sched_process_fork: comm=runc init pid=200 child_comm=runc init child_pid=201
       runc init-201     [001] .....    1.210000: sys_enter: NR 99 (1)
         my-prog-200     [001] .....    1.300000: sched_process_exec: filename=/app pid=200 old_pid=200
         my-prog-200     [001] .....    1.400000: cap_capable: cred 0000000012, target_ns 00000000a, capable_ns 00000000b, cap 0, ret 0
         my-prog-200     [001] .....    1.500000: sched_process_fork: comm=my-prog pid=200 child_comm=my-prog child_pid=300
         my prog-300     [000] .....    1.600000: cap_capable: cred 0000000012, target_ns 00000000a, capable_ns 00000000b, cap 7, ret 0
         my prog-300     [000] .....    1.700000: cap_capable: cred 0000000012, target_ns 00000000a, capable_ns 00000000b, cap 24, ret -1
         my prog-300     [000] .....    1.800000: sched_process_exec: filename=/other pid=300 old_pid=300
           other-300     [000] .....    1.850000: sched_process_exec: filename=/proc/self/exe pid=300 old_pid=300
           other-300     [000] d..1.    1.900000: sys_enter: NR 257 (ffffff9c, 7ffd, 0)
  containerd-shi-100     [000] .....    1.910000: sched_process_fork: comm=containerd-shi pid=100 child_comm=containerd-shi child_pid=400
            runc-400     [001] .....    1.920000: sched_process_exec: filename=/usr/sbin/runc pid=400 old_pid=400
            runc-400     [001] .....    1.930000: sys_enter: NR 41 (1)
              sh-400     [001] .....    1.940000: sched_process_exec: filename=/bin/sh pid=400 old_pid=400
              sh-400     [001] .....    1.950000: sys_enter: NR 39 (1)
              sh-400     [001] .....    1.955000: sys_enter: NR 41 (11, 80002, 0, 1, 2, 3)
              sh-400     [001] .....    1.956000: sys_socket(family: 10, type: 3, protocol: 0)
              sh-400     [001] .....    1.960000: sys_newuname(name: 7ffd12)
CPU:0 [LOST 12 EVENTS]
            else-999     [000] .....    2.000000: cap_capable: cred 0000000012, target_ns 00000000a, capable_ns 00000000b, cap 1, ret 0
`;

it("takes what a container's processes ask for from its program's start on and what docker exec runs in it, nothing of runc's or of others", () => {
  const tasks = followTasks("amd64");
  for (const line of lines.split("\n")) tasks.take(line);
  const { granted, denied, calls, families } = tasks.asked([100]);
  expect([...granted]).toEqual([
    ["CHOWN", 1.4],
    ["SETUID", 1.6],
  ]);
  expect([...denied]).toEqual(["SYS_RESOURCE"]);
  expect([...calls]).toEqual(["socket", "openat", "getpid", "uname"]);
  // Hexadecimal; runc's own is not counted.
  expect([...(families ?? [])]).toEqual([17, 16]);
  expect(tasks.lost()).toBe(12);
});
