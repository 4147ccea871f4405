import type { ContainerScalars } from "../../../model/container.ts";
import { spellNamespaceMode } from "../../../model/namespace.ts";
import { failed, type Result } from "../../../model/result.ts";
import { writeBytes } from "../../values/spell.ts";
import { at, get } from "../node.ts";
import { type Draft, plainLeaf, setValue, unsetValue, update } from "./draft.ts";
import { limitPaths } from "./limit-paths.ts";
import { escapeDollars } from "./token.ts";
import { leaf, type MapTree, type Tree } from "./tree.ts";

/** The keys of a service for facts of one value, where they are one key's. */
export const scalarPaths = {
  image: ["image"],
  user: ["user"],
  privileged: ["privileged"],
  readonlyRootfs: ["read_only"],
  networkMode: ["network_mode"],
  pidMode: ["pid"],
  ipcMode: ["ipc"],
  utsMode: ["uts"],
  cgroupnsMode: ["cgroup"],
  usernsMode: ["userns_mode"],
  cpusetCpus: ["cpuset"],
  cpuShares: ["cpu_shares"],
  cpuQuota: ["cpu_quota"],
  cpuPeriod: ["cpu_period"],
  nanoCpus: ["cpus"],
  memory: ["mem_limit"],
  memorySwap: ["memswap_limit"],
  memoryReservation: ["mem_reservation"],
  oomKillDisable: ["oom_kill_disable"],
  pidsLimit: ["pids_limit"],
  blkioWeight: ["blkio_config", "weight"],
  logDriver: ["logging", "driver"],
  cgroupParent: ["cgroup_parent"],
  runtime: ["runtime"],
} as const satisfies Readonly<Partial<Record<keyof ContainerScalars, readonly string[]>>>;

export type ScalarField = keyof typeof scalarPaths;

/** A wanted value, or undefined where nothing is to be said. */
export type Wanted = {
  readonly [F in ScalarField]: { readonly field: F; readonly value: ContainerScalars[F] | undefined };
}[ScalarField];

/** How Compose spells the value; a text may need quotes, the rest is a number, a size, true or false. */
export function spellScalar(wanted: Wanted): { readonly text: string; readonly isText: boolean } | undefined {
  if (wanted.value === undefined) return undefined;
  switch (wanted.field) {
    case "networkMode":
    case "pidMode":
    case "ipcMode":
    case "utsMode":
    case "cgroupnsMode":
    case "usernsMode":
      return { text: spellNamespaceMode(wanted.value), isText: true };
    case "nanoCpus":
      return { text: String(wanted.value / 1e9), isText: false };
    case "memory":
    case "memorySwap":
    case "memoryReservation":
      return { text: writeBytes(wanted.value), isText: false };
    default:
      return typeof wanted.value === "string"
        ? { text: wanted.value, isText: true }
        : { text: String(wanted.value), isText: false };
  }
}

/** Writes one value, where Compose has a key for it. */
export function writeScalar(tree: MapTree, wanted: Wanted, draft: Draft): Result<MapTree> {
  const path = scalarPaths[wanted.field];
  const spelled = spellScalar(wanted);
  const deploy = limitPaths(wanted.field);
  if (!deploy) return writeAt(tree, path, spelled, draft);
  const { hasSection, hasOwn, hasTop } = presence(draft, deploy.path, path);
  if (!spelled) {
    const without = hasTop ? unsetValue(tree, draft, path) : ({ ok: true, value: tree } as const);
    return without.ok && hasOwn ? unsetValue(without.value, draft, deploy.path) : without;
  }
  const resources = at(draft.merged, "deploy", "resources") !== undefined;
  // What `deploy` says goes before, and docker compose refuses two that differ.
  const inDeploy = hasSection || draft.swarm || (resources && !hasTop);
  if (!inDeploy) return writeAt(tree, path, spelled, draft);
  const isText = deploy.isText && !/^['"]/.test(spelled.text);
  const written = update(tree, draft, deploy.path, (current) =>
    deployLeaf(spelled.text, isText, current, draft),
  );
  return written.ok && hasTop ? writeAt(written.value, path, spelled, draft) : written;
}

function presence(draft: Draft, deploy: readonly string[], top: readonly string[]) {
  return {
    hasSection: at(draft.merged, ...deploy.slice(0, -1)) !== undefined,
    hasOwn: at(draft.merged, ...deploy) !== undefined,
    hasTop: get(draft.merged, top[0] ?? "") !== undefined,
  };
}

/** CPUs and sizes under `deploy` are texts. */
function deployLeaf(text: string, isText: boolean, current: Tree | undefined, draft: Draft): Tree {
  const isNumber = /^[-+]?[\d.]+$/.test(text);
  const plain = plainLeaf(text, current, draft);
  if (!isText || !isNumber || plain.token !== text) return plain;
  return leaf(draft.layout.quote === "single" ? `'${text}'` : `"${text}"`);
}

function writeAt(
  tree: MapTree,
  path: readonly string[],
  spelled: ReturnType<typeof spellScalar>,
  draft: Draft,
): Result<MapTree> {
  if (!spelled) return unsetValue(tree, draft, path);
  if (spelled.text.includes("\n")) return failed("the value has a line break");
  if (spelled.isText) return setValue(tree, draft, path, escapeDollars(spelled.text));
  return update(tree, draft, path, (current) => plainLeaf(spelled.text, current, draft));
}
