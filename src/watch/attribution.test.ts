import { expect, it } from "vitest";
import { findingOf } from "../../test/support/changes.ts";
import { causeOfField, causeOfFinding } from "./attribution.ts";
import type { Cause, EventCause } from "./change.ts";

const kernel = (call: string): Cause => ({ kind: "kernel", call, process: "x", pid: 7 });
const event = (action: string, type = "container"): EventCause => ({
  ...{ kind: "event", type, action, actor: { id: "1", name: "web" } },
  ...{ process: null, time: "2027-01-31T12:00:00.000Z" },
});
const file = (name: string): Cause => ({ kind: "file", path: `/sys/fs/cgroup/x/docker/1/${name}` });
const seen = "2027-01-31T12:00:00.000Z";
const driftIn = (...fields: readonly string[]) =>
  findingOf("drift", {
    since: Object.fromEntries(fields.map((field) => [field, { after: undefined, seen }])),
  });
const deviceRule = findingOf("device-access", {
  views: [{ level: "effective", verdict: "fail", observed: "c 188:* rmw" }],
});

it.each([
  ["a limit by a moved process", kernel("cgroup.procs"), findingOf("memory-limit")],
  ["a limit by an update", event("update"), findingOf("pids-limit")],
  ["a limit by a start", event("start"), findingOf("cpu-limit")],
  ["a limit after a pause of the watch", { kind: "reconnect" } as const, findingOf("cpu-limit")],
  ["a root file system by a remount", kernel("mount"), findingOf("read-only-rootfs")],
  ["a mount by an exec", event("exec_start"), findingOf("kernel-file-system")],
  ["root by a setuid program", kernel("execve"), findingOf("root-user")],
  ["a process from outside", kernel("setns"), findingOf("privileged-exec")],
  ["a process in another cgroup", kernel("cgroup.procs"), findingOf("cgroup-parent")],
  ["a drift of mounts and limits by a mount", kernel("mount"), driftIn("memory", "mount /data")],
  ["a device by a mount", kernel("mount"), findingOf("device-access")],
  ["a limit by its file", file("pids.max"), findingOf("pids-limit")],
  ["a device rule by its file", file("devices.allow"), deviceRule],
  ["a drift of several by the file of one", file("memory.max"), driftIn("pids-limit", "memory")],
  ["what the kernel does after a stop", event("die"), findingOf("privileged", { level: "effective" })],
  ["a finding under a new name", event("rename"), findingOf("memory-limit")],
])("names what can bring it about: %s", (_, cause, finding) => {
  expect(causeOfFinding(cause, finding)).toBe(cause);
});

it.each([
  ["a limit after a write to another's file", file("pids.max"), findingOf("memory-limit")],
  ["a mount after a write to a limit's file", file("pids.max"), findingOf("read-only-rootfs")],
  ["a limit after capset", kernel("capset"), findingOf("memory-limit")],
  ["a limit after a mount", kernel("mount"), findingOf("pids-limit")],
  ["a limit after setns", kernel("setns"), findingOf("cpu-limit")],
  ["a limit after an exec", event("exec_start"), findingOf("memory-limit")],
  ["a limit after a network is connected", event("connect", "network"), findingOf("memory-limit")],
  ["a limit after dockerd's reload", event("reload", "daemon"), findingOf("memory-limit")],
  ["a device rule after setuid", kernel("setuid"), deviceRule],
  ["a device rule after a mount", kernel("mount"), deviceRule],
  [
    "what the Engine is asked for after a stop",
    event("die"),
    findingOf("privileged", { level: "configured" }),
  ],
  ["a remount after capset", kernel("capset"), findingOf("read-only-rootfs")],
  ["a remount after an update", event("update"), findingOf("read-only-rootfs")],
  ["root after a mount", kernel("mount"), findingOf("root-user")],
  ["a drift of limits after execve", kernel("execve"), driftIn("memory", "device-cgroup-rule")],
])("does not blame what cannot: %s", (_, cause, finding) => {
  expect(causeOfFinding(cause, finding)).toEqual({ kind: "sweep" });
});

it("a file that was written has to do with it where the look only came by", () => {
  const memory = file("memory.max");
  for (const cause of [{ kind: "sweep" } as const, kernel("execve"), event("exec_start")]) {
    expect(causeOfFinding(cause, findingOf("memory-limit"), memory)).toBe(memory);
    expect(causeOfFinding(cause, findingOf("pids-limit"), memory)).toEqual({ kind: "sweep" });
    expect(causeOfField(cause, "memory", memory)).toBe(memory);
  }
  expect(causeOfFinding(event("update"), findingOf("memory-limit"), memory)).toEqual(event("update"));
});

it("asks for each field of a drift alone", () => {
  expect(causeOfField(kernel("mount"), "memory")).toEqual({ kind: "sweep" });
  expect(causeOfField(kernel("mount"), "mount /data")).toEqual(kernel("mount"));
  expect(causeOfField(kernel("capset"), "cap-add")).toEqual(kernel("capset"));
});

it("keeps that calls were dropped, where nothing else can have brought it about", () => {
  const missed: Cause = { kind: "sweep", missed: true };
  expect(causeOfFinding(missed, findingOf("memory-limit"))).toBe(missed);
  expect(causeOfField(missed, "memory", file("memory.max"))).toEqual(file("memory.max"));
});
