import { hostFiles } from "../../engine/host/files.ts";
import { apiSockets } from "../../engine/host/host.ts";
import { socketReach, withReach } from "../../engine/host/reach.ts";
import type { LiveReading } from "../../engine/read/live-reading.ts";
import type { Container } from "../../model/container.ts";
import { mount } from "../../model/mount.ts";

/**
 * A named volume need not be there yet, and if it is it belongs to others: a fresh one stands in for it. A bind whose
 * source is not on this machine is left out, and said.
 */
export function mountsOf(
  view: Container,
  { host }: LiveReading,
): { readonly mounts: Container["mounts"]; readonly absent: readonly string[] } {
  const absent: string[] = [];
  const kept = view.mounts.flatMap((item) => {
    if (item.state !== "set") return [];
    const { type, hostPath, target } = item.value;
    if (type === "volume") return [{ ...item, value: mount({ ...item.value, source: undefined }) }];
    if (type === "bind" && host?.sameFiles && hostPath !== undefined && !hostFiles.stat(hostPath)) {
      absent.push(`the mount at ${target}: there is no ${hostPath} on this machine`);
      return [];
    }
    return [item];
  });
  if (!host?.sameFiles) return { mounts: kept, absent };
  return { mounts: withReach(kept, socketReach(apiSockets(host), hostFiles), hostFiles), absent };
}

/** The tmpfs mounts of a file, as `--tmpfs` asks for them. */
export function tmpfsOf({ mounts }: Container): { readonly Tmpfs?: Readonly<Record<string, string>> } {
  const entries = mounts.flatMap((item): [string, string][] => {
    if (item.state !== "set" || item.value.type !== "tmpfs") return [];
    const { size, mode, exec, suid, dev } = item.value.tmpfs ?? {};
    const options = [
      ...(size === undefined ? [] : [`size=${size}`]),
      ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
      ...(exec ? ["exec"] : []),
      ...(suid ? ["suid"] : []),
      ...(dev ? ["dev"] : []),
    ];
    return [[item.value.target, options.join(",")]];
  });
  return entries.length === 0 ? {} : { Tmpfs: Object.fromEntries(entries) };
}
