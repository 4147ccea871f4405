import { askedLabel } from "../judge/container/folders.ts";
import { spaceOf } from "../judge/image/space.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { layer, ownerLabel } from "../policy/layer.ts";
import type { MountRule, Policy } from "../policy/policy.ts";
import { opened } from "../policy/presets/preset.ts";
import { presets } from "../policy/presets/presets.ts";
import type { PolicyWords } from "../policy/schema.ts";
import { commandLabel } from "./inside.ts";

export interface LeashPolicyOptions {
  readonly name: string;
  /** The value of the owner's label. */
  readonly value: string;
  readonly mounts: readonly MountRule[];
  /** The path of its own socket, which a container may mount: behind it is the same leash. */
  readonly socket: string;
  /** `guard:` of a bulkhead.yaml; `isNamed`: the caller named that file, so that it may open what a leash closes. */
  readonly config: { readonly words: PolicyWords; readonly isNamed: boolean } | undefined;
}

/** What makes containers for somebody at work: each is a preset's own list of calls. */
const tools = ["ci-runner", "testcontainers", "devcontainers", "act"] as const;

/** What a person does with containers that are theirs. */
const onOwn = ["POST /containers/{}/update", "POST /commit", "GET /containers/{}/export"];

/** Calls by which the Engine would connect to a registry of the client's choice, or hand an image out. */
const outward: ReadonlySet<string> = new Set(["POST /auth", "POST /images/{}/push"]);

/** The policy of a leash, and what a bulkhead.yaml asked for and did not get. */
export function leashPolicy(options: LeashPolicyOptions): {
  readonly policy: Policy;
  readonly ignored: readonly string[];
} {
  const { name, value, mounts, socket, config } = options;
  const calls = tools.flatMap((tool) => {
    const own = presets[tool].calls;
    return own === "everything" ? [] : own;
  });
  const own = [...calls, ...onOwn].filter((call) => !outward.has(call));
  const basis: Policy = {
    ...defaultPolicy,
    ...opened(own),
    name: `leash ${name}`,
    controls: {
      ...defaultPolicy.controls,
      deny: new Set([...defaultPolicy.controls.deny, "mount-propagation"]),
      harden: new Set([...defaultPolicy.controls.harden].filter((id) => id !== "mount-propagation")),
    },
    // Its name is in the leash's space, and only the leash starts it.
    rules: { ...defaultPolicy.rules, "guard-commit": "allow" },
  };
  const narrowed = config && !config.isNamed ? narrowing(config.words, basis) : undefined;
  const words = narrowed?.words ?? config?.words;
  const policy = words ? layer(basis, words, basis.name, name) : basis;
  const owner = { label: ownerLabel, value };
  const all = [...policy.allow.mounts, ...mounts, { source: socket, readOnly: false }];
  return {
    policy: {
      ...policy,
      mode: "enforce",
      owner,
      space: spaceOf(owner),
      prefix: `bulkhead.${value}.`,
      ownSockets: [socket],
      reservedLabels: [ownerLabel, commandLabel, askedLabel],
      allow: { ...policy.allow, mounts: all },
      writableMounts: all.filter(({ readOnly }) => !readOnly),
      trustedImages: policy.allow.images,
    },
    ignored: narrowed?.ignored ?? [],
  };
}

/** Lists that close what they do not name; every other list opens. */
const closing: ReadonlySet<string> = new Set(["images", "users", "networks", "labels", "registries"]);

/** Of the words of a file that lies in the folder, and so may be the command's own work, those that take something away. */
export function narrowing(
  words: PolicyWords,
  below: Policy,
): { readonly words: PolicyWords; readonly ignored: readonly string[] } {
  const ignored: string[] = [];
  const only = <T>(
    section: string,
    record: Readonly<Record<string, T>> | undefined,
    keeps: (item: T, name: string) => boolean,
  ) =>
    Object.fromEntries(
      Object.entries(record ?? {}).filter(([name, item]) => {
        if (item === undefined) return false;
        if (keeps(item, name)) return true;
        ignored.push(`${section}.${name}`);
        return false;
      }),
    );
  const { groups, routes, rules, controls, allow, limits, redact, ...others } = words;
  const denies = (item: unknown) => item === "deny";
  // A control that denies would only harden; one that hardens would only harden what is known.
  const tightens = (item: unknown, name: string) =>
    item === "deny" || (item === "harden" && !below.controls.deny.has(name));
  const kept = {
    groups: only("groups", groups, denies),
    routes: only("routes", routes, denies),
    rules: only("rules", rules, denies),
    controls: only("controls", controls, tightens),
    allow: only("allow", allow as Readonly<Record<string, unknown>>, (_, name) => closing.has(name)),
    // A leash sets none but its budget's.
    ...(limits && { limits }),
    ...(redact && { redact }),
  };
  for (const name of ["mode", "owner", "preset", "override", "traffic", "versions", "body"] as const)
    if (Object.hasOwn(others, name)) ignored.push(name);
  return { words: kept as PolicyWords, ignored };
}
