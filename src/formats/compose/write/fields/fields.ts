import { isEqual } from "../../../../base/equal.ts";
import { failed, ok, type Result } from "../../../../base/result.ts";
import type { Container, ContainerLists, ContainerScalars } from "../../../../model/container.ts";
import type { BlkioDeviceLimit, Healthcheck } from "../../../../model/container-values.ts";
import type { Fact, FactList } from "../../../../model/fact.ts";
import type { ContainerPatch } from "../../../../model/patch.ts";
import { writeBytes } from "../../../values/spell.ts";
import { at, get } from "../../yaml/node.ts";
import {
  listItems,
  placesOf,
  plainLeaf,
  type ServiceDraft,
  setValue,
  unsetValue,
  update,
  valueLeaf,
} from "../yaml/draft.ts";
import { escapeDollars } from "../yaml/token.ts";
import { child, leaf, type MapTree, map, type Tree, withChild } from "../yaml/tree.ts";
import {
  blkioKeys,
  deployPath,
  isScalarField,
  type ScalarChange,
  type ScalarField,
  type SecurityField,
  type Spelled,
  scalarPath,
  securityKeys,
  spellScalar,
} from "./keys.ts";
import { writeMounts } from "./mounts.ts";
import { writeEndpointOptions, writeNames, writeNetworks, writeUlimits } from "./name-values.ts";
import { writeDevices, writeTexts } from "./plain-lists.ts";
import { writePorts } from "./ports.ts";
import { spellSecurity, type WantedSecurity, writeSecurity } from "./security.ts";
import {
  changeList,
  type ItemChange,
  type ListField,
  type ListPatch,
  type Refuse,
  type Slot,
  slotsOf,
} from "./slots.ts";

const kinds = ["weight", "read-bps", "write-bps", "read-iops", "write-iops"] as const;

function writeBlkio(
  tree: MapTree,
  slots: readonly Slot<BlkioDeviceLimit>[],
  draft: ServiceDraft,
  refuse: Refuse<BlkioDeviceLimit>,
): Result<MapTree> {
  let result: Result<MapTree> = ok(tree);
  for (const kind of kinds) {
    const path = ["blkio_config", blkioKeys[kind]];
    const present = listItems(at(draft.merged, ...path));
    const indexOf = placesOf(present);
    const items = new Map<number, ItemChange>();
    const add: Tree[] = [];
    for (const slot of slots) {
      const { before, after } = slot;
      const stays = after?.kind === kind;
      if (before?.value.kind !== kind) {
        if (stays) add.push(limitTree(after, map({}), draft));
        continue;
      }
      const index = indexOf(before.origins[0]);
      if (index < 0) refuse(slot, "where the limit is written is not known");
      else items.set(index, (item) => (stays ? limitTree(after, item, draft) : undefined));
    }
    if (result.ok) result = changeList(result.value, draft, path, { items, add });
  }
  return result;
}

function limitTree({ kind, path, rate }: BlkioDeviceLimit, item: Tree, draft: ServiceDraft): Tree {
  if (item.kind !== "map") return item;
  const key = kind === "weight" ? "weight" : "rate";
  const text = kind.endsWith("bps") ? writeBytes(rate) : String(rate);
  const withPath = withChild(item, "path", valueLeaf(escapeDollars(path), child(item, "path"), draft));
  return withChild(withPath, key, plainLeaf(text, child(item, key), draft));
}

export interface Refusal {
  readonly patch: ContainerPatch;
  readonly reason: string;
}

interface Written {
  readonly tree: MapTree;
  readonly refused: readonly Refusal[];
}

