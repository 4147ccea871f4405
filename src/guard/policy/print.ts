import { stringify } from "yaml";
import { settableRules } from "../judge/policy/rules.ts";
import { hardenWhereKnown, judgedControls } from "../judge/policy/treatment.ts";
import { oldestVersion } from "../request/version.ts";
import { routes } from "../routes/table.ts";
import type { Policies } from "./policies.ts";
import type { Maxima, MountRule, Policy } from "./policy.ts";

/** A policy with every default, in the words of bulkhead.yaml: what is printed can be written there. */
export function policyDocument(policy: Policy): Readonly<Record<string, unknown>> {
  const { controls, allow } = policy;
  return {
    mode: policy.mode,
    groups: policy.groups,
    routes: Object.fromEntries(
      routes.flatMap(({ id }) => (Object.hasOwn(policy.routes, id) ? [[id, policy.routes[id]]] : [])),
    ),
    controls: Object.fromEntries(judgedControls.map(({ id }) => [id, wordOf(id, controls)])),
    override: policy.override,
    rules: Object.fromEntries(settableRules.map(({ id, default: word }) => [id, policy.rules[id] ?? word])),
    allow: {
      ...allow,
      mounts: allow.mounts.map(mountWords),
    },
    limits: {
      ...boundsOf("memory", policy, sizeOf),
      ...boundsOf("cpus", policy, (value) => value),
      ...boundsOf("pids", policy, (value) => value),
    },
    redact: policy.redact,
    owner: policy.owner ?? false,
    traffic: policy.traffic,
    versions: { min: `1.${policy.versions?.min ?? oldestVersion.minor}` },
    body: {
      maxBytes: sizeOf(policy.body.maxBytes),
      maxDepth: policy.body.maxDepth,
      maxItems: policy.body.maxItems,
    },
  };
}

function wordOf(
  id: string,
  { deny, harden, hardenUnknown }: Policy["controls"],
): "deny" | "harden" | "harden-known" | "off" {
  if (deny.has(id)) return "deny";
  if (!harden.has(id)) return "off";
  return hardenWhereKnown.has(id) && !hardenUnknown?.has(id) ? "harden-known" : "harden";
}

function mountWords({ source, readOnly, dangerous, as }: MountRule): unknown {
  if (!readOnly && !dangerous && !as) return source;
  return {
    source,
    ...(readOnly && { readOnly }),
    ...(dangerous && { dangerous }),
    ...(as && { as: as.uid === as.gid ? as.uid : `${as.uid}:${as.gid}` }),
  };
}

function boundsOf(
  name: keyof Maxima,
  { limits, maxima }: Policy,
  say: (value: number) => string | number,
): Readonly<Record<string, unknown>> {
  const usual = limits[name];
  const most = maxima?.[name];
  if (most === undefined) return usual === undefined ? {} : { [name]: say(usual.value) };
  return { [name]: { ...(usual && { default: say(usual.value) }), max: say(most) } };
}

/** Docker's own notation, without a loss. */
function sizeOf(bytes: number): string {
  for (const [unit, size] of [
    ["g", 1024 ** 3],
    ["m", 1024 ** 2],
    ["k", 1024],
  ] as const) {
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}b`;
}

/** All of it as a bulkhead.yaml that means the same. */
export function policiesYaml({ default: own, clients }: Pick<Policies, "default" | "clients">): string {
  const text = stringify({ guard: policiesDocument({ default: own, clients }) }, { lineWidth: 0 });
  return `# What holds, with every default (${[own, ...clients.map(({ policy }) => policy)].map(({ name }) => name).join(", ")}).\n${text}`;
}

export function policiesDocument({
  default: own,
  clients,
}: Pick<Policies, "default" | "clients">): Readonly<Record<string, unknown>> {
  if (clients.length === 0) return policyDocument(own);
  return {
    ...policyDocument(own),
    clients: Object.fromEntries(
      clients.map(({ name, listen, certificates, callers, policy }) => [
        name,
        {
          ...callers,
          ...(listen.length > 0 && { listen }),
          ...(certificates.length > 0 && { certificates }),
          ...policyDocument({ ...policy, routes: { ...groupWords(own, policy), ...policy.routes } }),
        },
      ]),
    ),
  };
}

/** What the client's groups say of routes that are named for all: else the word for all would hold for the client, too. */
function groupWords(own: Policy, { groups }: Policy): Policy["routes"] {
  return Object.fromEntries(
    routes.filter(({ id }) => Object.hasOwn(own.routes, id)).map(({ id, group }) => [id, groups[group]]),
  );
}
