import { describe, expect, it, vi } from "vitest";
import { planForCompose } from "../../test/support/formats/plans.ts";
import type { JsonObject } from "../base/json.ts";
import { ok } from "../base/result.ts";
import type { PlannedStep } from "../fix/verify/source.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { Session, SessionOptions } from "../trial/session.ts";
import type { Observation } from "./observe/observe.ts";
import { type LearnRequest, mergeShown, nothingShown, type ShownNeeds } from "./request.ts";
import { trialsOf } from "./trials.ts";

/** A process that was granted these capabilities, and ended as this user. */
function observation(granted: readonly string[], uid: number): Observation {
  return {
    peaks: { memory: undefined, pids: undefined, cpus: undefined, disks: [] },
    users: { main: { uid, gid: uid }, others: [] },
    network: { peers: ["10.0.0.1:80"], sentBytes: 1_000_000 },
    ...{ listens: [], startsAs: "", places: { scratch: [], data: [], among: [] }, mounted: [] },
    asked: {
      granted: new Map(granted.map((name, at) => [name, at])),
      ...{ denied: new Set<string>(), calls: new Set<string>() },
    },
  };
}

/** Why a service does not work with its steps; undefined where it does. */
type Fails = (has: {
  readonly capabilities: readonly string[];
  readonly user: unknown;
  readonly readOnly: boolean;
}) => string | undefined;

