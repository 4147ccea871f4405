import { appendFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { readConfig } from "../../config/config.ts";
import { inForcePath, openInForce } from "../../guard/log/in-force.ts";
import { loadPolicies } from "../../guard/policy/policies.ts";
import { guardLimits } from "../protocol/guards.ts";
import { openGuards } from "./guards.ts";

const at = Date.UTC(2027, 0, 31, 12, 30);

function entry(more: object = {}): string {
  return `${JSON.stringify({
    ...{ time: new Date(at).toISOString(), client: "ci", listener: "unix:///run/ci.sock" },
    ...{ policy: "bulkhead.yaml client ci", mode: "enforce", method: "GET", route: "container-list" },
    ...{ object: {}, verdict: "allow", controls: [], reasons: [], changes: [], warnings: [], ...more },
  })}\n`;
}

const denied = {
  ...{ verdict: "deny", route: "container-create", method: "POST", object: { name: "x", image: "nginx" } },
  ...{ controls: ["privileged"], reasons: [{ rule: "privileged", message: "is privileged" }] },
};

/** A log that is looked at when the test says so. */
function followed() {
  const log = join(testFolder(), "guard.log");
  writeFileSync(log, entry());
  let now = at;
  const said: string[] = [];
  const guards = openGuards({
    ...{ logs: [log], changed() {}, say: (text: string) => void said.push(text), clock: () => now },
    pauses: { look: 1, apart: 10, gather: 100 },
  });
  onTestFinished(() => guards.close());
  // The first word is which guards there are.
  guards.due();
  guards.kept();
  return {
    ...{ log, guards, said },
    pass(milliseconds: number) {
      now += milliseconds;
    },
  };
}

it("plain passes are counted and told together, and what is no plain pass is told as it comes", async () => {
  const { log, guards, pass } = followed();
  const first = openGuards({ logs: [log], changed() {}, say() {} });
  expect(first.due()).toEqual({ guards: [{ log, enforces: null }], counts: [], latest: [] });
  first.close();
  appendFileSync(
    log,
    entry() + entry() + entry({ route: "container-inspect", object: { container: "web" } }),
  );
  // Too soon, and then not enough to tell.
  pass(50);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(guards.due()).toBeUndefined();
  appendFileSync(log, entry(denied));
  await expect
    .poll(() => guards.due()?.latest)
    .toMatchObject([
      {
        time: at,
        log,
        client: "ci",
        verdict: "deny",
        rules: ["privileged"],
        why: ["is privileged"],
        times: 1,
      },
    ]);
  const told = guards.due();
  const hour = Date.UTC(2027, 0, 31, 12);
  const common = { hour, log, client: "ci", mode: "enforce", verdict: "allow", rules: [], object: {} };
  expect(told).toMatchObject({
    guards: undefined,
    counts: [
      { ...common, route: "container-list", times: 2 },
      // A row of each container would be too many.
      { ...common, route: "container-inspect", times: 1 },
      { route: "container-create", verdict: "deny", object: { image: "nginx" }, rules: ["privileged"] },
    ],
  });
  // The same until it is kept, and what comes meanwhile waits.
  appendFileSync(log, entry());
  expect(guards.due()).toBe(told);
  guards.kept();
  pass(50);
  expect(guards.due()).toBeUndefined();
  const later = () => {
    pass(100);
    return guards.due()?.counts;
  };
  await expect.poll(later).toMatchObject([{ route: "container-list", times: 1 }]);
});

it("a log that was moved away is followed, and a line that is none is left out", async () => {
  const { log, guards } = followed();
  appendFileSync(log, 'no JSON\n{"time":"x"}\n[]\n{"time":"2027-01-31T12:00:00Z","verdict":"grant"}\n');
  appendFileSync(log, entry({ ...denied, repeated: 40 }));
  renameSync(log, `${log}.1`);
  writeFileSync(log, entry({ verdict: "harden", changes: [{ flag: "--pids-limit 200", replaced: false }] }));
  guards.flush();
  expect(guards.due()?.latest).toMatchObject([
    { verdict: "deny", times: 40 },
    { verdict: "harden", why: ["--pids-limit 200"] },
  ]);
  expect(guards.due()?.counts.map(({ times }) => times)).toEqual([40, 1]);
});

it("a flood of decisions that differ is told whole in its count, and bounded in its rows", async () => {
  const { log, guards, said } = followed();
  const flood = Array.from({ length: 3_000 }, (_, index) =>
    entry({ ...denied, object: { image: `i-${index}` } }),
  );
  appendFileSync(log, flood.join(""));
  guards.flush();
  const told = guards.due();
  expect(told?.counts.length).toBeLessThanOrEqual(501);
  expect(told?.counts.reduce((sum, { times }) => sum + times, 0)).toBe(3_000);
  expect(told?.latest).toHaveLength(guardLimits.latest);
  expect(said).toEqual([]);
});

it("a guard's own word is told, told again when it changes, and gone when the guard ends", async () => {
  const { log, guards, pass } = followed();
  pass(50);
  const config = readConfig("b", memoryFiles({ b: "guard: { clients: { ci: { mode: warn } } }" }));
  if (!config.ok) throw new Error("config");
  const policies = loadPolicies({ config: config.value, environment: {} });
  const inForce = openInForce({ log, kind: "proxy", version: "1.2", tell() {} });
  inForce.tell(policies, ["unix:///run/g.sock"]);
  const clients = () => guards.due()?.guards?.[0]?.enforces?.clients.map(({ name, mode }) => [name, mode]);
  await expect.poll(clients).toEqual([
    ["default", "enforce"],
    ["ci", "warn"],
  ]);
  expect(guards.due()?.guards?.[0]?.enforces?.clients[1]?.yaml).toContain("mode: warn");
  guards.kept();
  pass(50);
  // That it still runs is told now and then.
  const soon = new Date(Date.now() + 60_000);
  utimesSync(inForcePath(log), soon, soon);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(guards.due()).toBeUndefined();
  const later = new Date(Date.now() + 600_000);
  utimesSync(inForcePath(log), later, later);
  await expect.poll(() => guards.due()?.guards?.[0]?.enforces?.seen).toBe(later.getTime());
  guards.kept();
  pass(50);
  writeFileSync(inForcePath(log), "{");
  await expect.poll(() => guards.due()?.guards).toEqual([{ log, enforces: null }]);
  rmSync(inForcePath(log));
});
