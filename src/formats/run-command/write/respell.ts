import { isEqual } from "../../../base/equal.ts";
import type { PublishedPort } from "../../../model/container-values.ts";
import { type Mount, propagations, type TmpfsOptions } from "../../../model/mount.ts";
import { writeBytes, writePort } from "../../values/spell.ts";
import { parseCsvRecord } from "../read/csv.ts";

/**
 * The value of `-v` for the mount as it should be, keeping what else it says (`:z`); undefined where `-v` cannot say it.
 */
export function respellVolume(text: string, before: Mount, after: Mount): string | undefined {
  const [source, target, options = "", ...more] = text.split(":");
  if (!isSamePlace(before, after) || target === undefined || more.length > 0) return undefined;
  let kept: readonly string[] = options.split(",").filter((option) => option !== "");
  if (after.readOnly !== before.readOnly) {
    kept = withOption(kept, /^(?:ro|readonly|rw)$/i, after.readOnly ? "ro" : undefined);
  }
  if (after.propagation !== before.propagation) kept = withOption(kept, isPropagation, after.propagation);
  const place = `${source}:${target}`;
  return kept.length === 0 ? place : `${place}:${kept.join(",")}`;
}

const isPropagation = new RegExp(`^(?:${propagations.join("|")})$`, "i");

/** The value of `--mount`, its other fields left as they are, with their quotes. */
export function respellMount(text: string, before: Mount, after: Mount): string | undefined {
  if (!isSamePlace(before, after) || text.trim() !== text) return undefined;
  let fields = rawFields(text);
  if (after.readOnly !== before.readOnly) {
    fields = withOption(fields, /^"?(?:readonly|ro)(?:$|[="])/i, after.readOnly ? "readonly" : undefined);
  }
  if (after.propagation !== before.propagation) {
    const option = after.propagation && `bind-propagation=${after.propagation}`;
    fields = withOption(fields, /^"?bind-propagation=/i, option);
  }
  const [was, is] = [before.tmpfs, after.tmpfs];
  if (is && was && is.size !== was.size) {
    fields = withOption(fields, /^"?tmpfs-size=/i, is.size && `tmpfs-size=${writeBytes(is.size)}`);
  }
  if (is && was && is.mode !== was.mode) {
    fields = withOption(fields, /^"?tmpfs-mode=/i, is.mode && `tmpfs-mode=${is.mode.toString(8)}`);
  }
  return fields.join(",");
}

/** The value of `--network` without an option of the driver; undefined where the option is all that it says. */
export function withoutDriverOption(text: string, option: string): string | undefined {
  const isOption = ([field = ""]: readonly string[]) => {
    const [key = "", name = ""] = field
      .toLowerCase()
      .split("=")
      .map((part) => part.trim());
    return key === "driver-opt" && name === option;
  };
  const fields = rawFields(text);
  const kept = fields.filter((field) => {
    const parsed = parseCsvRecord(field);
    return !parsed.ok || !isOption(parsed.value);
  });
  return kept.length > 0 && kept.length < fields.length ? kept.join(",") : undefined;
}

/** Splits at the commas that are not within quotes. */
function rawFields(text: string): readonly string[] {
  const fields: string[] = [];
  let open: string | undefined;
  for (const part of text.split(",")) {
    const field = open === undefined ? part : `${open},${part}`;
    const isOpen = field.split('"').length % 2 === 0;
    if (!isOpen) fields.push(field);
    open = isOpen ? field : undefined;
  }
  return open === undefined ? fields : [...fields, open];
}

/** The value of `--tmpfs`, with unchanged options left as they are. */
export function respellTmpfs(text: string, before: Mount, after: Mount): string | undefined {
  if (!isSamePlace(before, after) || !after.tmpfs || !before.tmpfs) return undefined;
  const colon = text.indexOf(":");
  const target = colon < 0 ? text : text.slice(0, colon);
  let options: readonly string[] = colon < 0 ? [] : text.slice(colon + 1).split(",");
  if (options.includes("defaults")) options = explicit(options, before.tmpfs);
  for (const name of ["exec", "suid", "dev"] as const) {
    if (after.tmpfs[name] === before.tmpfs[name]) continue;
    options = withOption(options, new RegExp(`^(?:no)?${name}$`), after.tmpfs[name] ? name : undefined);
  }
  const { size, mode, uid, gid } = after.tmpfs;
  if (size !== before.tmpfs.size) options = withOption(options, /^size=/, size && `size=${writeBytes(size)}`);
  if (mode !== before.tmpfs.mode) options = withOption(options, /^mode=/, mode && `mode=${mode.toString(8)}`);
  // A patch that says no owner leaves the one that is written.
  if (uid !== undefined) options = withOption(options, /^uid=/, `uid=${uid}`);
  if (gid !== undefined) options = withOption(options, /^gid=/, `gid=${gid}`);
  if (after.readOnly !== before.readOnly)
    options = withOption(options, /^(?:ro|rw)$/, after.readOnly ? "ro" : undefined);
  return options.length === 0 ? target : `${target}:${options.join(",")}`;
}

/** `defaults` turns exec, suid and dev on at once; said one by one, each can be taken back. */
function explicit(options: readonly string[], tmpfs: TmpfsOptions): readonly string[] {
  const others = options.filter((option) => !/^(?:defaults|(?:no)?(?:exec|suid|dev))$/.test(option));
  return [...others, ...(["exec", "suid", "dev"] as const).filter((name) => tmpfs[name])];
}

/** The value of `-p`: where only the address changes, the rest stays as it is written. */
export function respellPort(text: string, before: PublishedPort, after: PublishedPort): string {
  const isMoved = isEqual({ ...before, hostIp: "" }, { ...after, hostIp: "" });
  const match = /^(?:(?:\[[^\]]*\]|[\d.]*|[\da-fA-F:]*):(?=[^:]*:))?(?:([^:]*):)?([^:]*)$/.exec(text);
  if (!isMoved || !match || text.includes("=") || after.hostIp === undefined) return writePort(after);
  const address = after.hostIp.includes(":") ? `[${after.hostIp}]` : after.hostIp;
  return `${address}:${match[1] ?? ""}:${match[2]}`;
}

/** The options without those that the pattern finds; a new one takes the place of the first, or stands last. */
function withOption(
  options: readonly string[],
  pattern: RegExp,
  option: string | 0 | undefined,
): readonly string[] {
  const at = options.findIndex((each) => pattern.test(each));
  const kept = options.filter((each) => !pattern.test(each));
  if (!option) return kept;
  return at < 0 ? [...kept, option] : kept.toSpliced(at, 0, option);
}

function isSamePlace(before: Mount, after: Mount): boolean {
  return before.type === after.type && before.source === after.source && before.target === after.target;
}
