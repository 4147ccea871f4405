import { failed, ok, type Result } from "../../base/result.ts";
import { reach } from "../../model/host/reach.ts";
import { type Mount, mount, type Propagation, propagations } from "../../model/mount.ts";
import { normalisePath, resolveHostPath } from "./path.ts";

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