/** Learns from a service that was seen so, and fails so. */
async function learnt(seen: Observation, shown: ShownNeeds, fails: Fails) {
  const lines: { readonly line: string; readonly at: number }[] = [];
  vi.useFakeTimers();
  const plan = {
    ...planForCompose("services: { web: { image: own:1 } }"),
    ...{ steps: [], open: [], declined: [] },
  } as unknown as Planned;
  const session = {
    ...{ starts: () => 0, secondsPerRun: () => 1 },
    /** It takes a second. */
    async run(document: { readonly services: Readonly<Record<string, JsonObject>> }) {
      await new Promise((done) => setTimeout(done, 1000));
      const { steps } = document.services.web as unknown as { steps: readonly PlannedStep[] };
      const patches = steps.flatMap(({ step }) => step.patches);
      const reason = fails({
        capabilities: patches.flatMap((each) =>
          each.op === "add" && each.field === "capAdd" ? [String(each.value)] : [],
        ),
        user: patches.flatMap((each) => (each.op === "set" && each.field === "user" ? [each.value] : []))[0],
        readOnly: patches.some(({ field }) => field === "readonlyRootfs"),
      });
      const suspects = reason?.startsWith("EROFS") ? ["read-only-rootfs"] : ["capabilities-drop"];
      const kind = reason?.startsWith("EROFS") ? "readOnly" : "notPermitted";
      const causes = reason === undefined ? [] : [{ reason, suspects, kind, service: "web" }];
      return { works: reason === undefined, reason, evidence: [], causes, run: {} };
    },
  } as unknown as Session;
  const request: LearnRequest = {
    plans: [plan],
    sourceOf: () => ({
      plans: [plan],
      serviceOf: () => "web",
      refused: async () => new Map(),
      document: async (steps) => ok({ name: "", folder: "/", services: { web: { steps } }, rest: {} }),
    }),
    ...{ watchFor: undefined, hostCpus: undefined, limitsDisks: false, memory: undefined, skip: [] },
    profiles: { folder: "/", pathOf: () => "p", appArmorName: () => "p" },
  };
  const options = {
    ...{ allow: [], signal: new AbortController().signal },
    progress: async (line: string) => lines.push({ line, at: Date.now() }),
  } as unknown as SessionOptions;
  const trials = trialsOf([plan], new Map([["web", { seen, shown }]]), {
    ...{ request, session, options, isLoaded: false },
    serviceOf: () => "web",
    baseline: {} as never,
    document: { name: "", folder: "/", services: { web: {} }, rest: {} },
    keep: () => "",
  });
  const running = trials.run().finally(() => vi.useRealTimers());
  while (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(1000);
  const [found] = await running;
  const ended = (lines.at(-1)?.at ?? 0) + 1000;
  if (!found) throw new Error("nothing was learnt");
  const own = trials.shown(plan);
  if (!own) throw new Error("nothing was shown");
  return {
    failure: found.failure,
    needed: [...found.capabilities.needed],
    user: found.user.reason,
    broken: found.broken.map(({ step, reason }) => [step.controls[0], reason]),
    shown: mergeShown(shown, own),
    /** At each run, the seconds that it says are left and those that were. */
    left: lines.map(({ line, at }) => ({
      said: Number(/; (\d+) s left if it holds$/.exec(line)?.[1]),
      took: (ended - at) / 1000,
    })),
  };
}

describe("the time left", () => {
  const data = { path: "/srv/data", uid: 0, gid: 0, files: 1, bytes: 1 };
  const withData = { ...observation(["CHOWN"], 0), places: { scratch: [], data: [data], among: [] } };
  const cases: readonly (readonly [string, Observation, Fails])[] = [
    ["no capability", observation([], 0), () => undefined],
    ["capabilities that it does not need", observation(["CHOWN", "FOWNER"], 0), () => undefined],
    ["one that it needs", observation(["CHOWN", "FOWNER"], 0), needsChown],
    [
      "more than are left out at once",
      observation(["CHOWN", "FOWNER", "FSETID", "MKNOD", "SETGID"], 0),
      () => undefined,
    ],
    ["data", withData as unknown as Observation, () => undefined],
  ];
  it.each(cases)("is never more than it took: %s", async (_, seen, fails) => {
    const { left } = await learnt(seen, nothingShown, fails);
    expect(left.length).toBeGreaterThan(0);
    for (const { said, took } of left) expect(said).toBeLessThanOrEqual(took);
    // What holds takes no more, but for the run without all that it can do without.
    if (fails !== needsChown) for (const { said, took } of left) expect(took - said).toBeLessThanOrEqual(1);
  });

  function needsChown({ capabilities }: Parameters<Fails>[0]) {
    return capabilities.includes("CHOWN") ? undefined : "chown: EPERM, needs CHOWN";
  }
});

describe("what an earlier run needed stays, though this run does not use it", () => {
  it("a capability", async () => {
    const seen = observation(["CHOWN", "FOWNER"], 0);
    const fails: Fails = ({ capabilities }) =>
      capabilities.includes("CHOWN") ? undefined : "chown: EPERM, needs CHOWN";
    const monday = await learnt(seen, nothingShown, fails);
    expect(monday.needed).toEqual([["CHOWN", "chown: EPERM, needs CHOWN"]]);
    const tuesday = await learnt(seen, monday.shown, () => undefined);
    expect(tuesday.needed).toEqual([["CHOWN", "in an earlier run: chown: EPERM, needs CHOWN"]]);
    const wednesday = await learnt(observation([], 0), tuesday.shown, () => undefined);
    expect(wednesday).toMatchObject({ failure: undefined, needed: tuesday.needed });
    // Without memory it would be dropped.
    expect((await learnt(seen, nothingShown, () => undefined)).needed).toEqual([]);
  });

  it("the user that it starts as", async () => {
    const seen = observation(["CHOWN"], 1000);
    const fails: Fails = ({ user }) => (user === undefined ? undefined : "EACCES at /srv");
    const monday = await learnt(seen, nothingShown, fails);
    expect(monday.user).toBe("EACCES at /srv");
    const tuesday = await learnt(seen, monday.shown, () => undefined);
    expect(tuesday.user).toBe("in an earlier run: EACCES at /srv");
    expect((await learnt(seen, tuesday.shown, () => undefined)).user).toBe(tuesday.user);
    expect((await learnt(seen, nothingShown, () => undefined)).user).toBeUndefined();
  });

  it("root, where it needed a capability", async () => {
    const monday = await learnt(observation(["CHOWN"], 0), nothingShown, ({ capabilities }) =>
      capabilities.includes("CHOWN") ? undefined : "EPERM",
    );
    const tuesday = await learnt(observation([], 1000), monday.shown, () => undefined);
    expect(tuesday).toMatchObject({
      user: "in an earlier run: without CHOWN: EPERM",
      needed: [["CHOWN", "in an earlier run: EPERM"]],
    });
  });

  it("a writable root", async () => {
    const seen = observation([], 0);
    const fails: Fails = ({ readOnly }) => (readOnly ? "EROFS at /srv/state" : undefined);
    const monday = await learnt(seen, nothingShown, fails);
    expect(monday.broken).toEqual([["read-only-rootfs", "EROFS at /srv/state"]]);
    const tuesday = await learnt(seen, monday.shown, () => undefined);
    expect(tuesday.broken).toEqual([["read-only-rootfs", "in an earlier run: EROFS at /srv/state"]]);
    expect((await learnt(seen, tuesday.shown, () => undefined)).broken).toEqual(tuesday.broken);
    expect((await learnt(seen, nothingShown, () => undefined)).broken).toEqual([]);
  });
});

it("keeps the right to signal other users' processes where that was used, and does not remember it as needed", async () => {
  const seen = observation(["CHOWN", "KILL"], 0);
  const found = await learnt(seen, nothingShown, () => undefined);
  expect(found.needed).toEqual([["KILL", expect.stringContaining("a signal to another user's process")]]);
  expect(found.shown.needed.size).toBe(0);
  expect((await learnt(observation(["CHOWN"], 0), nothingShown, () => undefined)).needed).toEqual([]);
});

it("does not keep that right only because all were given back to find the one that is needed", async () => {
  const fails: Fails = ({ capabilities }) =>
    capabilities.includes("NET_BIND_SERVICE") ? undefined : "EPERM at /usr/bin/caddy";
  const { needed } = await learnt(observation([], 0), nothingShown, fails);
  expect(needed).toEqual([["NET_BIND_SERVICE", "EPERM at /usr/bin/caddy"]]);
});

it("keeps it where no trace shows whether it was used, and says so", async () => {
  const seen = { ...observation([], 0), asked: undefined };
  const fails: Fails = ({ capabilities }) => (capabilities.includes("CHOWN") ? undefined : "chown: EPERM");
  const { needed, shown } = await learnt(seen, nothingShown, fails);
  expect(needed).toEqual([
    ["KILL", expect.stringContaining("was not traced")],
    ["CHOWN", "chown: EPERM"],
  ]);
  expect([...shown.needed.keys()]).toEqual(["CHOWN"]);
});
