import { describe, expect, it } from "vitest";
import { followRefusals } from "./follow.ts";
import type { Refusal } from "./refusal.ts";

const id = "a".repeat(64);

/** Lines as Linux 6.18 writes them; the container's first process is 10. */
function follow(...lines: readonly string[]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const follower = followRefusals(
    { refused: (refusal) => refusals.push(refusal), readTexts: () => ["/read"] },
    "amd64",
  );
  const line = (text: string, at: number) => `    app-10    (     10) [000] ..... ${at}.5: ${text}`;
  follower.take(
    line(`cgroup_attach_task: dst_root=3 dst_id=1 dst_level=2 dst_path=/docker/${id} pid=10 comm=runc`, 0),
  );
  follower.take(line("sched_process_exec: filename=/bin/app pid=10 old_pid=10", 0));
  follower.take(line("sys_enter: NR 39 (0, 0, 0, 0, 0, 0)", 0));
  follower.take(line("sys_exit: NR 39 = 1", 0));
  for (const text of lines) {
    const [, at = "1.5", rest = text] = /^@([\d.]+) (.*)$/.exec(text) ?? [];
    follower.take(rest.includes("LOST") ? rest : line(rest, 1).replace("1.5", at));
  }
  return refusals;
}

const mkdir = ["sys_enter: NR 83 (7fff545a6fb6, 1ff, 0, 0, 0, 0)", "sys_exit: NR 83 = -30"];

describe("followRefusals", () => {
  it("tells a call that the kernel refused, with its arguments", () => {
    expect(follow(...mkdir)).toMatchObject([
      {
        container: id,
        pid: 10,
        process: "app",
        call: "mkdir",
        error: "EROFS",
        isSeccomp: false,
        texts: ["/read"],
      },
    ]);
    expect(follow(...mkdir)[0]?.words?.[1]).toBe(0o777n);
  });

  it("takes a path that the trace itself shows", () => {
    const [enter = "", exit = ""] = mkdir;
    expect(follow(enter, 'mkdir: (syscalls.sys_enter_mkdir) t0="/var/cache/x"', exit)[0]?.texts).toEqual([
      "/var/cache/x",
    ]);
  });

  it("takes the port that a program binds, and the capability that a kernel without an event of its own is asked for", () => {
    const refusals = follow(
      "sys_enter_bind: (syscalls.sys_enter_bind) t1=0x50000002",
      "sys_enter: NR 49 (3, 7fff545a6fb6, 10, 0, 0, 0)",
      ...[
        "cap_asked: (cap_capable+0x0/0x70) cap=10",
        "cap_answered: (ns_capable+0x2a/0x60 <- cap_capable) ret=-1",
      ],
      "sys_exit: NR 49 = -13",
    );
    expect(refusals).toMatchObject([{ call: "bind", texts: [":80"], missing: ["NET_BIND_SERVICE"] }]);
  });

  it("calls one that never began refused by seccomp, unless its beginning may be missing", () => {
    expect(follow("sys_exit: NR 272 = -1")).toMatchObject([
      { call: "unshare", isSeccomp: true, words: undefined },
    ]);
    expect(follow("CPU:0 [LOST 12 EVENTS]", "sys_exit: NR 272 = -1")).toMatchObject([{ isSeccomp: false }]);
    expect(follow(...mkdir, "sys_exit: NR 83 = -1")).toMatchObject([
      { isSeccomp: false },
      { isSeccomp: true },
    ]);
  });

  it("keeps the capabilities that were asked for in the call and not had", () => {
    const capability = (cap: number, ret: number) =>
      `cap_capable: cred 0, target_ns 0, capable_ns 0, cap ${cap}, ret ${ret}`;
    const refusals = follow(
      capability(21, -1),
      "sys_enter: NR 92 (7f, 5, ffffffff, 0, 0, 0)",
      ...[capability(6, 0), capability(0, -1)],
      "sys_exit: NR 92 = -1",
    );
    expect(refusals).toMatchObject([{ call: "chown", missing: ["CHOWN"] }]);
  });

  it.each([
    ["@1.6 sys_enter: NR 231 (1, 0, 0, 0, 0, 0)", { kind: "exit", status: 1 }],
    ["@1.6 sys_enter: NR 231 (0, 0, 0, 0, 0, 0)", { kind: "survived" }],
    ["@9.0 sys_enter: NR 231 (1, 0, 0, 0, 0, 0)", { kind: "survived" }],
    [
      "@1.6 signal_generate: sig=6 errno=0 code=-6 comm=app pid=10 grp=0 res=0",
      { kind: "signal", signal: "SIGABRT" },
    ],
  ])("knows what became of it after %s", (line, fate) => {
    const at = /^@[\d.]+/.exec(line)?.[0];
    const exit = `${at} sched_process_exit: comm=app pid=10 prio=120 group_dead=true`;
    expect(follow(...mkdir, line, exit)[0]?.fate).toEqual(fate);
  });

  it("says nothing of the runtime, of a call that would have to wait, or of a file that cannot be polled", () => {
    expect(
      follow(
        ...["sys_enter: NR 0 (0, 0, 0, 0, 0, 0)", "sys_exit: NR 0 = -11"],
        ...["sys_enter: NR 233 (7, 1, 4, 0, 0, 0)", "sys_exit: NR 233 = -1"],
      ),
    ).toEqual([]);
  });

  it("says nothing of clone3 where the C library is sent to clone by it, and names one that is refused otherwise", () => {
    expect(follow("sys_exit: NR 435 = -38")).toEqual([]);
    expect(follow("sys_exit: NR 435 = -1")).toMatchObject([{ call: "clone3", isSeccomp: true }]);
    expect(follow("sys_exit: NR 272 = -38")).toMatchObject([{ call: "unshare", isSeccomp: true }]);
  });

  it("tells a kill by seccomp and by the memory limit", () => {
    expect(
      follow(
        "signal_generate: sig=31 errno=162 code=1 comm=app pid=10 grp=0 res=0",
        "mark_victim: pid=10 comm=app total-vm=1kB anon-rss=1kB file-rss:0kB shmem-rss:0kB uid=0 pgtables=1kB oom_score_adj=0",
      ),
    ).toMatchObject([
      { error: "SIGSYS", isSeccomp: true, fate: { kind: "signal", signal: "SIGSYS" } },
      { error: "OOM", fate: { kind: "signal", signal: "SIGKILL" } },
    ]);
  });
});
