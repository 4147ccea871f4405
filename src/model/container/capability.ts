/**
 * Linux capabilities in the kernel's bit order (include/uapi/linux/capability.h), without the `CAP_` prefix.
 */
export const allCapabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
] as const;

export type Capability = (typeof allCapabilities)[number];

/** What Docker leaves on where nothing is dropped (moby: oci/caps/defaults.go). */
export const defaultCapabilities: readonly Capability[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
];

/**
 * The name as Docker normalises it: upper case, without `CAP_`; `ALL` stays.
 * `cap_sys_admin`, `SYS_ADMIN` and `Cap_Sys_Admin` are one. Unknown names are returned normalised too.
 */
export function normaliseCapability(name: string): string {
  return name.trim().toUpperCase().replace(/^CAP_/, "");
}

/** The set behind a hexadecimal mask as in /proc/PID/status (`00000000a80425fb`). Bits without a name are left out. */
export function capabilitiesFromMask(hex: string): ReadonlySet<Capability> {
  const mask = BigInt(`0x${hex}`);
  return new Set(allCapabilities.filter((_, bit) => (mask >> BigInt(bit)) & 1n));
}

/**
 * The bounding set that Docker computes from what was asked (moby: oci/caps/utils.go, TweakCapabilities).
 * Names must be normalised.
 */
export function tweakCapabilities(
  privileged: boolean,
  add: readonly string[],
  drop: readonly string[],
): ReadonlySet<string> {
  if (privileged) return new Set(allCapabilities);
  const dropped = new Set(drop);
  const added = add.filter((name) => name !== "ALL");
  if (add.includes("ALL")) {
    return new Set(allCapabilities.filter((name) => !dropped.has(name)));
  }
  if (dropped.has("ALL")) return new Set(added);
  return new Set([...defaultCapabilities.filter((name) => !dropped.has(name)), ...added]);
}
