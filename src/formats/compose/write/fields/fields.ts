import { isEqual } from "../../../../base/equal.ts";
import { failed, type Result } from "../../../../base/result.ts";
import type { Container, ContainerLists, ContainerScalars } from "../../../../model/container.ts";
import type { Fact, FactList } from "../../../../model/fact.ts";
import type { ContainerPatch } from "../../../../model/patch.ts";
import type { ServiceDraft } from "../yaml/draft.ts";
import type { MapTree } from "../yaml/tree.ts";
import { writeBlkio } from "./blkio.ts";
import { writeHealthcheck } from "./health.ts";
import { isScalarField, type ScalarField, type SecurityField, securityKeys } from "./keys.ts";
import { writeMounts } from "./mounts.ts";
import { writeEndpointOptions, writeNames, writeNetworks, writeUlimits } from "./name-values.ts";
import { writeDevices, writeTexts } from "./plain-lists.ts";
import { writePorts } from "./ports.ts";
import { writeScalar } from "./scalars.ts";
import { spellSecurity, type WantedSecurity, writeSecurity } from "./security.ts";
import { type ListField, type ListPatch, type Refuse, type Slot, slotsOf } from "./slots.ts";

export interface Refusal {
  readonly patch: ContainerPatch;
  readonly reason: string;
}

export interface Written {
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
