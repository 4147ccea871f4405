import type { Control } from "../control.ts";
import {
  describeMount,
  type ExposedMount,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { isAtOrBelow } from "./host-path.ts";

/** Directories of disks, terminals and memory: as bad as /dev itself. */
const grave = [
  "/dev/block",
  "/dev/char",
  "/dev/disk",
  "/dev/mapper",
  "/dev/md",
  "/dev/pts",
  "/dev/cpu",
  "/dev/vfio",
];

/** Directories of one kind of device, or of memory that processes share. */
const lesser = [
  "/dev/bsg",
  "/dev/bus",
  "/dev/dri",
  "/dev/hugepages",
  "/dev/infiniband",
  "/dev/input",
  "/dev/mqueue",
  "/dev/net",
  "/dev/serial",
  "/dev/shm",
  "/dev/snd",
  "/dev/usb",
  "/dev/v4l",
];

/** Nodes inside those: a file, not a directory. */
const node =
  /^\/dev\/(?:net\/tun|vfio\/\d+|bus\/usb\/\d+\/\d+|dri\/(?:card|renderD)\d+|snd\/\w+|input\/\w+\d|mapper\/.+|(?:disk|serial|v4l)\/by-\w+\/.+|block\/.+|char\/.+|pts\/\d+|cpu\/\d+\/\w+|usb\/\w+\d|shm\/.+)$/;

export const hostDevMount: Control = {
  id: "host-dev-mount",
  title: "The host's /dev is mounted",
  why: "The host's /dev holds its raw disks, its memory, its terminals and what is plugged in. Bound into a container, every node of it is there at once, and one `--device-cgroup-rule`, one `--privileged` or a shared /dev/pts away from use: reading a raw disk is reading every file of the host. A read-only mount does not stop a process from writing to a device node. A bind of `/` brings the host's /dev along, because Docker's binds are recursive.",
  row: "1.3",
  severity: "critical",
  cis: ["5.6"],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#device",
    "https://docs.kernel.org/admin-guide/devices.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -v /dev:/dev ubuntu" },
      { syntax: "run", text: "docker run -v /dev/disk:/disk:ro ubuntu" },
      {
        syntax: "compose",
        text: "services:\n  flasher:\n    image: example/flasher\n    volumes:\n      - /dev/bus/usb:/dev/bus/usb\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --device /dev/ttyUSB0 example/modem" },
      { syntax: "run", text: "docker run -v /dev/null:/etc/nginx/conf.d/default.conf:ro nginx" },
    ],
  },
  check: { container: (container, context) => judgeMounts(container, context, exposesDev) },
  remedy: {
    container: (container, context) => ({
      kind: "behavioural",
      summary:
        "Remove the mount and name the one device that the workload needs with `--device` (`devices:` in Compose).",
      patches: withoutMounts(container, context, exposesDev),
      breaks:
        "A program that opens a device of the host fails with ENOENT (“No such file or directory”) until that device is given by `--device`.",
    }),
  },
};

function exposesDev(exposed: ExposedMount): MountProblem | undefined {
  const { path } = exposed;
  const said = describeMount(exposed);
  if (path === "/")
    return { message: `${said}, the host's /dev with it: every disk and device of the host is within reach` };
  if (path === "/dev")
    return { message: `${said}: every disk, terminal and device of the host is within reach` };
  if (node.test(path)) return undefined;
  if (grave.some((folder) => isAtOrBelow(path, folder))) {
    return { message: `${said}: a whole directory of the host's devices is within reach` };
  }
  if (isAtOrBelow(path, "/dev/shm")) {
    return {
      severity: "medium",
      message: `${said}: it can read and change memory that the host's processes share`,
    };
  }
  if (lesser.some((folder) => isAtOrBelow(path, folder))) {
    return {
      severity: "high",
      message: `${said}: every device of that kind on the host is within reach, also one plugged in later`,
    };
  }
  return undefined;
}
