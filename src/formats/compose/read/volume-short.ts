import { failed, ok, type Result } from "../../../base/result.ts";
import { type Mount, mount, type Propagation, propagations } from "../../../model/mount.ts";
import { normalisePath, resolveHostPath } from "../../values/volume.ts";

/**
 * The short syntax of `volumes:`, `[SOURCE:]TARGET[:OPTIONS]`, as compose-go reads it (format/volume.go): a source that
 * begins like a path is one, and an option that it does not know is passed over.
 */
export function parseShortVolume(
  spec: string,
  where: { readonly baseDir: string; readonly home: string },
): Result<Mount> {
  const parts = splitSpec(spec);
  const [first, second, third] = parts;
  if (first === undefined || parts.length > 3 || parts.some((part) => part === "")) {
    return failed("this is not a volume: [SOURCE:]TARGET[:OPTIONS] is expected");
  }
  if (second === undefined) return ok(mount({ type: "volume", target: cleanTarget(first) }));
  const options = third?.split(",") ?? [];
  const isBind = isHostPath(first);
  return ok(
    mount({
      type: isBind ? "bind" : "volume",
      source: first,
      target: cleanTarget(second),
      readOnly: options.findLast((option) => option === "ro" || option === "rw") === "ro",
      propagation: options.findLast(isPropagation),
      hostPath: isBind ? hostPath(first, where) : undefined,
    }),
  );
}

/** Splits at colons, but not behind a drive letter. */
function splitSpec(spec: string): readonly string[] {
  const parts: string[] = [];
  for (const part of spec.split(":")) {
    const last = parts.at(-1);
    if (last !== undefined && /^[A-Za-z]$/.test(last)) parts[parts.length - 1] = `${last}:${part}`;
    else parts.push(part);
  }
  return parts;
}

/** Whether a short syntax's source is a path and no volume's name. */
export function isHostPath(source: string): boolean {
  return /^(?:[./~]|\\\\|[A-Za-z]:)/.test(source);
}

/** The absolute path on the host; a Windows path is left as it is. */
export function hostPath(source: string, where: { readonly baseDir: string; readonly home: string }): string {
  if (/^(?:\\\\|[A-Za-z]:)/.test(source)) return source;
  // compose-go takes `~name` for a folder below the home folder.
  const path = source.startsWith("~") ? `~/${source.slice(1)}` : source;
  return resolveHostPath(path, where);
}

export function cleanTarget(target: string): string {
  return target === "" ? target : normalisePath(target);
}

export function isPropagation(option: string): option is Propagation {
  return (propagations as readonly string[]).includes(option);
}
