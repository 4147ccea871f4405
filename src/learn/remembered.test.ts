import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it, vi } from "vitest";
import { testFolder } from "../../test/support/test-folder.ts";
import type { Observation } from "./observe/observe.ts";
import { mergeRemembered, rememberShown } from "./remembered.ts";
import { nothingShown } from "./request.ts";

function observation(memory: number, granted: readonly string[]): Observation {
  return {
    peaks: { memory, pids: 1, cpus: 0, disks: [] },
    users: { main: { uid: 0, gid: 0 }, others: [] },
    network: { peers: [], sentBytes: 0 },
    ...{ listens: [], startsAs: "", places: { scratch: [], data: [], among: [] }, mounted: [] },
    asked: {
      granted: new Map(granted.map((name, at) => [name, at])),
      ...{ denied: new Set<string>(), calls: new Set(["openat"]) },
    },
  };
}

let folder = "";

beforeEach(() => {
  folder = testFolder();
  vi.stubEnv("XDG_STATE_HOME", folder);
  return () => vi.unstubAllEnvs();
});

it("adds runs up, with what they saw and what they showed to be needed", () => {
  expect(mergeRemembered("a#web", observation(10, ["CHOWN"]))).toMatchObject({
    ok: true,
    value: { runs: 1 },
  });
  const needed = new Map([["CHOWN", "chown: EPERM"]]);
  expect(rememberShown("a#web", { ...nothingShown, needed }).ok).toBe(true);
  const friday = mergeRemembered("a#web", observation(5, ["KILL"]));
  if (!friday.ok) throw new Error(friday.reason);
  const { runs, seen, shown } = friday.value;
  expect(runs).toBe(2);
  expect(seen.peaks.memory).toBe(10);
  expect([...(seen.asked?.granted.keys() ?? [])].toSorted()).toEqual(["CHOWN", "KILL"]);
  expect([...(seen.asked?.calls ?? [])]).toEqual(["openat"]);
  expect(shown.needed).toEqual(needed);
});

it("keeps services apart", () => {
  mergeRemembered("a#web", observation(10, []));
  expect(mergeRemembered("a#db", observation(5, []))).toMatchObject({ value: { runs: 1 } });
});

it("refuses a file that it did not write, and names it", () => {
  mergeRemembered("a#web", observation(10, []));
  const place = join(folder, "bulkhead/learn");
  const path = join(place, readdirSync(place)[0] ?? "");
  writeFileSync(path, "{}");
  const reason = `${path} is not what this version writes: remove it to start over`;
  expect(mergeRemembered("a#web", observation(5, []))).toEqual({ ok: false, reason });
  expect(rememberShown("a#web", nothingShown)).toEqual({ ok: false, reason });
});
