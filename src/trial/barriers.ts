import { statSync } from "node:fs";
import { isRecord, itemsOf, type JsonObject, recordAt, textAt, textsOf } from "../base/json.ts";

/** What a trial cannot isolate from the host. `--allow NAME` starts it all the same. */
export const barrierNames = [
  "privileged",
  "host-network",
  "host-pid",
  "host-ipc",
  "host-uts",
  "other-containers",
  "sockets",
  "devices",
  "kernel-files",
] as const;

export type BarrierName = (typeof barrierNames)[number];

export interface Barrier {
  readonly name: BarrierName;
  /** A clause: `it shares the host's network`. */
  readonly reason: string;
}

const kernelFolders = ["/proc", "/sys", "/dev"];

/** Why a service, as docker compose resolves it, must not be started in a trial. */
export function barriersOf(service: JsonObject): readonly Barrier[] {
  const found: Barrier[] = [];
  const add = (name: BarrierName, reason: string) => found.push({ name, reason });
  if (service.privileged === true) add("privileged", "it is privileged and reaches the host's devices");
  if (service.network_mode === "host") add("host-network", "it uses the host's network");
  if (service.pid === "host") add("host-pid", "it sees the host's processes");
  if (service.ipc === "host") add("host-ipc", "it uses the host's IPC namespace");
  if (service.uts === "host") add("host-uts", "it can change the host's name");
  for (const key of ["network_mode", "pid", "ipc"]) {
    const other = textAt(service, key);
    if (other?.startsWith("container:"))
      add("other-containers", `${key} joins the container ${other.slice(10)}`);
  }
  if (textsOf(service.volumes_from).length > 0) add("other-containers", "volumes_from shares other volumes");
  const devices = itemsOf(service.devices).map((device) =>
    typeof device === "string" ? device : (textAt(device, "source") ?? "a device"),
  );
  const reserved = itemsOf(recordAt(service, "deploy", "resources", "reservations").devices);
  if (devices.length > 0) add("devices", `it uses ${devices.join(", ")}`);
  if (itemsOf(service.gpus).length + reserved.length > 0) add("devices", "it uses a GPU");
  for (const mount of itemsOf(service.volumes).filter(isRecord)) {
    const source = textAt(mount, "source") ?? "";
    if (mount.type !== "bind") continue;
    if (isSocket(source)) add("sockets", `it mounts the socket ${source}`);
    const isKernel = kernelFolders.some((folder) => source === folder || source.startsWith(`${folder}/`));
    if (isKernel && mount.read_only !== true) add("kernel-files", `it can write ${source} of the host`);
  }
  return found;
}

export function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return /\.sock$/.test(path);
  }
}
