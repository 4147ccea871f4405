import { posix } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import { reach } from "../../model/host/reach.ts";
import { type Mount, mount, type Propagation, propagations, type TmpfsOptions } from "../../model/mount.ts";
import { parseBytes } from "./bytes.ts";

/**
 * The short volume syntax, `[SOURCE:]TARGET[:OPTIONS]`, of `-v`, Compose and HostConfig.Binds
 * (moby: volume/mounts/linux_parser.go). A source that starts with `/`, `.`, `~` or a drive letter is a host path,
 * anything else a volume's name. One part alone is an anonymous volume.
 */
export function parseVolume(
  spec: string,
  where: { readonly baseDir: string; readonly home: string },
): Result<Mount> {
  const [first, second, third, ...more] = splitVolume(spec);
  if (first === undefined || first === "" || more.length > 0) {
    return failed(`“${spec}” is not a volume: SOURCE:TARGET[:OPTIONS] is expected`);
  }
  if (second === undefined) return ok(mount({ type: "volume", target: normaliseTarget(first) }));
  if (second === "") return failed(`“${spec}” names no target`);
  if (third === undefined && !second.startsWith("/") && isModeList(second)) {
    return failed(`“${spec}” gives options to a volume without a source`);
  }
  const options = (third ?? "").split(",").map((option) => option.trim().toLowerCase());
  const isPath = /^(?:[/.~]|[A-Za-z]:[\\/])/.test(first);
  return ok(
    mount({
      type: isPath ? "bind" : "volume",
      source: first,
      target: normaliseTarget(second),
      readOnly: options.includes("ro") || options.includes("readonly"),
      propagation: options.findLast(isPropagation),
      hostPath: isPath ? resolveHostPath(first, where) : undefined,
    }),
  );
}

/** Splits at colons, but not behind a Windows drive letter. */
function splitVolume(spec: string): readonly string[] {
  const drive = /^[A-Za-z]:(?:\\|\/[^:]*:\/)/.test(spec) ? 2 : 0;
  const parts = spec.slice(drive).split(":");
  return [spec.slice(0, drive) + (parts[0] ?? ""), ...parts.slice(1)];
}

function normaliseTarget(target: string): string {
  return target.startsWith("/") ? normalisePath(target) : target;
}

function isPropagation(option: string): option is Propagation {
  return (propagations as readonly string[]).includes(option);
}

function isModeList(text: string): boolean {
  return text
    .split(",")
    .every((option) =>
      ["ro", "rw", "z", "nocopy", "consistent", "cached", "delegated", ...propagations].includes(
        option.toLowerCase(),
      ),
    );
}

/**
 * The mount of a source that is not known (`$DOCKER_SOCK`) at the place where an engine's socket is: programs look for the socket
 * there, so it is one, whatever its path on the host. Undefined for any other target.
 */
export function mountOfUnknown(source: string, target: string): Mount | undefined {
  const isSocket = reach(target).some(({ gives, how }) => gives === "engine" && how === "at");
  return isSocket ? mount({ type: "bind", source, target, hostPath: normalisePath(target) }) : undefined;
}

/** An absolute POSIX path without `.`, `..`, doubled or trailing slashes: `/var/run/../run/` is `/var/run`. */
export function normalisePath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/** A host path as written, made absolute: `~` is the home folder, the rest stands on `baseDir`. */
export function resolveHostPath(
  path: string,
  where: { readonly baseDir: string; readonly home: string },
): string {
  if (path === "~") return normalisePath(where.home);
  if (path.startsWith("~/")) return normalisePath(posix.join(where.home, path.slice(2)));
  return normalisePath(posix.resolve("/", where.baseDir, path));
}

/**
 * The options of `--tmpfs /path:OPTIONS` (comma-separated, as mount(8) takes them). Docker puts
 * `noexec,nosuid,nodev` in front, so only an explicit opposite turns one back on. A size in per cent of the
 * memory is no fixed size: undefined.
 */
export function parseTmpfsOptions(options: string): TmpfsOptions {
  let parsed: TmpfsOptions = { size: undefined, mode: undefined, exec: false, suid: false, dev: false };
  for (const option of options.split(",").map((part) => part.trim())) {
    const flag = /^(no)?(exec|suid|dev)$/.exec(option);
    if (flag) parsed = { ...parsed, [flag[2] ?? ""]: flag[1] === undefined };
    else if (option === "defaults") parsed = { ...parsed, exec: true, suid: true, dev: true };
    else if (option.startsWith("size=")) parsed = { ...parsed, size: positive(parseBytes(option.slice(5))) };
    else if (option.startsWith("mode=")) parsed = { ...parsed, mode: octal(option.slice(5)) };
    else if (/^[ug]id=\d+$/.test(option))
      parsed = { ...parsed, [option.slice(0, 3)]: Number(option.slice(4)) };
  }
  return parsed;
}

function positive(size: number | undefined): number | undefined {
  return size !== undefined && size > 0 ? size : undefined;
}

function octal(text: string): number | undefined {
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
