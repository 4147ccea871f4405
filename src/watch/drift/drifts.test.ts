import { expect, it } from "vitest";
import type { Since } from "../../model/since.ts";
import type { Cause } from "../change.ts";
import { openDrifts } from "./drifts.ts";

const sweep: Cause = { kind: "sweep" };
const second = 1_000;
/** 2027-01-31T12:00:00Z. */
const noon = Date.UTC(2027, 0, 31, 12);

/** One container, read and looked at by a clock of the test's. */
function watched({
  canAsk = true,
  remembered = {},
}: {
  canAsk?: boolean;
  remembered?: Record<string, Since>;
} = {}) {
  let now = 0;
  let seenBefore: number | undefined;
  const asked: number[] = [];
  const drifts = openDrifts(
    (_, __, after) => {
      asked.push(now + after);
      return canAsk;
    },
    new Map([["container:web", remembered]]),
    { monotonic: () => now, wall: () => noon + now },
  );
  function look(time: number, fields: readonly string[], more: Partial<Parameters<typeof drifts.told>[0]>) {
    now = time;
    const differences = fields.map((field) => ({ field, configured: "1", effective: "2", origins: [] }));
    const told = drifts.told({
      ...{ id: "a", subject: "container:web", cause: sweep, differences, limits: "A", pid: 7 },
      ...{ readAt: undefined, seenAt: noon + time, seenBefore },
      ...more,
    });
    seenBefore = noon + time;
    return [...told.keys()];
  }
  return {
    asked,
    drifts,
    /** The kernel alone is looked at. */
    sweep: (time: number, fields: readonly string[], more: { cause?: Cause; pid?: number } = {}) =>
      look(time, fields, more),
    /** The configuration is read, and then the kernel. */
    read: (time: number, fields: readonly string[], limits = "A") =>
      look(time, fields, { limits, readAt: time }),
    updated(time: number) {
      now = time;
      drifts.updated("a");
    },
    since: (time: number, field: string) => {
      now = time;
      const told = drifts.told({
        ...{ id: "a", subject: "container:web", cause: sweep, limits: "A", pid: 7, readAt: time },
        ...{ differences: [{ field, configured: "1", effective: "2", origins: [] }] },
        ...{ seenAt: noon + time, seenBefore },
      });
      seenBefore = noon + time;
      return told.get(field);
    },
  };
}

it("a limit that was changed behind the Engine's back is reported once it was read again: no update is under way", () => {
  const { sweep, read, asked } = watched();
  read(0, []);
  expect(sweep(5_000, ["memory"])).toEqual([]);
  expect(asked).toEqual([5_150]);
  expect(read(5_150, ["memory"])).toEqual(["memory"]);
  expect(sweep(10_000, ["memory"])).toEqual(["memory"]);
  expect(asked).toEqual([5_150]);
});

it("an update under way is no drift, however long it takes: the Engine says its end", () => {
  const { read, sweep, updated } = watched();
  read(0, []);
  // The configuration has the new limit, the kernel the old one.
  expect(sweep(1_000, ["memory"])).toEqual([]);
  for (const time of [1_150, 3_000, 7_000]) expect(read(time, ["memory"], "B")).toEqual([]);
  updated(8_000);
  expect(read(8_010, [], "B")).toEqual([]);
  // From here on it is known again.
  sweep(9_000, ["memory"]);
  expect(read(9_150, ["memory"], "B")).toEqual(["memory"]);
});

it("updates to and fro are no drift although they show the same difference again and again", () => {
  const { read, sweep, updated } = watched();
  read(0, []);
  for (let round = 0; round < 100; round += 1) {
    const at = 1_000 + round * 4_000;
    // Tightened: read in the middle, then at the end. Then loosened, which the kernel has before the event.
    expect(read(at, ["memory"], "B")).toEqual([]);
    expect(read(at + 1_000, ["memory"], "B")).toEqual([]);
    updated(at + 1_500);
    expect(read(at + 1_510, [], "B")).toEqual([]);
    expect(sweep(at + 2_500, ["memory"])).toEqual([]);
    updated(at + 2_600);
    expect(read(at + 2_610, [])).toEqual([]);
  }
});

it("an update whose event comes after the configuration that it left is found by asking the Engine", () => {
  const { read, sweep, drifts } = watched();
  read(0, []);
  sweep(5_000, ["memory"]);
  expect(drifts.doubtedSince("a")).toBe(noon);
  // It says that one ended since: another one may be under way, back to the first limits.
  drifts.updated("a");
  expect(read(5_150, ["memory"])).toEqual([]);
});

it("where the configuration changed and no event comes, it is reported after ten seconds", () => {
  const { read, asked } = watched();
  read(0, []);
  expect(read(1_000, ["memory"], "B")).toEqual([]);
  expect(read(5_000, ["memory"], "B")).toEqual([]);
  expect(asked).toEqual([11_000]);
  expect(read(11_000, ["memory"], "B")).toEqual(["memory"]);
});

