import { isRecord } from "../../../base/json.ts";
import { type Mount, propagations, type TmpfsOptions } from "../../../model/mount.ts";
import { writeBytes, writeVolume } from "../../values/spell.ts";
import { parseTmpfsOptions } from "../../values/volume.ts";
import { documentAt, field } from "../json.ts";
import { cleanPath, readAnonymousVolumes, readMounts } from "../mounts.ts";
import { type Entry, type ListMember, withMember, withMembers } from "./list-members.ts";

export const mountMembers: readonly ListMember<Mount>[] = [
  {
    path: ["HostConfig", "Binds"],
    shape: "array",
    read: (Binds) => readMounts(documentAt({ Binds }, "")),
    spell: spellBind,
  },
  {
    path: ["HostConfig", "Tmpfs"],
    shape: "object",
    read: (Tmpfs) => readMounts(documentAt({ Tmpfs }, "")),
    spell: spellTmpfs,
  },
  {
    path: ["HostConfig", "Mounts"],
    shape: "array",
    read: (Mounts) => readMounts(documentAt({ Mounts }, "")),
    spell: spellMount,
  },
  {
    path: ["Volumes"],
    shape: "object",
    read: (Volumes) => readAnonymousVolumes(documentAt({ Volumes }, "")),
    spell: ({ target }, old) => ({ key: target, value: old?.value ?? {} }),
  },
];

/** What only a sight of the host, or of other containers, tells of a mount: no request says it. */
export function asRequested(mount: Mount): Mount {
  return { ...mount, resolvedPath: undefined, sockets: [], from: undefined };
}

/** `SOURCE:TARGET[:OPTIONS]`; of one that is there its other options (`z`, `nocopy`) stay. */
function spellBind(mount: Mount, old: Entry | undefined): Entry | undefined {
  if (mount.type !== "bind" && mount.type !== "volume") return undefined;
  const before = typeof old?.value === "string" ? old.value : "";
  const at = before.split(":");
  if (before === "" || at[0] !== mount.source || cleanPath(at[1] ?? "") !== mount.target) {
    return mount.source === undefined ? undefined : { key: "", value: writeVolume(mount) };
  }
  const others = (at[2] ?? "")
    .split(",")
    .filter((option) => option !== "" && !/^(?:ro|rw|readonly)$/i.test(option) && !isPropagation(option));
  const options = [
    ...(mount.readOnly ? ["ro"] : []),
    ...(mount.propagation ? [mount.propagation] : []),
    ...others,
  ];
  return { key: "", value: [at[0], at[1], ...(options.length > 0 ? [options.join(",")] : [])].join(":") };
}

function isPropagation(option: string): boolean {
  return (propagations as readonly string[]).includes(option.toLowerCase());
}

/** Target to options; of those that are there the ones that no fact is about (`noatime`) stay. */
function spellTmpfs({ type, target, readOnly, tmpfs }: Mount, old: Entry | undefined): Entry | undefined {
  if (type !== "tmpfs") return undefined;
  const others = (typeof old?.value === "string" ? old.value : "")
    .split(",")
    .filter(
      (option) =>
        option !== "" &&
        !/^(?:ro|rw|defaults|(?:no)?(?:exec|suid|dev)|(?:size|mode)=.*)$/.test(option.trim()) &&
        !owner(tmpfs).some(([name]) => option.trim().startsWith(`${name}=`)),
    );
  const key = old && cleanPath(old.key) === target ? old.key : target;
  return { key, value: [...(readOnly ? ["ro"] : []), ...tmpfsOptions(tmpfs), ...others].join(",") };
}

function tmpfsOptions(tmpfs: TmpfsOptions | undefined): readonly string[] {
  const { size, mode } = tmpfs ?? {};
  return [
    ...(size === undefined ? [] : [`size=${writeBytes(size)}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
    ...owner(tmpfs).map((pair) => pair.join("=")),
    ...flagsOf(tmpfs),
  ];
}

function owner({ uid, gid }: Partial<TmpfsOptions> = {}): readonly (readonly [string, string])[] {
  return [
    ...(uid === undefined ? [] : [["uid", String(uid)] as const]),
    ...(gid === undefined ? [] : [["gid", String(gid)] as const]),
  ];
}

function flagsOf(tmpfs: TmpfsOptions | undefined): readonly string[] {
  return (["exec", "suid", "dev"] as const).filter((flag) => tmpfs?.[flag]);
}

/** An object of `Mounts`; of one that is there the members that no fact is about stay. */
function spellMount(mount: Mount, old: Entry | undefined): Entry {
  const before = isRecord(old?.value) ? old.value : {};
  const target = field(documentAt(before, ""), "Target").value;
  const isThere = typeof target === "string" && cleanPath(target) === mount.target;
  const made = withMembers(before, {
    Type: mount.type,
    Source: mount.type === "tmpfs" ? undefined : mount.source,
    Target: isThere ? target : mount.target,
    ReadOnly: mount.readOnly || undefined,
    TmpfsOptions: mount.type === "tmpfs" ? tmpfsMembers(mount.tmpfs, before) : undefined,
  });
  const bind = field(documentAt(made, ""), "BindOptions").value;
  const members = isRecord(bind) ? bind : {};
  const propagated = withMember(members, "Propagation", mount.propagation);
  const isEmpty = !isRecord(bind) && mount.propagation === undefined;
  return { key: "", value: isEmpty ? made : withMember(made, "BindOptions", propagated) };
}

function tmpfsMembers(tmpfs: TmpfsOptions | undefined, before: Readonly<Record<string, unknown>>): unknown {
  const old = field(documentAt(before, ""), "TmpfsOptions").value;
  const members = isRecord(old) ? old : {};
  const options = field(documentAt(members, ""), "Options").value;
  const others = (Array.isArray(options) ? options : []).filter(
    (option: unknown) => !(Array.isArray(option) && isAboutFacts(option.join("="))),
  );
  const all = [...flagsOf(tmpfs).map((flag) => [flag]), ...owner(tmpfs), ...others];
  const made = withMembers(members, {
    SizeBytes: tmpfs?.size,
    Mode: tmpfs?.mode,
    Options: all.length > 0 ? all : undefined,
  });
  return Object.keys(made).length > 0 ? made : undefined;
}

/** Whether an option is one of those that a fact is about. */
function isAboutFacts(option: string): boolean {
  const nothing = JSON.stringify(parseTmpfsOptions(""));
  return (
    JSON.stringify(parseTmpfsOptions(option)) !== nothing ||
    /^(?:no(?:exec|suid|dev)|(?:size|mode)=.*)$/.test(option)
  );
}
