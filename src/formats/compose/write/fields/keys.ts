import type { BlkioDeviceLimit } from "../../../../model/container-values.ts";
import { isScalarFact, type KeyedFact, keyedIn, rowOf } from "../../../../model/facts/table.ts";
import { spellValue } from "../../../values/spell.ts";

/** Code reads these two, since another key says them as well. */
const alsoSaidElsewhere = { networkMode: ["network_mode"], restart: ["restart"] } as const;

/** The facts that are written as one key of a service. */
export type ScalarField = KeyedFact<"compose"> | keyof typeof alsoSaidElsewhere;

const paths = new Map<string, readonly string[]>([
  ...keyedIn("compose").map(({ field, key }) => [field, key.split(".")] as const),
  ...Object.entries(alsoSaidElsewhere),
]);

/** Where a fact stands in a service; undefined where it is no key. */
export function scalarPath(field: string): readonly string[] | undefined {
  return paths.get(field);
}

export function isScalarField(field: string): field is ScalarField {
  return paths.has(field);
}

/** Where a limit stands under `deploy`, and whether it is a text there: CPUs and sizes are. */
export function deployPath(
  field: string,
): { readonly path: readonly string[]; readonly isText: boolean } | undefined {
  const row = isScalarFact(field) ? rowOf(field) : undefined;
  if (!row?.deploy) return undefined;
  return { path: ["deploy", "resources", ...row.deploy.split(".")], isText: row.kind !== "integer" };
}

/** A wanted value, or undefined to remove the key. */
export interface ScalarChange {
  readonly field: ScalarField;
  readonly value: unknown;
}

/** A text may need quotes, the rest is a number, a size, true or false. */
export interface Spelled {
  readonly text: string;
  readonly isText: boolean;
}

/** How Compose spells the value. */
export function spellScalar({ field, value }: ScalarChange): Spelled | undefined {
  if (value === undefined) return undefined;
  const { kind } = rowOf(field);
  return { text: spellValue(kind, value), isText: kind === "text" || kind === "namespace" };
}

/** The facts that are one list in a Compose file, by the word that an option of theirs begins with. */
export const securityKeys = {
  seccomp: "seccomp",
  apparmor: "apparmor",
  selinux: "label",
  noNewPrivileges: "no-new-privileges",
  pathProtection: "systempaths",
} as const;

export type SecurityField = keyof typeof securityKeys;

/** The service keys of lists of names. */
export const textLists = {
  capAdd: "cap_add",
  capDrop: "cap_drop",
  groupAdd: "group_add",
  deviceCgroupRules: "device_cgroup_rules",
  volumesFrom: "volumes_from",
  links: "links",
} as const;

export type TextList = keyof typeof textLists;

/** Where names with values stand in a service. */
export const namePaths = {
  environment: ["environment"],
  labels: ["labels"],
  annotations: ["annotations"],
  sysctls: ["sysctls"],
  storageOpt: ["storage_opt"],
  logOptions: ["logging", "options"],
} as const;

export type NameField = keyof typeof namePaths;

/** The keys of `blkio_config` that list limits of devices. */
export const blkioKeys: Readonly<Record<BlkioDeviceLimit["kind"], string>> = {
  weight: "weight_device",
  "read-bps": "device_read_bps",
  "write-bps": "device_write_bps",
  "read-iops": "device_read_iops",
  "write-iops": "device_write_iops",
};
