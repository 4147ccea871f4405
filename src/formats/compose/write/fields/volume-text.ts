import { isEqual } from "../../../../base/equal.ts";
import type { Mount, TmpfsOptions } from "../../../../model/mount.ts";
import { writeBytes, writeTmpfs, writeVolume } from "../../../values/spell.ts";
import { isPropagation } from "../../read/volume-short.ts";
import { splitAtColons, splitOptions } from "../yaml/texts.ts";
import { escapeDollars } from "../yaml/token.ts";

/**
 * The short syntax of a volume changed from one mount to another, all else in it left as written. Undefined where the
 * short syntax cannot say it.
 */
export function changeShortVolume(written: string, before: Mount, after: Mount): string | undefined {
  const parts = splitAtColons(written);
  const [source, target, options] = parts;
  const isOnlyOptions = isEqual(
    { ...before, readOnly: after.readOnly, propagation: after.propagation },
    after,
  );
  if (!isOnlyOptions || parts.length > 3 || target === undefined || source === undefined)
    return spellShortVolume(after);
  const kept = (options === undefined ? [] : splitOptions(options)).filter((option) => {
    if (option === "ro" || option === "rw") return after.readOnly === before.readOnly;
    return !isPropagation(option) || after.propagation === before.propagation;
  });
  if (after.readOnly !== before.readOnly && after.readOnly) kept.unshift("ro");
  if (after.propagation !== before.propagation && after.propagation) kept.push(after.propagation);
  return [source, target, ...(kept.length > 0 ? [kept.join(",")] : [])].join(":");
}

/** A mount in the short syntax, where that can say it. */
export function spellShortVolume(mount: Mount): string | undefined {
  if (mount.type !== "bind" && mount.type !== "volume") return undefined;
  if (mount.source === undefined && (mount.readOnly || mount.propagation)) return undefined;
  const hasColon = [mount.source, mount.target].some((part) => part?.includes(":"));
  return hasColon ? undefined : escapeDollars(writeVolume(mount));
}

/** An item of `tmpfs:` changed from one mount to another, its other options (`noatime`) left as written. */
export function changeTmpfs(written: string, before: Mount, after: Mount): string {
  const [target = "", ...rest] = splitAtColons(written);
  const isOnlyOptions = isEqual({ ...before, tmpfs: after.tmpfs, readOnly: after.readOnly }, after);
  if (!isOnlyOptions) return spellTmpfs(after);
  const [was, is] = [before.tmpfs ?? none, after.tmpfs ?? none];
  let options = rest.length > 0 ? splitOptions(rest.join(":")) : [];
  for (const name of ["size", "mode", "uid", "gid"] as const) {
    if (was[name] === is[name]) continue;
    const value = is[name];
    // A patch that says no owner leaves the one that is written.
    if (value === undefined && name.endsWith("id")) continue;
    const said = value === undefined ? "" : spellNumber(name, value);
    const at = options.findIndex((option) => option.startsWith(`${name}=`));
    options = options.filter((option) => !option.startsWith(`${name}=`));
    if (said) options = options.toSpliced(at < 0 ? options.length : at, 0, `${name}=${said}`);
  }
  for (const name of ["exec", "suid", "dev"] as const) {
    if (was[name] === is[name]) continue;
    const turnedOn = options.includes("defaults");
    options = options.filter((option) => option !== name && option !== `no${name}`);
    if (is[name]) options = [...options, name];
    else if (turnedOn) options = [...options, `no${name}`];
  }
  if (before.readOnly !== after.readOnly) {
    options = options.filter((option) => option !== "ro" && option !== "rw");
    if (after.readOnly) options = ["ro", ...options];
  }
  return options.length > 0 ? `${target}:${options.join(",")}` : target;
}

function spellNumber(name: "size" | "mode" | "uid" | "gid", value: number): string {
  if (name === "size") return writeBytes(value);
  return name === "mode" ? value.toString(8) : String(value);
}

export function spellTmpfs(mount: Mount): string {
  const text = writeTmpfs(mount);
  if (!mount.readOnly) return escapeDollars(text);
  return escapeDollars(text === mount.target ? `${text}:ro` : `${text},ro`);
}

const none: TmpfsOptions = { size: undefined, mode: undefined, exec: false, suid: false, dev: false };
