import { expect, it } from "vitest";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { readConfig } from "../../config/config.ts";
import { decideAgain } from "../../guard/check/again.ts";
import { loadPolicies } from "../../guard/policy/policies.ts";
import type { DecisionCount, GuardNow } from "../protocol/guards.ts";
import { putGuards } from "../store/hosts/guards.ts";
import { putHost } from "../store/hosts/hosts.ts";
import type { Decisions, HostPolicies, Policies, TriedPolicy } from "./api/policies.ts";
import type { CandidatePolicy } from "./service.ts";

const log = "/var/log/guard.log";
const host = { id: "h", name: "h.example", engine: "e", version: "1", connected: true, containers: [] };

/** As `bulkhead serve` reads one. */
function candidateOf(yaml: string): Result<CandidatePolicy> {
  const config = readConfig("b", memoryFiles({ b: yaml }));
  if (!config.ok) return failed("it is wrong");
  const policies = loadPolicies({ config: config.value, environment: {} });
  const policyOf = (name: string) =>
    policies.clients.find((each) => each.name === name)?.policy ?? policies.default;
  return ok({
    decide: (client, past) => decideAgain(past, policyOf(client)),
    onlyWarns: (client) => policyOf(client).mode !== "enforce",
  });
}

async function guarded() {
  const test = await testApp({ candidateOf: async (yaml) => candidateOf(yaml) });
  const now = Date.now();
  await putHost(test.database, host, now);
  const client = (name: string) => ({
    ...{ name, policy: `bulkhead.yaml client ${name}`, mode: "enforce" as const, listen: ["unix:///run/a"] },
    ...{ certificates: [], from: [], yaml: "guard:\n  mode: enforce\n" },
  });
  const count = (route: string | null, times: number, more: Partial<DecisionCount> = {}): DecisionCount => ({
    ...{ hour: now - 3_600_000, log, client: "ci", route, verdict: "allow", mode: "enforce" },
    ...{ rules: [], object: {}, times, ...more },
  });
  const denied = { verdict: "deny", rules: ["guard-route"] } as const;
  const guards: GuardNow[] = [
    {
      log,
      enforces: {
        ...{ kind: "proxy", version: "1.2", since: now - 50, seen: now },
        clients: [client("default"), client("ci")],
      },
    },
    { log: "/old.log", enforces: null },
  ];
  await putGuards(
    test.database,
    "h",
    {
      guards,
      counts: [
        count("container-list", 100),
        count("container-stop", 7),
        count("container-create", 5, { object: { image: "ghcr.io/shop/web:1" } }),
        count("container-create", 3, {
          verdict: "harden",
          rules: ["pids-limit"],
          object: { image: "nginx" },
        }),
        count("swarm-init", 2, denied),
        count("container-list", 4, { client: "gone", mode: "warn", rules: ["guard-route"] }),
        // Longer ago than a week.
        count("container-list", 1_000, { hour: now - 7.9 * 86_400_000 }),
      ],
      latest: [
        {
          ...{ time: now - 9, log, client: "ci", listener: "unix:///run/a", policy: "p", mode: "enforce" },
          ...{ method: "POST", route: "swarm-init", object: {}, ...denied, why: ["is not open"], times: 2 },
        },
      ],
    },
    { number: undefined, ahead: 0, now },
  );
  const headers = await signedIn(test, "viewer");
  return {
    ...test,
    get: async (path: string) => await test.call("GET", `/api/v1${path}`, { headers }),
    attempt: async (candidate: string, more: object = {}) =>
      await test.call("POST", "/api/v1/policies/try", {
        headers,
        body: { host: "h", log, candidate, ...more },
      }),
  };
}

