import { high, low, medium, type Place, places } from "./place.ts";

const own = { isMountPoint: true } as const;

/** Figures that every process may read and that change nothing. */
const figures = [
  "cpuinfo",
  "meminfo",
  "stat",
  "uptime",
  "loadavg",
  "diskstats",
  "swaps",
  "version",
  "vmstat",
];

/**
 * /proc. Docker's masks protect the container's own, not the host's under another path. Root needs no capability to write
 * /proc/sys: the files' modes decide, and they are root's.
 *
 * @see https://man7.org/linux/man-pages/man5/proc.5.html
 * @see https://man7.org/linux/man-pages/man5/core.5.html
 */
export const procPlaces: readonly Place[] = [
  ...places("data", "the host's processes", ["/proc"], {
    ...own,
    write: high("see every process of the host with its command line, and the secrets in it"),
    read: high("see every process of the host with its command line, and the secrets in it"),
  }),
  ...places("kernel", "settings of the host's kernel", ["/proc/sys"], {
    ...own,
    write: { severity: "critical", can: "run programs as the host's root (kernel.core_pattern)" },
  }),
  ...places("kernel", "the kernel's emergency keys", ["/proc/sysrq-trigger"], {
    ...own,
    write: high("reboot or crash the host"),
    read: undefined,
  }),
  ...places(
    "kernel",
    "hardware settings of the host's kernel",
    ["/proc/acpi", "/proc/bus", "/proc/irq", "/proc/scsi"],
    {
      ...own,
      write: high("change how the host's kernel drives its hardware"),
    },
  ),
  ...places(
    "kernel",
    "the memory of the host's kernel",
    ["/proc/kcore", "/proc/kallsyms", "/proc/kpagecount"],
    {
      ...own,
      read: medium("learn where the host's kernel keeps what"),
      write: medium("learn where the host's kernel keeps what"),
    },
  ),
  ...places(
    "reading",
    "figures of the host",
    figures.map((name) => `/proc/${name}`),
    {
      ...own,
      write: low("see the host's own figures, which tells an intruder about the machine"),
      read: low("see the host's own figures, which tells an intruder about the machine"),
    },
  ),
];

/** /sys. Files of /sys are root's and mostly need no capability. */
export const sysPlaces: readonly Place[] = [
  ...places("kernel", "the host's cgroups", ["/sys/fs/cgroup"], {
    ...own,
    write: high("lift any limit and, on cgroup v1, run a program as the host's root (release_agent)"),
    read: low("see every service and container of the host, and their limits"),
  }),
  ...places("kernel", "the host's kernel settings and devices (/sys)", ["/sys"], {
    ...own,
    write: high("change settings of the host's kernel"),
    read: low("see the host's hardware and kernel settings"),
  }),
  ...places("kernel", "settings of the host's kernel", ["/sys/kernel"], {
    ...own,
    write: high("run a program as the host's root (uevent_helper)"),
    read: low("see settings of the host's kernel"),
  }),
  ...places("kernel", "the kernel's debugging interfaces", ["/sys/kernel/debug", "/sys/kernel/tracing"], {
    ...own,
    write: high("trace and change the running kernel"),
    read: medium("see what the host's kernel and processes do"),
  }),
  ...places("kernel", "devices of the host", ["/sys/class", "/sys/devices", "/sys/bus", "/sys/block"], {
    ...own,
    write: medium("switch and configure the host's hardware"),
    read: low("see the host's hardware"),
  }),
  ...places("kernel", "the host's crash records", ["/sys/fs/pstore"], {
    ...own,
    write: medium("read and delete what the kernel wrote when it crashed"),
    read: medium("read what the kernel wrote when it crashed"),
  }),
];

/** Directories of one kind of device, or of memory that processes share. A read-only mount does not stop writes to a device. */
const kinds: readonly (readonly [path: string, what: string])[] = [
  ["/dev/bsg", "SCSI devices"],
  ["/dev/bus", "USB devices"],
  ["/dev/dri", "graphics cards"],
  ["/dev/hugepages", "huge pages"],
  ["/dev/infiniband", "InfiniBand devices"],
  ["/dev/input", "keyboards and mice"],
  ["/dev/mqueue", "message queues"],
  ["/dev/net", "network tunnels"],
  ["/dev/serial", "serial ports"],
  ["/dev/snd", "sound cards"],
  ["/dev/usb", "USB devices"],
  ["/dev/v4l", "cameras"],
];

export const devPlaces: readonly Place[] = [
  ...places("device", "the host's devices", ["/dev"], {
    ...own,
    write: { severity: "critical", can: "open every device that its device cgroup allows" },
    read: { severity: "critical", can: "open every device that its device cgroup allows" },
  }),
  // The device cgroup lets every container open terminals: c 136:* (moby: oci/defaults.go).
  ...places("device", "the host's terminals", ["/dev/pts"], {
    ...own,
    write: { severity: "critical", can: "read and write the terminals of the people on the host" },
    read: { severity: "critical", can: "read and write the terminals of the people on the host" },
  }),
  ...places(
    "device",
    "a whole directory of the host's devices",
    ["/dev/block", "/dev/char", "/dev/disk", "/dev/mapper", "/dev/md", "/dev/cpu", "/dev/vfio"],
    {
      ...own,
      write: { severity: "critical", can: "open every device in it that its device cgroup allows" },
      read: { severity: "critical", can: "open every device in it that its device cgroup allows" },
    },
  ),
  ...places("device", "memory that the host's processes share", ["/dev/shm"], {
    ...own,
    write: medium("read and change memory that the host's processes share"),
    read: medium("read memory that the host's processes share"),
  }),
  ...kinds.flatMap(([path, what]) => places("device", `the host's ${what}`, [path], own)),
];
