import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { guardModes, guardVerdicts } from "../../protocol/guards.ts";
import { countDecisions, listDecisions, listGuards, pastDecisions } from "../../store/hosts/guards.ts";
import { listHosts } from "../../store/hosts/overview.ts";
import { body, json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Again, PastDecision, Service } from "../service.ts";
import { failure, time } from "./shapes.ts";

const week = 7 * 86_400_000;
/** Guards of one answer. */
const mostGuards = 200;
/** Kinds of past decisions that a candidate is tried on, and that are shown of them. */
const mostTried = 20_000;
const mostShown = 200;
/** Milliseconds without a word after which nobody knows whether a guard still runs. It says something every minute. */
const silentAfter = 600_000;

const mode = z.enum(guardModes);
const text = z.string().max(800);

const counts = z.object({
  allowed: z.number().int(),
  hardened: z.number().int(),
  denied: z.number().int(),
  /** Let through in mode warn or learn, and denied or changed if it were enforced. */
  warned: z.number().int(),
});

const client = z.object({
  name: z.string(),
  /** Null for a client that decisions are known of, and no policy. */
  policy: z.string().nullable(),
  mode: mode.nullable(),
  listen: z.array(z.string()),
  certificates: z.array(z.string()),
  from: z.array(z.string()),
  /** Decisions of the last seven days. */
  counts,
});

const guard = z.object({
  host: z.string(),
  hostName: z.string(),
  /** The path of its audit log. */
  log: z.string(),
  /** Null if no guard says that it writes this log. */
  kind: z.enum(["proxy", "authz"]).nullable(),
  version: z.string().nullable(),
  /** Since when its policy holds. */
  since: time.nullable(),
  seen: time.nullable(),
  /** `silent`: nothing shows that it still runs. `unknown`: it says nothing of itself. */
  state: z.enum(["running", "silent", "unknown"]),
  clients: z.array(client),
});

const policies = z.object({ total: z.number().int(), guards: z.array(guard) }).openapi("Policies");

const policy = z
  .object({
    guards: z.array(
      guard.extend({
        clients: z.array(
          client.extend({
            /** All of the policy, as bulkhead.yaml says it; null if it is not known. */
            yaml: z.string().nullable(),
          }),
        ),
      }),
    ),
  })
  .openapi("HostPolicies");

const decisions = z
  .object({
    decisions: z.array(
      z.object({
        id: z.number().int(),
        host: z.string(),
        hostName: z.string(),
        time,
        log: z.string(),
        client: z.string(),
        listener: z.string(),
        policy: z.string(),
        mode,
        method: z.string(),
        route: z.string().nullable(),
        object: z.record(z.string(), z.string()),
        verdict: z.enum(guardVerdicts),
        rules: z.array(z.string()),
        /** Why it was denied or would be, or what was put in. */
        why: z.array(z.string()),
        /** More than one: denials alike that the guard counted. */
        times: z.number().int(),
      }),
    ),
  })
  .openapi("Decisions");

