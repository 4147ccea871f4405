import fc from "fast-check";
import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { changesOf, testFleet } from "../../../test/support/fleet/fleet.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { heard, lives, simply, toldOf } from "../../../test/support/tracked-changes.ts";
import type { Finding } from "../../audit/finding.ts";
import { isAtLeast } from "../../model/severity.ts";
import type { Change } from "../../watch/change.ts";
import { openGate } from "../../watch/changes/gate.ts";
import type { Silence } from "../../watch/changes/silence.ts";
import { fromSeverity } from "../../watch/outputs/output.ts";
import { openAcceptedFilter } from "../agent/accepted.ts";
import { openDatabase } from "./database.ts";
import { openHistory } from "./history/history.ts";
import { openFindings, putChanges, putHost } from "./hosts/hosts.ts";

const names = (open: Iterable<Finding>) => [...open].map(simply).toSorted();

it("law: the history holds open what is open, whatever was renamed", async () => {
  await fc.assert(
    fc.asyncProperty(lives, async (steps) => {
      const { changes, open } = toldOf(steps);
      const database = await openDatabase(`${testFolder()}/history.db`);
      if (!database.ok) throw new Error(database.reason);
      const history = openHistory(database.value, {
        host: { id: "h", name: "h", engine: "unix:///docker.sock", version: "1" },
        ...{ areaOf: () => "", retention: Number.MAX_SAFE_INTEGER, say: () => {} },
      });
      for (const change of changes) history.send(change);
      await new Promise((resolve) => setImmediate(resolve));
      const kept = names(history.remembered());
      await history.close();
      expect(kept).toEqual(names(open));
    }),
    { numRuns: 20 },
  );
});

it("law: serve holds open what is open, however many changes come together", async () => {
  const database = await testFleet();
  let host = 0;
  await fc.assert(
    fc.asyncProperty(lives, fc.integer({ min: 1, max: 9 }), async (steps, together) => {
      const { changes, open } = toldOf(steps);
      host += 1;
      const id = `h${host}`;
      const here = { id, name: id, engine: "e", version: "1", connected: true, containers: [] };
      await putHost(database, here, Date.now());
      for (let from = 0; from < changes.length; from += together)
        await putChanges(database, id, changes.slice(from, from + together), () => "");
      expect(names(await openFindings(database, id))).toEqual(names(open));
    }),
    { numRuns: 30 },
  );
});

it("law: an output of grave findings hears what is grave under the name that it has", () => {
  fc.assert(
    fc.property(lives, (steps) => {
      const { changes, open } = toldOf(steps);
      const sent: Change[] = [];
      const output = fromSeverity("high", { send: (change) => sent.push(change), close: async () => {} });
      for (const change of changes) output.send(change);
      const known = heard(sent, { parts: true });
      const grave = (all: Iterable<Finding>) =>
        names([...all].filter(({ verdict, severity }) => verdict === "fail" && isAtLeast(severity, "high")));
      expect(grave(known.values())).toEqual(grave(open));
    }),
  );
});

/** What keeps changes from the outputs until something is over. */
const filters: Readonly<Record<string, () => (change: Change) => readonly Change[]>> = {
  "the gate of acknowledgements"() {
    const known = { by: "root", reason: "known", since: 0, until: undefined, severity: "high" } as const;
    let silences: readonly Silence[] = ["a", "b"].map((control, id) => ({
      ...{ ...known, id, kind: "acknowledged", control, subject: "container:web" },
    }));
    const gate = openGate({
      silences: () => silences,
      end(silence) {
        silences = silences.filter(({ id }) => id !== silence.id);
      },
      move({ id }, subject) {
        silences = silences.map((each) => (each.id === id ? { ...each, subject } : each));
      },
      ...{ held: [], now: () => 0 },
    });
    return (change) => gate.take([change]).told;
  },
  "the filter of acceptances"() {
    const ignores = [{ control: "a", subject: "container:web", reason: "it counts", until: "9999-12-31" }];
    const filter = openAcceptedFilter({
      ...{ accepted: { revision: "1", ignores }, remembered: [], watch: () => undefined },
      ...{ alert: () => {}, silenced: () => () => false, keep: () => {} },
    });
    filter.close();
    return (change) => filter.pass([change]);
  },
};

it.each(Object.keys(filters))("law: what %s lets through follows on what it let through before", (name) => {
  fc.assert(
    fc.property(lives, (steps) => {
      const pass = filters[name]?.() ?? (() => []);
      const { changes, open } = toldOf(steps);
      const known = heard(changes.flatMap((change) => pass(change)));
      // Nobody acknowledged or accepted it.
      const loud = (all: Iterable<Finding>) => [...all].filter(({ control }) => control === "c");
      expect(names(loud(known.values()))).toEqual(names(loud(open)));
    }),
  );
});

it("serve ends what another container of that name left open", async () => {
  const database = await testFleet();
  const here = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };
  await putHost(database, here, Date.now());
  const shop = findingOf("privileged", { subject: "container:shop" });
  const changes = [
    changeOf("opened", findingOf("privileged"), 0),
    changeOf("opened", { ...shop, severity: "low" }, 1),
    { ...changeOf("changed", shop, 2), was: "container:web" },
  ];
  for (const change of changes) await putChanges(database, "h", [change], () => "");
  expect(await openFindings(database, "h")).toEqual([shop]);
  expect(await changesOf(database, "privileged")).toEqual(["opened", "opened", "changed"]);
});
