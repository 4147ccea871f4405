import type { Limit, Limits } from "../../fix/plan/limits.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import type { Ids, MountRule, Policy } from "./policy.ts";
import type { PolicyWords } from "./schema.ts";
import { minorOf } from "./versions.ts";

export const ownerLabel = "bulkhead.owner";

/**
 * The policy with somebody's words laid over it. Words by name (groups, routes, controls, rules, limits) change that name;
 * a list of what is allowed takes the place of the one below.
 */
export function layer(below: Policy, words: PolicyWords, name: string, client: string): Policy {
  return {
    name,
    mode: words.mode ?? below.mode,
    groups: { ...below.groups, ...defined(words.groups) },
    routes: merged(below.routes, words.routes),
    controls: controlsOf(below.controls, words.controls),
    override: words.override ?? below.override,
    rules: merged(below.rules, words.rules),
    allow: allowOf(below.allow, words.allow),
    limits: { ...below.limits, ...limitsOf(words.limits) },
    ...maximaOf(below.maxima, words.limits),
    redact: words.redact ?? below.redact,
    owner: ownerOf(below.owner, words.owner, client),
    traffic: { ...below.traffic, ...defined(words.traffic) },
    body: bodyOf(below.body, words.body),
    ...versionsOf(below.versions, words.versions),
  };
}

function versionsOf(below: Policy["versions"], words: PolicyWords["versions"]): Pick<Policy, "versions"> {
  const min = words?.min === undefined ? undefined : minorOf(words.min);
  const versions = min === undefined ? below : { min };
  return versions ? { versions } : {};
}

/** zod's partial records are typed as if a name could be there with nothing. */
function defined<K extends string, V>(
  record: { readonly [name in K]?: V | undefined } | undefined,
): { readonly [name in K]?: V } {
  return Object.fromEntries(Object.entries(record ?? {}).filter(([, value]) => value !== undefined)) as {
    [name in K]?: V;
  };
}

function merged<W extends string>(
  below: Readonly<Record<string, W>>,
  words: Readonly<Record<string, W | undefined>> | undefined,
): Readonly<Record<string, W>> {
  return { ...below, ...(defined(words) as Readonly<Record<string, W>>) };
}

/** `harden` means every image, `harden-known` those whose needs are known. */
function controlsOf(below: Policy["controls"], words: PolicyWords["controls"]): Policy["controls"] {
  const deny = new Set(below.deny);
  const harden = new Set(below.harden);
  const hardenUnknown = new Set(below.hardenUnknown);
  for (const [id, what] of Object.entries(words ?? {})) {
    for (const each of [deny, harden, hardenUnknown]) each.delete(id);
    if (what === "deny") deny.add(id);
    if (what === "harden" || what === "harden-known") harden.add(id);
    if (what === "harden") hardenUnknown.add(id);
  }
  return { deny, harden, ...(hardenUnknown.size > 0 && { hardenUnknown }) };
}

function allowOf(below: Policy["allow"], words: PolicyWords["allow"]): Policy["allow"] {
  const { mounts, users, ...lists } = words ?? {};
  return {
    ...below,
    ...defined(lists),
    ...(mounts && { mounts: mounts.map(mountOf) }),
    // 1000 is a number to YAML.
    ...(users && { users: users.map(String) }),
  };
}

type MountWords = NonNullable<NonNullable<PolicyWords["allow"]>["mounts"]>[number];

function mountOf(mount: MountWords): MountRule {
  if (typeof mount === "string") return { source: mount, readOnly: false };
  const { source, readOnly = false, dangerous = false, as } = mount;
  return { source, readOnly, ...(dangerous && { dangerous }), ...(as !== undefined && { as: idsOf(as) }) };
}

/** `1000`, or `1000:100` with another group. */
function idsOf(text: number | string): Ids {
  const [uid = "", gid = uid] = String(text).split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** Limits that bulkhead.yaml says. */
export function limitsOf(words: PolicyWords["limits"]): Limits {
  const memory = limit(bytesOf(usualOf(words?.memory)));
  const cpus = limit(usualOf(words?.cpus));
  const pids = limit(usualOf(words?.pids));
  return { ...(memory && { memory }), ...(cpus && { cpus }), ...(pids && { pids }) };
}

type Bounds<T> = T | { readonly default?: T | undefined; readonly max?: T | undefined } | undefined;

/** What is set where there is no limit: the maximum, where only that is said. */
function usualOf<T extends string | number>(bounds: Bounds<T>): T | undefined {
  return typeof bounds === "object" ? (bounds.default ?? bounds.max) : bounds;
}

function mostOf<T extends string | number>(bounds: Bounds<T>): T | undefined {
  return typeof bounds === "object" ? bounds.max : undefined;
}

function bytesOf(size: string | undefined): number | undefined {
  return size === undefined ? undefined : parseBytes(size);
}

function maximaOf(below: Policy["maxima"], words: PolicyWords["limits"]): Pick<Policy, "maxima"> {
  const [memory, cpus, pids] = [bytesOf(mostOf(words?.memory)), mostOf(words?.cpus), mostOf(words?.pids)];
  const maxima = {
    ...below,
    ...(memory !== undefined && { memory }),
    ...(cpus !== undefined && { cpus }),
    ...(pids !== undefined && { pids }),
  };
  return Object.keys(maxima).length > 0 ? { maxima } : {};
}

function limit(value: number | undefined): Limit | undefined {
  return value === undefined ? undefined : { value, source: "bulkhead.yaml" };
}

function ownerOf(below: Policy["owner"], words: PolicyWords["owner"], client: string): Policy["owner"] {
  if (words === undefined) return below;
  if (words === false) return undefined;
  if (words === true) return { label: ownerLabel, value: client };
  return { label: words.label, value: words.value ?? client };
}

function bodyOf(below: Policy["body"], words: PolicyWords["body"]): Policy["body"] {
  return {
    maxBytes: (words?.maxBytes === undefined ? undefined : parseBytes(words.maxBytes)) ?? below.maxBytes,
    maxDepth: words?.maxDepth ?? below.maxDepth,
    maxItems: words?.maxItems ?? below.maxItems,
  };
}