it("guards are listed with their clients, and how often they allowed, hardened and denied in a week", async () => {
  const { get } = await guarded();
  const { total, guards } = (await (await get("/policies")).json()) as Policies;
  expect(total).toBe(2);
  expect(guards).toMatchObject([
    { log: "/old.log", state: "unknown", kind: null, seen: null, clients: [] },
    {
      ...{ hostName: "h.example", log, state: "running", kind: "proxy", version: "1.2" },
      clients: [
        { name: "default", counts: { allowed: 0, hardened: 0, denied: 0, warned: 0 } },
        { name: "ci", mode: "enforce", counts: { allowed: 112, hardened: 3, denied: 2, warned: 0 } },
        // Decisions are known of it, and no policy.
        { name: "gone", policy: null, mode: null, counts: { allowed: 0, warned: 4 } },
      ],
    },
  ]);
  expect(JSON.stringify(guards)).not.toContain('"yaml"');
  const own = (await (await get("/hosts/h/policies")).json()) as HostPolicies;
  expect(own.guards[1]?.clients.map(({ yaml }) => yaml)).toEqual([
    "guard:\n  mode: enforce\n",
    "guard:\n  mode: enforce\n",
    null,
  ]);
  expect((await get("/hosts/other/policies")).status).toBe(404);
  const list = (await (await get("/policies/decisions?client=ci&rule=guard-route")).json()) as Decisions;
  expect(list.decisions).toMatchObject([
    { hostName: "h.example", route: "swarm-init", verdict: "deny", why: ["is not open"], times: 2 },
  ]);
  const none = (await (await get("/policies/decisions?verdict=harden")).json()) as Decisions;
  expect(none.decisions).toEqual([]);
});

it("a guard that showed nothing for long may not run any more", async () => {
  const { database, get } = await guarded();
  await database
    .updateTable("guard")
    .set({ seen: Date.now() - 700_000 })
    .where("log", "=", log)
    .execute();
  const { guards } = (await (await get("/policies")).json()) as Policies;
  expect(guards[1]).toMatchObject({ state: "silent" });
});

it("a candidate says what it would have denied, and what nobody can tell", async () => {
  const { attempt, database } = await guarded();
  const before = await database.selectFrom("audit_log").select("id").execute();
  const candidate = `guard:
  groups: { lifecycle: deny }
  clients: { ci: { allow: { images: [nginx] } }, gone: { mode: warn } }
`;
  const tried = (await (await attempt(candidate)).json()) as TriedPolicy;
  expect(tried).toMatchObject({
    ...{ isPart: false, more: 0, newlyDenied: 12, onlyWarns: ["gone"] },
    was: { allowed: 112, hardened: 3, denied: 2, warned: 4 },
    now: { allow: 104, deny: 14, unknown: 3 },
  });
  expect(tried.rows.map(({ route, was, now, rule, times }) => [route, was, now, rule, times])).toEqual([
    ["container-stop", "allow", "deny", "guard-route", 7],
    ["container-create", "allow", "deny", "guard-image", 5],
    ["container-create", "harden", "unknown", null, 3],
    ["swarm-init", "deny", "deny", "guard-route", 2],
    ["container-list", "allow", "allow", null, 100],
    ["container-list", "allow", "allow", null, 4],
  ]);
  const one = (await (await attempt(candidate, { client: "gone" })).json()) as TriedPolicy;
  expect(one.now).toEqual({ allow: 4, deny: 0, unknown: 0 });
  const none = (await (await attempt("guard: {}", { client: "nobody" })).json()) as TriedPolicy;
  expect(none).toMatchObject({ since: null, rows: [], now: { allow: 0, deny: 0, unknown: 0 } });
  expect(await database.selectFrom("audit_log").select("id").execute()).toEqual(before);
});

it("a candidate that cannot be read is told why", async () => {
  const { attempt } = await guarded();
  const answer = await attempt("guard: { grups: {} }");
  expect(answer.status).toBe(409);
  expect(await answer.json()).toEqual({ error: "The candidate: it is wrong" });
});

it("a guard that is not known is not tried", async () => {
  const { attempt } = await guarded();
  for (const more of [{ host: "other" }, { log: "/other.log" }])
    expect((await attempt("guard: {}", more)).status).toBe(409);
});
