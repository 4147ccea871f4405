import type { Node } from "jsonc-parser";
import type { NameValue, Ulimit } from "../../../model/container-values.ts";
import type { EngineLists, EngineScalars, ListenAddress } from "../../../model/engine.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import type { DaemonJsonDraft, SpanEdit } from "./draft.ts";

/** The keys of what a daemon.json can say. */
export const scalarKeys: Readonly<Partial<Record<keyof EngineScalars, string>>> = {
  usernsRemap: "userns-remap",
  noNewPrivileges: "no-new-privileges",
  seccompProfile: "seccomp-profile",
  selinuxEnabled: "selinux-enabled",
  storageDriver: "storage-driver",
  logDriver: "log-driver",
  icc: "icc",
  liveRestore: "live-restore",
  cgroupParent: "cgroup-parent",
  defaultCgroupnsMode: "default-cgroupns-mode",
  defaultIpcMode: "default-ipc-mode",
  dataRoot: "data-root",
  defaultRuntime: "default-runtime",
};

/** How the items of a list stand in the file: as strings of an array, or as members of an object. */
export interface ListKey {
  readonly key: string;
  readonly type: "array" | "object";
  /** The element, or the member's value. */
  readonly spell: (item: unknown) => unknown;
  readonly nameOf: (item: unknown) => string;
}

export const listKeys: Readonly<Partial<Record<keyof EngineLists, ListKey>>> = {
  listenAddresses: array("hosts", ({ address }: ListenAddress) => address),
  insecureRegistries: array("insecure-registries", (registry: string) => registry),
  authorizationPlugins: array("authorization-plugins", (plugin: string) => plugin),
  storageOptions: array("storage-opts", ({ name, value }: NameValue) => `${name}=${value}`),
  logOptions: object("log-opts", ({ value }: NameValue) => value),
  defaultUlimits: object("default-ulimits", ({ name, soft, hard }: Ulimit) => ({
    Name: name,
    Hard: hard,
    Soft: soft,
  })),
};

// The items of a field are of its type: they were read into it, or came with a patch of it.

function array<T>(key: string, spell: (item: T) => string): ListKey {
  return { key, type: "array", spell: (item) => spell(item as T), nameOf: () => "" };
}

function object<T extends { readonly name: string }>(key: string, spell: (item: T) => unknown): ListKey {
  return { key, type: "object", spell: (item) => spell(item as T), nameOf: (item) => (item as T).name };
}

/** Why no daemon.json can say the other facts. */
export const beyond: Readonly<Record<string, string>> = {
  furtherOptions: "no control changes it",
  credentials: "a credential has to be changed where it is used, too",
  product: "it is what the engine is",
  version: "it is what the engine is",
  components: "they are updated with the engine",
  rootless: "dockerd is rootless by being started so (dockerd-rootless.sh), not by its configuration",
  seccompAllowsAll: "it is what the profile's file says",
  seccompOpens: "it is what the profile's file says",
  absentModules: "it is what the kernel has",
  seccompSupported: "it is what the kernel can do",
  kernelLsm: "it is what the kernel runs",
  apparmorEnabled: "dockerd uses AppArmor where the kernel runs it, without being told",
  selinuxMode: "it is set in the host's /etc/selinux/config",
  backingFilesystem: "it is what the data root lies on",
  storageQuotaSupported: "it follows from the driver and the file system",
  swarmActive: "a node joins and leaves a Swarm by docker swarm",
  cgroupVersion: "it is what the host mounts",
  memoryTotal: "it is what the host has",
  cpus: "it is what the host has",
  swapTotal: "it is what the host has",
  kernelVersion: "it is what the host has",
  units: "systemd's units are separate files",
  kernelPrograms: "they are settings of the host's kernel",
  socketFiles: "who may open the socket is set where it is made: by chown and chmod, or in docker.socket",
};

export interface RefusedPatch {
  readonly patch: EnginePatch;
  /** A clause that can follow a colon. */
  readonly reason: string;
}

/** What the patches of one field come to. */
export interface FieldWriting {
  /** The patches that were made. */
  readonly made: readonly EnginePatch[];
  readonly refused: readonly RefusedPatch[];
  /** A member of the file that goes. */
  readonly removed?: Node;
  /** A member that comes. */
  readonly added?: { readonly key: string; readonly value: unknown };
  /** Changes within a member that stays. */
  readonly edits?: readonly SpanEdit[];
}

/** The member with this key, and its value. A repeated key is a problem: only the last one would count. */
export function propertyOf(draft: DaemonJsonDraft, key: string) {
  const [property, ...more] = draft.properties.get(key) ?? [];
  const value = property?.children?.[1];
  const problem = more.length > 0 ? `“${key}” is written several times: leave one` : undefined;
  return { property, value, problem };
}

export function refuseAll(patches: readonly EnginePatch[], reason: string): FieldWriting {
  return { made: [], refused: patches.map((patch) => ({ patch, reason })) };
}

/** The key of the option that says the field; undefined where none does. */
export function keyOfField(field: EnginePatch["field"]): string | undefined {
  return scalarKeys[field as keyof EngineScalars] ?? listKeys[field as keyof EngineLists]?.key;
}

/** A value as a flag of dockerd takes it; undefined where it would need quotes. */
export function spellFlagValue(value: unknown): string | undefined {
  const text = spelled(value);
  return /^[\w./:=@,+[\]-]+$/.test(text) ? text : undefined;
}

function spelled(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const item = value as ListenAddress | NameValue | Ulimit;
  if ("address" in item) return item.address;
  return "soft" in item ? `${item.name}=${item.soft}:${item.hard}` : `${item.name}=${item.value}`;
}
