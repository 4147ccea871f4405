import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import type { Cause } from "../change.ts";
import { followKernelCalls } from "./kernel-calls.ts";
import type { KernelCall, KernelCalls, KernelEvents, KernelStart } from "./kernel-events.ts";
import { testSession } from "./testing/session.ts";

/** Processes that live, and the containers they are in. */
const owners = new Map([
  [100, "web"],
  [200, "db"],
  [101, "web"],
]);

const call = (name: string, pid: number, caller = pid): KernelCall => ({
  ...{ call: name, pid, caller },
  process: "x",
});
const fork = (caller: number, child: number): KernelStart => ({ start: "fork", caller, child });
const numbers = (count: number, from: number) => Array.from({ length: count }, (_, at) => from + at);

/** A follower of two containers, with the kernel's word put into its mouth. */
function following() {
  const { session, stop } = testSession({}, []);
  const { inventory, publisher } = session;
  /** What a finding would be put down to that is found now. */
  const causes: Cause[] = [];
  vi.spyOn(publisher, "containers").mockImplementation((ids, cause) => causes.push(...ids.map(cause)));
  const told: { entries: KernelCalls[]; rights: KernelCalls[] } = { entries: [], rights: [] };
  const looks: string[][] = [];
  const said: string[] = [];
  const lost: number[] = [];
  const others = new Set<number>();
  const muted: number[][] = [];
  const did: string[] = [];
  let changed: readonly string[] = [];
  let isAble = true;
  const none: KernelCalls = { calls: [], lost: 0, span: 0 };
  const events: KernelEvents = {
    entries: () => told.entries.shift() ?? none,
    rights: () => told.rights.shift() ?? none,
    follow: (tasks) => void did.push(`follow ${tasks.join(" ")}`.trim()),
    tellForks: (on) => void did.push(`forks ${on}`),
    mute: (tasks) => isAble && muted.push([...tasks]) > 0,
    unmute: () => void did.push("unmute"),
    restore() {
      const found = changed;
      changed = [];
      return found;
    },
    close: () => void did.push("close"),
  };
  const live = (id: string, pid: number | undefined) => ({ id, name: id, pid }) as unknown as LiveContainer;
  vi.spyOn(inventory, "list").mockImplementation(() => [
    live("web", 100),
    live("db", 200),
    live("off", undefined),
  ]);
  vi.spyOn(inventory, "ownerOf").mockImplementation((pid) =>
    owners.has(pid) ? { id: owners.get(pid) } : pid === 1 ? { id: undefined } : "gone",
  );
  vi.spyOn(inventory, "holdsOther").mockImplementation((_, pid) => others.has(pid));
  vi.spyOn(inventory, "tasksOf").mockImplementation((id) => (id === "web" ? [100, 101] : []));
  vi.spyOn(inventory, "parentOf").mockReturnValue(0);
  vi.spyOn(inventory, "cameIn").mockReturnValue([]);
  vi.spyOn(inventory, "mountedOtherwise").mockReturnValue(["db"]);
  vi.spyOn(inventory, "lookAt").mockImplementation((ids) => {
    looks.push([...ids]);
    return { changed: ids, unsettled: [], ended: [], seen: true };
  });
  Object.assign(session.listener, {
    say: (text: string) => said.push(text),
    kernelEvents: (_: number, dropped: number) => lost.push(dropped),
  });
  const follower = followKernelCalls(session, events);
  onTestFinished(() => {
    follower.stop();
    stop();
  });
  const tick = async (milliseconds = 250) => {
    looks.length = 0;
    causes.length = 0;
    await vi.advanceTimersByTimeAsync(milliseconds);
    return looks.map((ids) => ids.join(" "));
  };
  return {
    ...{ follower, looks, causes, said, lost, others, muted, did, tick },
    entries: (...calls: readonly (KernelCall | KernelStart)[]) =>
      told.entries.push({ calls, lost: 0, span: 0 }),
    rights: (calls: readonly (KernelCall | KernelStart)[], dropped = 0) =>
      told.rights.push({ calls, lost: dropped, span: 0 }),
    cannotMute: () => {
      isAble = false;
    },
    somebodyChanges: (...files: readonly string[]) => {
      changed = files;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("looks at the caller's container, and once more a moment after an entry", async () => {
  const { entries, tick } = following();
  entries(call("mount", 100));
  expect(await tick()).toEqual(["web"]);
  entries(call("setns", 200));
  expect(await tick()).toEqual(["db"]);
  expect(await tick(300)).toEqual(["db"]);
  entries(call("mount", 1));
  expect(await tick()).toEqual([]);
});

it("looks at all after a call whose caller ended, and after a mount at those that are mounted otherwise", async () => {
  const { entries, tick } = following();
  entries(call("umount", 999));
  expect(await tick()).toEqual(["db"]);
  entries(call("setns", 999));
  expect(await tick()).toEqual(["web db"]);
  entries(call("mount", 999), call("cgroup.procs", 998));
  expect(await tick()).toEqual(["web db"]);
  expect(await tick()).toEqual([]);
});

it("looks where a process holds other rights, and at all where calls were lost or are too many", async () => {
  const { rights, others, lost, tick } = following();
  others.add(101);
  rights([call("execve", 100), call("setuid", 101)]);
  expect(await tick()).toEqual(["web"]);
  rights([call("execve", 200)]);
  expect(await tick()).toEqual([]);
  rights([], 7);
  expect(await tick()).toEqual(["web db"]);
  expect(lost.includes(7)).toBe(true);
  rights(numbers(2_001, 10_000).map((pid) => call("execve", pid)));
  expect(await tick()).toEqual(["web db"]);
  rights(numbers(140, 10_000).map((pid) => call("execve", pid)));
  expect(await tick()).toEqual([]);
});

it("leaves out a container without end for a minute, looks at it meanwhile, and hears the others", async () => {
  const { rights, others, muted, did, said, tick } = following();
  const storm = (from: number) => numbers(200, from).flatMap((pid) => [fork(100, pid), call("execve", pid)]);
  others.add(200);
  rights(storm(10_000));
  await tick();
  expect(did.at(-1)).toBe("forks true");
  expect(muted).toEqual([]);
  rights([...storm(20_000), call("execve", 200)]);
  expect(await tick()).toEqual(["web db"]);
  // Those in its cgroup; the task that starts them is none of this machine's here.
  expect(muted).toEqual([[100, 101]]);
  expect(said).toEqual([expect.stringMatching(/^web makes more calls than can be looked at/)]);
  // Some slipped through: it is tried again, and not without end.
  for (const from of [30_000, 31_000, 32_000, 33_000, 34_000]) {
    rights(storm(from));
    await tick();
  }
  expect(muted).toHaveLength(4);
  expect(await tick(12_000)).toEqual(["web", "web", "web", "web"]);
  rights([call("execve", 200)]);
  expect(await tick(250)).toContain("db");
  expect(did).not.toContain("unmute");
  await tick(60_000);
  expect(did).toContain("unmute");
  expect(await tick(10_000)).toEqual([]);
  // It is said once of each.
  for (const from of [40_000, 50_000]) {
    rights(storm(from));
    await tick();
  }
  expect(muted).toHaveLength(5);
  // It goes on when it is heard again: one read is enough.
  await tick(58_000);
  const unmuted = () => did.filter((each) => each === "unmute").length;
  for (let ticks = 0; unmuted() < 2 && ticks < 20; ticks += 1) await tick();
  expect(did.slice(-2)).toEqual(["forks true", "unmute"]);
  rights(storm(60_000));
  await tick();
  expect(muted).toHaveLength(6);
  expect(said).toHaveLength(1);
});

it("asks for no forks where the kernel cannot leave anybody out", async () => {
  const { rights, did, said, tick, cannotMute } = following();
  cannotMute();
  for (const from of [10_000, 20_000, 30_000, 40_000]) {
    rights(numbers(200, from).flatMap((pid) => [fork(100, pid), call("execve", pid)]));
    await tick();
  }
  expect(did.filter((each) => each.startsWith("forks"))).toEqual(["forks true", "forks false"]);
  expect(said).toEqual([]);
});

it("says that somebody changed its trace, and looks at all", async () => {
  const { somebodyChanges, said, did, tick } = following();
  await tick(10_000);
  expect(said).toEqual([]);
  somebodyChanges("tracing_on");
  expect(await tick(5_000)).toEqual(["web db"]);
  expect(said).toEqual([expect.stringContaining("(tracing_on)")]);
  expect(did.some((each) => each.startsWith("follow"))).toBe(true);
});

it("ends where the trace cannot be read any more, and says so once", async () => {
  const { follower, said, did, tick } = following();
  await tick();
  follower.stop();
  follower.stop();
  expect(did.filter((each) => each === "close")).toHaveLength(1);
  expect(await tick(1_000)).toEqual([]);
  const broken = following();
  broken.entries({ call: "mount", pid: 100, caller: 100, process: "x" });
  broken.looks.push = () => {
    throw new Error("no such device");
  };
  await vi.advanceTimersByTimeAsync(1_000);
  expect(broken.said).toEqual([expect.stringContaining("no such device")]);
  expect(said).toEqual([]);
});

const afterLoss: Cause = { kind: "sweep", missed: true };

it("marks what is found after calls were dropped, and nothing after that", async () => {
  const { entries, rights, causes, tick } = following();
  rights([], 5);
  await tick();
  expect(causes).toEqual([afterLoss, afterLoss]);
  entries(call("setns", 1_000, 1_000), call("setns", 1_001, 1_001));
  await tick();
  expect(causes).toEqual([{ kind: "sweep" }, { kind: "sweep" }]);
});

it("marks what is found of a container that is left out, and of all as it is left out", async () => {
  const { rights, causes, muted, tick } = following();
  rights(Array.from({ length: 5_000 }, () => call("setresuid", 100)));
  await tick();
  expect(muted).toHaveLength(1);
  expect(causes).toEqual([afterLoss, afterLoss]);
  await tick(3_250);
  expect(causes).toEqual([afterLoss]);
});

it("marks what is found after somebody changed the trace", async () => {
  const { causes, somebodyChanges, tick } = following();
  somebodyChanges("tracing_on");
  await tick(5_250);
  expect(causes).toEqual([afterLoss, afterLoss]);
});