/** The service with the patches made, as far as Compose has words for them. */
export function writeFields(
  start: MapTree,
  patches: readonly ContainerPatch[],
  draft: ServiceDraft,
): Written {
  const refused: Refusal[] = [];
  let tree = start;
  const take = (result: Result<MapTree>, made: readonly ContainerPatch[]) => {
    if (result.ok) tree = result.value;
    else refused.push(...made.map((patch) => ({ patch, reason: result.reason })));
  };
  const fields = [...new Set(patches.map((patch) => patch.field))];
  const security = new Map<SecurityField, readonly string[]>();
  for (const field of fields) {
    const own = patches.filter((patch) => patch.field === field);
    if (isListField(field)) {
      const refuse = (made: readonly ContainerPatch[], reason: string) =>
        refused.push(...made.map((patch) => ({ patch, reason })));
      tree = writeList(field, tree, own, draft, refuse);
      continue;
    }
    const wanted = wantedValue(draft.before, field, own.at(-1));
    if (!wanted) continue;
    if (isSecurity(field)) {
      const options = spellSecurity({ field, value: wanted.value } as WantedSecurity);
      if (options.ok) security.set(field, options.value);
      else take(options, own);
    } else take(writeOne(field, wanted.value, tree, draft), own);
  }
  const made = patches.filter(({ field }) => isSecurity(field) && security.has(field));
  if (security.size > 0) take(writeSecurity(tree, security, draft), made);
  return { tree, refused };
}

/** The final value of a scalar fact; undefined if it has that value already. */
function wantedValue(
  before: Container,
  field: keyof ContainerScalars,
  last: ContainerPatch | undefined,
): { readonly value: unknown } | undefined {
  const fact: Fact<unknown> = before[field];
  const value = last?.op === "set" ? last.value : undefined;
  if (value === undefined) return fact.state === "unset" ? undefined : { value };
  return fact.state === "set" && isEqual(fact.value, value) ? undefined : { value };
}

function writeOne(
  field: keyof ContainerScalars,
  value: unknown,
  tree: MapTree,
  draft: ServiceDraft,
): Result<MapTree> {
  if (field === "healthcheck")
    return writeHealthcheck(tree, value as ContainerScalars["healthcheck"] | undefined, draft);
  if (isScalarField(field)) return writeScalar(tree, { field, value }, draft);
  return failed(unsaid[field as keyof typeof unsaid]);
}

/** Why the facts that have no key cannot be written. */
const unsaid: Readonly<
  Record<Exclude<keyof ContainerScalars, ScalarField | SecurityField | "healthcheck">, string>
> = {
  publishAllPorts: "Compose has no key that publishes all ports",
  imageUser: "the image says its user, not the service",
  build: "what is built is not for a patch to say",
};

function isSecurity(field: keyof ContainerScalars | ListField): field is SecurityField {
  return Object.hasOwn(securityKeys, field);
}

const whatItRuns = "what a container runs is not for a patch to say";

type ListWriters = {
  readonly [F in ListField]: (
    tree: MapTree,
    slots: readonly Slot<ContainerLists[F]>[],
    draft: ServiceDraft,
    refuse: Refuse<ContainerLists[F]>,
  ) => Result<MapTree>;
};

const listWriters: ListWriters = {
  environment: (tree, slots, draft, refuse) => writeNames(tree, "environment", slots, draft, refuse),
  labels: (tree, slots, draft, refuse) => writeNames(tree, "labels", slots, draft, refuse),
  annotations: (tree, slots, draft, refuse) => writeNames(tree, "annotations", slots, draft, refuse),
  sysctls: (tree, slots, draft, refuse) => writeNames(tree, "sysctls", slots, draft, refuse),
  storageOpt: (tree, slots, draft, refuse) => writeNames(tree, "storageOpt", slots, draft, refuse),
  logOptions: (tree, slots, draft, refuse) => writeNames(tree, "logOptions", slots, draft, refuse),
  capAdd: (tree, slots, draft, refuse) => writeTexts(tree, "capAdd", slots, draft, refuse),
  capDrop: (tree, slots, draft, refuse) => writeTexts(tree, "capDrop", slots, draft, refuse),
  groupAdd: (tree, slots, draft, refuse) => writeTexts(tree, "groupAdd", slots, draft, refuse),
  deviceCgroupRules: (tree, slots, draft, refuse) =>
    writeTexts(tree, "deviceCgroupRules", slots, draft, refuse),
  volumesFrom: (tree, slots, draft, refuse) => writeTexts(tree, "volumesFrom", slots, draft, refuse),
  mounts: writeMounts,
  devices: writeDevices,
  ports: writePorts,
  networks: writeNetworks,
  networkDefinitions: () => failed("a network is changed at the top of the file, for all its services"),
  endpointOptions: writeEndpointOptions,
  links: (tree, slots, draft, refuse) => writeTexts(tree, "links", slots, draft, refuse),
  ulimits: writeUlimits,
  blkioDeviceLimits: writeBlkio,
  hooks: () => failed("only who wrote a hook knows what it needs"),
  entrypoint: () => failed(whatItRuns),
  command: () => failed(whatItRuns),
  credentials: () => failed("a credential is moved by hand"),
};

