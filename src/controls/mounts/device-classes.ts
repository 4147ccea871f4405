import type { Severity } from "../../model/severity.ts";

/** What a device is and what a container can do with it. */
export interface DeviceClass {
  /** `none`: nothing, as Docker gives it to every container. */
  readonly severity: Extract<Severity, "high" | "medium"> | "none";
  /** What it is: `a raw disk`. */
  readonly what: string;
  /** What a process can do with it. */
  readonly reach: string;
  /** What is left of that where it may not write to it; undefined where that is as much. */
  readonly reading?: string;
}

const disk: DeviceClass = {
  severity: "high",
  what: "a raw disk",
  reach: "read and change every file on it, past all permissions",
  reading: "read every file on it, past all permissions",
};
const memory: DeviceClass = {
  severity: "high",
  what: "the host's memory or I/O ports",
  reach: "read and change the running kernel",
  reading: "read the running kernel and every process's secrets",
};
const kernelLog: DeviceClass = {
  severity: "high",
  what: "the kernel's log",
  reach: "read what the host's kernel says and write to it",
};
const fuse: DeviceClass = {
  severity: "high",
  what: "FUSE",
  reach: "serve file systems to the kernel, a large and often attacked surface",
};
const virtualisation: DeviceClass = {
  severity: "high",
  what: "the host's virtualisation",
  reach: "run virtual machines on the host's kernel, outside the container's limits",
};
const input: DeviceClass = {
  severity: "high",
  what: "a virtual or real input device",
  reach: "read or type what a person types at the host",
};
const registers: DeviceClass = {
  severity: "high",
  what: "the processor's registers or the host's firmware",
  reach: "reconfigure the machine below the kernel",
};
const tunnel: DeviceClass = {
  severity: "medium",
  what: "the tunnel driver",
  reach: "create network interfaces, once it has NET_ADMIN",
};
const usb: DeviceClass = {
  severity: "medium",
  what: "the USB bus",
  reach: "drive every device that is plugged in, disks and security keys too",
};
const graphics: DeviceClass = {
  severity: "medium",
  what: "the graphics card",
  reach: "read what others left in its memory, and attack a large driver in the host's kernel",
};
const media: DeviceClass = {
  severity: "medium",
  what: "the host's sound or video",
  reach: "listen and watch where the host stands",
};
const harmless: DeviceClass = { severity: "none", what: "a device that every container has", reach: "" };
const other: DeviceClass = {
  severity: "medium",
  what: "a device of the host",
  reach: "use it, and attack the driver behind it in the host's kernel",
};
const everything: DeviceClass = {
  severity: "high",
  what: "every device of the host",
  reach: "read and change every disk of the host",
  reading: "read every disk of the host",
};

/** First match counts. Names as in the kernel's Documentation/admin-guide/devices.txt. */
const byPath: readonly (readonly [RegExp, DeviceClass])[] = [
  [/^\/dev$/, everything],
  [/^\/dev\/(?:null|zero|full|random|urandom|tty|ptmx|console)$/, harmless],
  [
    /^\/dev\/(?:[shv]d[a-z]+\d*|xvd[a-z]+\d*|nvme\d.*|mmcblk\d.*|dm-\d+|md\d.*|nbd\d.*|rbd\d.*|zd\d+.*)$/,
    disk,
  ],
  [/^\/dev\/(?:loop\d+|loop-control|ram\d+|sg\d+|bsg|btrfs-control|zfs|zram\d+)$/, disk],
  [/^\/dev\/(?:mapper|disk|block|md|bsg|zvol)(?:\/|$)/, disk],
  [/^\/dev\/(?:mem|kmem|port|oldmem)$/, memory],
  [/^\/dev\/kmsg$/, kernelLog],
  [/^\/dev\/(?:fuse|cuse)$/, fuse],
  [/^\/dev\/(?:kvm|vhost-net|vhost-vsock|vsock|vboxdrv)$/, virtualisation],
  [/^\/dev\/vfio(?:\/|$)/, virtualisation],
  [/^\/dev\/(?:uinput|uhid|input(?:\/.*)?)$/, input],
  [/^\/dev\/(?:cpu(?:\/.*)?|nvram|mei\d*|tpm\w+|ipmi\d*)$/, registers],
  [/^\/dev\/net\/tun$/, tunnel],
  [/^\/dev\/(?:bus\/usb|usb)(?:\/|$)/, usb],
  [/^\/dev\/(?:dri|nvidia.*|kfd)(?:\/|$)/, graphics],
  [/^\/dev\/(?:snd(?:\/.*)?|video\d+|media\d+|dsp\d*)$/, media],
];

/** What a path under /dev is; a CDI name (`nvidia.com/gpu=all`) says nothing of what it holds. */
export function classifyDevice(path: string): DeviceClass {
  const [, kind, major = "", minor = ""] = /^\/dev\/(char|block)\/(\d+):(\d+)$/.exec(path) ?? [];
  if (kind !== undefined)
    return classifyDeviceRule({ type: kind === "char" ? "c" : "b", major, minor, access: "rwm" });
  if (!path.startsWith("/"))
    return { ...other, what: "a CDI device, which may bring several nodes and mounts" };
  return byPath.find(([pattern]) => pattern.test(path))?.[1] ?? other;
}

/** `c 10:200 rwm`: numbers, or `*`. */
export interface DeviceRule {
  readonly type: "a" | "b" | "c";
  readonly major: string;
  readonly minor: string;
  /** Letters of `rwm`. */
  readonly access: string;
}

/** Reads a device cgroup rule as Docker does (docker/cli: validateDeviceCgroupRule); undefined where it would refuse it. */
export function parseDeviceRule(text: string): DeviceRule | undefined {
  const match = /^([abc])\s+(\d+|\*):(\d+|\*)\s+([rwm]{1,3})$/.exec(text.trim());
  const [, type, major = "*", minor = "*", access = ""] = match ?? [];
  return type === "a" || type === "b" || type === "c" ? { type, major, minor, access } : undefined;
}

/** Majors and minors, `major:minor` or `major:*` (Documentation/admin-guide/devices.txt). */
const characterDevices: Readonly<Record<string, DeviceClass>> = {
  "*:*": everything,
  "1:*": memory,
  "1:1": memory,
  "1:2": memory,
  "1:4": memory,
  "1:11": kernelLog,
  "1:3": harmless,
  "1:5": harmless,
  "1:7": harmless,
  "1:8": harmless,
  "1:9": harmless,
  "5:0": harmless,
  "5:1": harmless,
  "5:2": harmless,
  "136:*": harmless,
  "10:*": { ...virtualisation, what: "every miscellaneous device (FUSE, KVM, …)" },
  "10:200": tunnel,
  "10:223": input,
  "10:229": fuse,
  "10:232": virtualisation,
  "10:234": disk,
  "10:237": disk,
  "10:238": virtualisation,
  "13:*": input,
  "21:*": disk,
  "81:*": media,
  "116:*": media,
  "189:*": usb,
  "195:*": graphics,
  "226:*": graphics,
  "202:*": registers,
  "203:*": registers,
};

/** What a device cgroup rule opens. Making nodes alone (`m`) is what Docker lets every container do. */
export function classifyDeviceRule({ type, major, minor, access }: DeviceRule): DeviceClass {
  if (!/[rw]/.test(access)) return harmless;
  if (type === "a") return major === "*" || minor === "*" ? everything : disk;
  if (type === "b") return major === "*" ? { ...disk, what: "every disk of the host" } : disk;
  return (
    characterDevices[`${major}:${minor}`] ??
    characterDevices[`${major}:*`] ??
    (major === "*" ? everything : other)
  );
}
