import { posix } from "node:path";
import type { Device } from "../../model/container-values.ts";
import type { FactList } from "../../model/fact.ts";
import type { HostFiles } from "./files.ts";

/** Entries of a folder of devices that are looked at: more than a whole /dev of a big host. */
const most = 4096;

/**
 * The devices of a container with what they are on the host. The Engine takes every device below a folder (moby:
 * daemon/pkg/oci/devices_linux.go). A name that is no path (CDI, a GPU) stands for devices that its driver chooses.
 */
export function withNodes(
  devices: FactList<Device>,
  files: Pick<HostFiles, "list" | "stat">,
): FactList<Device> {
  return devices.map((item) => {
    if (item.state !== "set" || !item.value.hostPath.startsWith("/")) return item;
    const nodes = nodesAt(item.value.hostPath, files);
    return nodes ? { ...item, value: { ...item.value, nodes } } : item;
  });
}

function nodesAt(path: string, files: Pick<HostFiles, "list" | "stat">): readonly string[] | undefined {
  const status = files.stat(path);
  if (status?.node !== undefined) return [status.node];
  if (!status?.isDirectory) return undefined;
  const found: string[] = [];
  const pending = [path];
  for (let seen = 0; pending.length > 0; ) {
    const folder = pending.pop() ?? path;
    for (const name of files.list(folder)) {
      seen += 1;
      if (seen > most) return undefined;
      const entry = files.stat(posix.join(folder, name));
      if (entry?.node !== undefined) found.push(entry.node);
      else if (entry?.isDirectory) pending.push(posix.join(folder, name));
    }
  }
  return found;
}