const decisionsRequest = z.object({
  host: text.optional(),
  log: text.optional(),
  client: text.optional(),
  route: text.optional(),
  verdict: z.enum(guardVerdicts).optional(),
  rule: text.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const tryRequest = z
  .object({
    host: text,
    /** The guard's audit log. */
    log: text,
    /** Left out: every client, each by its own part of the candidate. */
    client: text.optional(),
    /** The text of a bulkhead.yaml. */
    candidate: z.string().min(1).max(60_000),
  })
  .openapi("TryPolicy");

const byVerdict = z.object({
  allow: z.number().int(),
  deny: z.number().int(),
  unknown: z.number().int(),
});

const tried = z
  .object({
    /** The first hour that decisions are known of; null if none are. */
    since: time.nullable(),
    /** Whether only the most frequent ones were tried. */
    isPart: z.boolean(),
    was: counts,
    /** What the candidate says of the same requests. */
    now: byVerdict,
    /** What was let through and would be denied. */
    newlyDenied: z.number().int(),
    /** The candidate's mode for these clients, where it denies nothing yet. */
    onlyWarns: z.array(z.string()),
    /** First what is newly denied, then what is not known, then the rest; the most frequent first. */
    rows: z.array(
      z.object({
        client: z.string(),
        route: z.string().nullable(),
        object: z.record(z.string(), z.string()),
        was: z.enum(guardVerdicts),
        rules: z.array(z.string()),
        times: z.number().int(),
        now: z.enum(["allow", "deny", "unknown"]),
        rule: z.string().nullable(),
        why: z.string(),
      }),
    ),
    /** Rows that are not shown. */
    more: z.number().int(),
  })
  .openapi("TriedPolicy");

export type Policies = z.infer<typeof policies>;
export type HostPolicies = z.infer<typeof policy>;
export type Decisions = z.infer<typeof decisions>;
export type TriedPolicy = z.infer<typeof tried>;

/** The policies of the guards on all hosts, what they decide, and what another policy would. */
export function addPolicies(api: OpenAPIHono<Carried>, service: Service) {
  const { database, candidateOf } = service;

  async function shown(
    guards: Awaited<ReturnType<typeof listGuards>>["guards"],
  ): Promise<HostPolicies["guards"]> {
    const now = Date.now();
    const hosts = [...new Set(guards.map(({ host }) => host))];
    const sums = await countDecisions(database, hosts, now - week);
    return guards.map(({ host, hostName, log, seen, enforces }) => {
      const own = sums.filter((sum) => sum.host === host && sum.log === log);
      const of = (name: string) => tally(own.filter((sum) => sum.client === name));
      const named = enforces?.clients ?? [];
      const others = new Set(own.map((sum) => sum.client));
      for (const { name } of named) others.delete(name);
      const state =
        seen === null
          ? ("unknown" as const)
          : now - seen > silentAfter
            ? ("silent" as const)
            : ("running" as const);
      return {
        ...{ host, hostName, log, state, seen },
        kind: enforces?.kind ?? null,
        version: enforces?.version ?? null,
        since: enforces?.since ?? null,
        clients: [
          ...named.map(({ name, policy: from, mode: own, listen, certificates, from: callers, yaml }) => ({
            ...{ name, policy: from, mode: own, yaml, counts: of(name) },
            ...{ listen: [...listen], certificates: [...certificates], from: [...callers] },
          })),
          ...[...others].toSorted().map((name) => ({
            ...{ name, policy: null, mode: null, yaml: null, counts: of(name) },
            ...{ listen: [], certificates: [], from: [] },
          })),
        ],
      };
    });
  }

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/policies",
        "x-hosts": "hosts in sight",
        summary:
          "The guards of all hosts with their clients, and how often they allowed, hardened and denied",
        request: {
          query: z.object({
            host: text.optional(),
            /** Part of a host's name. */
            q: text.optional(),
            offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
          }),
        },
        responses: { 200: json(policies, "By the name of their host") },
      }),
      async (context) => {
        const { host, q, offset } = context.req.valid("query");
        const query = { host, text: q, offset, limit: mostGuards };
        const { total, guards } = await listGuards(database, sightOf(context), query);
        const list = await shown(guards);
        const brief = list.map(({ clients, ...rest }) => ({
          ...rest,
          clients: clients.map(({ yaml: _, ...each }) => each),
        }));
        return context.json({ total, guards: brief }, 200);
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/hosts/{id}/policies",
        "x-hosts": "hosts in sight",
        summary: "The guards of a host, with each client's whole policy",
        request: { params: z.object({ id: text }) },
        responses: { 200: json(policy, "By their logs"), 404: json(failure, "Host not found") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const sight = sightOf(context);
        if (!(await isInSight(id, sight))) return context.json({ error: "Host not found." }, 404);
        const { guards } = await listGuards(database, sight, { host: id, limit: mostGuards });
        return context.json({ guards: await shown(guards) }, 200);
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/policies/decisions",
        "x-hosts": "hosts in sight",
        summary: "The latest decisions that were no plain pass",
        request: { query: decisionsRequest },
        responses: { 200: json(decisions, "Newest first") },
      }),
      async (context) => {
        const query = context.req.valid("query");
        const rows = await listDecisions(database, { ...query, sight: sightOf(context) });
        return context.json(
          {
            decisions: rows.map((row) => ({
              ...row,
              object: { ...row.object },
              rules: [...row.rules],
              why: [...row.why],
            })),
          },
          200,
        );
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "post",
          path: "/policies/try",
          "x-hosts": "hosts in sight",
          summary: "What a candidate policy would have denied in the last seven days. It changes nothing",
          request: { body: body(tryRequest) },
          responses: {
            200: json(tried, "What it says of each kind of request"),
            409: json(failure, "The guard is not known, or the candidate cannot be read"),
          },
        },
        "read",
      ),
      async (context) => {
        const { host, log, client: name, candidate: yaml } = context.req.valid("json");
        const { guards } = await listGuards(database, sightOf(context), { host, limit: mostGuards });
        if (!guards.some((each) => each.log === log))
          return context.json({ error: "No guard with this log is known on this host." }, 409);
        const candidate = await candidateOf(yaml);
        if (!candidate.ok) return context.json({ error: `The candidate: ${candidate.reason}` }, 409);
        const since = Date.now() - week;
        const past = await pastDecisions(database, { host, log, client: name, since }, mostTried + 1);
        const rows = past.slice(0, mostTried).map((row) => ({
          ...row,
          again: candidate.value.decide(row.client, { ...row, verdict: verdictOf(row.verdict) }),
        }));
        const sum = (list: typeof rows) => list.reduce((all, { times }) => all + times, 0);
        const ofVerdict = (verdict: Again["verdict"]) =>
          rows.filter(({ again }) => again.verdict === verdict);
        const order = (row: (typeof rows)[number]) => {
          if (row.again.verdict === "deny") return row.verdict === "deny" ? 2 : 0;
          return row.again.verdict === "unknown" ? 1 : 3;
        };
        const sorted = rows.toSorted((a, b) => order(a) - order(b) || b.times - a.times);
        return context.json(
          {
            since: rows.length === 0 ? null : Math.min(...rows.map(({ first }) => first)),
            isPart: past.length > mostTried,
            was: tally(rows.map((row) => ({ ...row, hasRules: row.rules.length }))),
            now: {
              allow: sum(ofVerdict("allow")),
              deny: sum(ofVerdict("deny")),
              unknown: sum(ofVerdict("unknown")),
            },
            newlyDenied: sum(rows.filter((row) => order(row) === 0)),
            onlyWarns: [...new Set(rows.map((row) => row.client))].filter((each) =>
              candidate.value.onlyWarns(each),
            ),
            rows: sorted
              .slice(0, mostShown)
              .map(({ client: of, route: id, object, verdict, rules, times, again }) => ({
                ...{ client: of, route: id, object: { ...object }, rules: [...rules], times },
                ...{ was: verdictOf(verdict), now: again.verdict, rule: again.rule ?? null, why: again.why },
              })),
            more: Math.max(0, sorted.length - mostShown),
          },
          200,
        );
      },
    );

  async function isInSight(id: string, sight: ReturnType<typeof sightOf>): Promise<boolean> {
    return (await listHosts(database, sight, { ids: [id] })).length > 0;
  }
}

interface Sum {
  readonly verdict: string;
  readonly hasRules: number;
  readonly times: number;
}

function tally(sums: readonly Sum[]): z.infer<typeof counts> {
  const sumOf = (holds: (sum: Sum) => boolean) =>
    sums.filter(holds).reduce((all, { times }) => all + Number(times), 0);
  return {
    allowed: sumOf(({ verdict, hasRules }) => verdict === "allow" && Number(hasRules) === 0),
    hardened: sumOf(({ verdict }) => verdict === "harden"),
    denied: sumOf(({ verdict }) => verdict === "deny"),
    warned: sumOf(({ verdict, hasRules }) => verdict === "allow" && Number(hasRules) > 0),
  };
}

function verdictOf(kept: string): PastDecision["verdict"] {
  // What cannot be read does not pass.
  return guardVerdicts.find((each) => each === kept) ?? "deny";
}
