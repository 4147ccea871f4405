import { type NamespaceMode, spellNamespaceMode } from "../../model/container/namespace.ts";
import type {
  BlkioDeviceLimit,
  Device,
  PublishedPort,
  SeccompProfile,
  SelinuxLabel,
} from "../../model/container-values.ts";
import type { Kind } from "../../model/facts/row.ts";
import type { Mount } from "../../model/mount.ts";

/** The value of a fact that is one key, as Compose, `docker run` and the tools over them take it. */
export function spellValue(kind: Kind, value: unknown): string {
  if (kind === "namespace") return spellNamespaceMode(value as NamespaceMode);
  if (kind === "cpus") return String(Number(value) / 1e9);
  return kind === "bytes" ? writeBytes(Number(value)) : String(value);
}

/** Bytes as Docker takes them back: `128m`, `1g`, or the plain number. */
export function writeBytes(bytes: number): string {
  if (bytes > 0 && bytes % 1024 ** 3 === 0) return `${bytes / 1024 ** 3}g`;
  if (bytes > 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}m`;
  return String(bytes);
}

/** `SOURCE:TARGET[:ro]`, the short volume syntax. */
export function writeVolume(mount: Mount): string {
  const options = [mount.readOnly ? "ro" : "", mount.propagation ?? ""].filter(Boolean).join(",");
  return [mount.source, mount.target, options].filter(Boolean).join(":");
}

/** `TARGET[:size=…,mode=…]`, as --tmpfs and Compose's `tmpfs` take it. */
export function writeTmpfs(mount: Mount): string {
  const { size, mode, uid, gid, exec, suid, dev } = mount.tmpfs ?? { exec: false, suid: false, dev: false };
  const options = [
    size === undefined ? "" : `size=${writeBytes(size)}`,
    mode === undefined ? "" : `mode=${mode.toString(8)}`,
    uid === undefined ? "" : `uid=${uid}`,
    gid === undefined ? "" : `gid=${gid}`,
    exec ? "exec" : "",
    suid ? "suid" : "",
    dev ? "dev" : "",
  ].filter(Boolean);
  return options.length === 0 ? mount.target : `${mount.target}:${options.join(",")}`;
}

/** `[IP:][HOST:]CONTAINER[/udp]`. */
export function writePort(port: PublishedPort): string {
  const ip = port.hostIp?.includes(":") ? `[${port.hostIp}]` : port.hostIp;
  const front = ip === undefined ? "" : `${ip}:`;
  const host = port.hostPort === undefined ? (ip === undefined ? "" : ":") : `${port.hostPort}:`;
  return `${front}${host}${port.containerPort}${port.protocol === "tcp" ? "" : `/${port.protocol}`}`;
}

export function writeDevice(device: Device): string {
  const parts = [device.hostPath, device.containerPath, device.permissions];
  return device.hostPath === device.containerPath && device.permissions === "rwm"
    ? device.hostPath
    : parts.join(":");
}

export function writeBlkioLimit(limit: BlkioDeviceLimit): string {
  return `${limit.path}:${limit.kind.endsWith("bps") ? writeBytes(limit.rate) : limit.rate}`;
}

/** The options of --security-opt that ask for this profile or label. */
export function writeSeccomp(profile: SeccompProfile): string {
  return `seccomp=${profile.profile === "custom" ? (profile.path ?? "profile.json") : profile.profile === "default" ? "builtin" : "unconfined"}`;
}

export function writeLabel(label: SelinuxLabel): readonly string[] {
  if (label.disable) return ["label=disable"];
  return (["user", "role", "type", "level"] as const).flatMap((part) =>
    label[part] === undefined ? [] : [`label=${part}:${label[part]}`],
  );
}
