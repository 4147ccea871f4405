import type { Control } from "../../../controls/control.ts";
import type { Answer, EngineClient } from "../../../engine/client.ts";
import type { Change } from "../../change.ts";
import { openPublisher } from "../../changes/publisher.ts";
import { openDrifts } from "../../drift/drifts.ts";
import { Inventory } from "../../inventory/inventory.ts";
import type { WatchSession } from "../../session.ts";
import { openWork } from "../../work.ts";
import { openExecStarts } from "../exec-starts.ts";
import { nothingPending } from "../pending.ts";

export interface TestSession {
  readonly session: WatchSession;
  readonly client: EngineClient;
  /** What was told so far. */
  readonly changes: readonly Change[];
  readonly stop: () => void;
}

/** A watch of an Engine that answers with these documents, by path; of others it says that they are missing. */
export function testSession(
  documents: Readonly<Record<string, unknown>>,
  controls: readonly Control[],
): TestSession {
  const client: EngineClient = {
    ...{ address: "unix:///run/docker.sock", socketPath: undefined, tls: undefined, apiVersion: "1.45" },
    async get(path): Promise<Answer> {
      const value = documents[path];
      return value === undefined
        ? { ok: false, reason: "no such thing", kind: "missing" }
        : { ok: true, value };
    },
    eventsSince: async () => ({ ok: true, value: [] }),
    async close() {},
  };
  const inventory = new Inventory({ proc: "/nonexistent", cgroup: "/nonexistent" });
  const changes: Change[] = [];
  const starts = openExecStarts();
  const written: WatchSession["written"] = new Map();
  const drifts = openDrifts(() => true);
  const rules = {
    controls,
    ignores: [],
    severities: {},
    today: "2027-01-31",
    spell: () => null,
  };
  const publisher = openPublisher(
    inventory,
    { drifts, starts, written },
    { rules: () => rules, minimum: "info", cooldown: 0, remembered: [] },
    { changes: (some) => changes.push(...some) },
  );
  const work = openWork(
    () => {},
    (error) => {
      throw error;
    },
  );
  const ignore = () => {};
  const session: WatchSession = {
    ...{ inventory, publisher, drifts, starts, work, pending: nothingPending(), reconnect: ignore },
    ...{
      told: { since: new Set(), before: new Set() },
      list: { cpu: 0 },
      written,
      whole: undefined,
    },
    listener: { changes: ignore, ready: ignore, lost: ignore, say: ignore, event: ignore, scanned: ignore },
  };
  const stop = () => {
    work.stop();
    publisher.close();
  };
  return { session, client, changes, stop };
}