it("one that differs at each look of a minute is reported although updates never end", () => {
  const { read, updated } = watched();
  read(0, []);
  for (let time = 1_000; time < 61_000; time += second) {
    expect(read(time, ["memory"], String(time))).toEqual([]);
    updated(time + 10);
  }
  expect(read(61_000, ["memory"], "B")).toEqual(["memory"]);
});

it("what no update changes is reported once the configuration was read again", () => {
  const { read, sweep, asked } = watched();
  expect(read(0, ["mount /data", "memory"])).toEqual([]);
  // A reading that began before tells nothing new.
  expect(sweep(100, ["mount /data", "memory"])).toEqual([]);
  expect(read(150, ["mount /data", "memory"], "B")).toEqual(["mount /data"]);
  expect(read(200, [])).toEqual([]);
  expect(read(300, ["mount /data"])).toEqual([]);
  expect(asked[0]).toBe(150);
});

it("where nobody can be asked, and at the start, it is reported at once", () => {
  expect(watched({ canAsk: false }).sweep(0, ["memory"])).toEqual(["memory"]);
  expect(watched().sweep(0, ["memory"], { cause: { kind: "start" } })).toEqual(["memory"]);
});

it("after events may have been lost, a limit waits as after an update", () => {
  const { read, drifts } = watched();
  read(0, []);
  drifts.missed();
  expect(read(1_000, ["memory"])).toEqual([]);
  expect(read(1_150, ["memory"])).toEqual([]);
  expect(read(11_000, ["memory"])).toEqual(["memory"]);
});

it("another run is another doubt", () => {
  const { read, sweep } = watched();
  read(0, []);
  sweep(1_000, ["memory"]);
  expect(read(1_150, ["memory"])).toEqual(["memory"]);
  expect(sweep(2_000, ["memory"], { pid: 8 })).toEqual([]);
});

it("another difference is a doubt of its own", () => {
  const { read, sweep, asked } = watched();
  read(0, []);
  sweep(1_000, ["memory"]);
  read(1_150, ["memory"]);
  expect(sweep(1_500, ["memory", "cpus"])).toEqual(["memory"]);
  expect(asked).toEqual([1_150, 1_650]);
  expect(read(1_650, ["memory", "cpus"])).toEqual(["memory", "cpus"]);
});

it("a limit beside one that differs already is reported once it was read again", () => {
  const { read, sweep } = watched();
  sweep(0, ["memory"], { cause: { kind: "start" } });
  read(100, ["memory"]);
  expect(sweep(5_000, ["memory", "cpus"])).toEqual(["memory"]);
  expect(read(5_150, ["memory", "cpus"])).toEqual(["memory", "cpus"]);
});

it("has the cause of the look that saw it first, whatever had it read again", () => {
  const { sweep, read, drifts } = watched();
  read(0, []);
  const kernel: Cause = { kind: "kernel", call: "mount", process: "mount", pid: 1 };
  sweep(1_000, ["mount /data"], { cause: kernel });
  expect(read(1_150, ["mount /data"])).toEqual(["mount /data"]);
  expect(drifts.causeOf("a")).toEqual(kernel);
  read(2_000, ["mount /data"]);
  expect(drifts.causeOf("a")).toBeUndefined();
});

it("a reading that was lost is asked for again", () => {
  const { read, sweep, asked } = watched();
  read(0, []);
  sweep(1_000, ["memory"]);
  sweep(2_000, ["memory"]);
  sweep(6_200, ["memory"]);
  expect(asked).toEqual([1_150, 6_350]);
});

it("says between which looks it came about, and goes on saying so", () => {
  const { read, sweep, since } = watched();
  read(31_000, []);
  sweep(33_000, ["memory"]);
  const told = { after: "2027-01-31T12:00:31.000Z", seen: "2027-01-31T12:00:33.000Z" };
  expect(since(34_000, "memory")).toEqual(told);
  expect(since(90_000, "memory")).toEqual(told);
});

it("what differed at the first look says when that was, or what an earlier watch saw", () => {
  const start = { cause: { kind: "start" } } as const;
  const first = watched();
  first.sweep(5_000, ["memory"], start);
  expect(first.since(9_000, "memory")).toEqual({ after: undefined, seen: "2027-01-31T12:00:05.000Z" });
  const before = { after: "2027-01-30T01:02:03.000Z", seen: "2027-01-30T01:02:05.000Z" };
  const again = watched({ remembered: { memory: before } });
  again.sweep(5_000, ["memory", "cpus"], start);
  expect(again.since(9_000, "memory")).toEqual(before);
  again.read(10_000, []);
  again.sweep(20_000, ["memory"]);
  expect(again.since(20_150, "memory")?.seen).toBe("2027-01-31T12:00:20.000Z");
});
