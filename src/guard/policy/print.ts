import { stringify } from "yaml";
import { spellBytes } from "../../formats/values/bytes.ts";
import { guardRules } from "../decide/rules.ts";
import { hardenWhereKnown } from "../decide/treatment.ts";
import { routes } from "../routes/table.ts";
import { judgedControls } from "./defaults.ts";
import type { Policy } from "./policy.ts";

/** A policy with every default, in the words of bulkhead.yaml: what is printed can be written there. */
export function policyDocument(policy: Policy): Readonly<Record<string, unknown>> {
  const { controls, limits, allow } = policy;
  return {
    mode: policy.mode,
    groups: policy.groups,
    routes: Object.fromEntries(
      routes.flatMap(({ id }) => (Object.hasOwn(policy.routes, id) ? [[id, policy.routes[id]]] : [])),
    ),
    controls: Object.fromEntries(judgedControls().map(({ id }) => [id, wordOf(id, controls)])),
    override: policy.override,
    rules: Object.fromEntries(guardRules.map(({ id, default: word }) => [id, policy.rules[id] ?? word])),
    allow: {
      ...allow,
      mounts: allow.mounts.map((mount) => (mount.readOnly ? mount : mount.source)),
    },
    limits: {
      ...(limits.memory && { memory: sizeOf(limits.memory.value) }),
      ...(limits.cpus && { cpus: limits.cpus.value }),
      ...(limits.pids && { pids: limits.pids.value }),
    },
    redact: policy.redact,
    owner: policy.owner ?? false,
    body: { maxBytes: sizeOf(policy.body.maxBytes), maxDepth: policy.body.maxDepth },
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

/** The document as YAML, with what each part is for. */
export function policyYaml(policy: Policy): string {
  const { routes: open, ...rest } = policyDocument(policy);
  const text = stringify(
    { ...rest, ...(Object.keys(open as object).length > 0 && { routes: open }) },
    { lineWidth: 0 },
  );
  return `# ${policy.name}; bodies up to ${spellBytes(policy.body.maxBytes)}\n${text}`;
}