function isListField(field: keyof ContainerScalars | ListField): field is ListField {
  return Object.hasOwn(listWriters, field);
}

function writeList<F extends ListField>(
  field: F,
  tree: MapTree,
  patches: readonly ContainerPatch[],
  draft: ServiceDraft,
  refuse: (made: readonly ContainerPatch[], reason: string) => void,
): MapTree {
  const typed = patches.map((whole) => ({ ...whole, whole })) as unknown as readonly ListPatch<
    ContainerLists[F]
  >[];
  const slots = slotsOf(draft.before[field] as FactList<ContainerLists[F]>, typed);
  if (slots.length === 0) return tree;
  const left = new Set(slots);
  const write = (given: readonly Slot<ContainerLists[F]>[]) =>
    listWriters[field](tree, given, draft, (slot, reason) => {
      left.delete(slot);
      refuse(slot.patches, reason);
    });
  const result = write(slots);
  if (result.ok) return result.value;
  refuse(
    [...left].flatMap((slot) => slot.patches),
    result.reason,
  );
  return tree;
}

/** Turns a health check off, or on again. It never invents a command. */
function writeHealthcheck(
  tree: MapTree,
  wanted: Healthcheck | undefined,
  draft: ServiceDraft,
): Result<MapTree> {
  if (wanted === undefined) return unsetValue(tree, draft, ["healthcheck"]);
  if (wanted === "none") return update(tree, draft, ["healthcheck", "disable"], () => leaf("true"));
  const isDisabled = at(draft.merged, "healthcheck", "disable") !== undefined;
  if (!isDisabled || at(draft.merged, "healthcheck", "test") === undefined)
    return failed("what the health check is to run is not known");
  const enabled = unsetValue(tree, draft, ["healthcheck", "disable"]);
  return enabled.ok ? ok(enabled.value) : enabled;
}

/** Writes one value, where Compose has a key for it. */
function writeScalar(tree: MapTree, wanted: ScalarChange, draft: ServiceDraft): Result<MapTree> {
  const path = scalarPath(wanted.field) ?? [];
  const spelled = spellScalar(wanted);
  const deploy = deployPath(wanted.field);
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

function presence(draft: ServiceDraft, deploy: readonly string[], top: readonly string[]) {
  return {
    hasSection: at(draft.merged, ...deploy.slice(0, -1)) !== undefined,
    hasOwn: at(draft.merged, ...deploy) !== undefined,
    hasTop: get(draft.merged, top[0] ?? "") !== undefined,
  };
}

/** CPUs and sizes under `deploy` are texts. */
function deployLeaf(text: string, isText: boolean, current: Tree | undefined, draft: ServiceDraft): Tree {
  const isNumber = /^[-+]?[\d.]+$/.test(text);
  const plain = plainLeaf(text, current, draft);
  if (!isText || !isNumber || plain.token !== text) return plain;
  return leaf(draft.layout.quote === "single" ? `'${text}'` : `"${text}"`);
}

function writeAt(
  tree: MapTree,
  path: readonly string[],
  spelled: Spelled | undefined,
  draft: ServiceDraft,
): Result<MapTree> {
  if (!spelled) return unsetValue(tree, draft, path);
  if (spelled.text.includes("\n")) return failed("the value has a line break");
  if (spelled.isText) return setValue(tree, draft, path, escapeDollars(spelled.text));
  return update(tree, draft, path, (current) => plainLeaf(spelled.text, current, draft));
}
