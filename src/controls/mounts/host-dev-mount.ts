import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import type { Reached } from "../../model/host/reach.ts";
import { lower } from "../../model/severity.ts";
import type { Context, Control } from "../control.ts";
import { classifyDeviceRule, parseDeviceRule } from "./device-classes.ts";
import {
  describeMount,
  type ExposedMount,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { reachOf } from "./mount-reach.ts";

/** Nodes inside those: a file, not a directory. */
const node =
  /^\/dev\/(?:net\/tun|vfio\/\d+|bus\/usb\/\d+\/\d+|dri\/(?:card|renderD)\d+|snd\/\w+|input\/\w+\d|mapper\/.+|(?:disk|serial|v4l)\/by-\w+\/.+|block\/.+|char\/.+|pts\/\d+|cpu\/\d+\/\w+|usb\/\w+\d|shm\/.+)$/;

export const hostDevMount: Control = {
  id: "host-dev-mount",
  title: "The host's /dev is mounted",
  why: "The host's /dev has its disks, terminals and shared memory. Docker's device cgroup denies most devices even where their nodes are visible, but it allows terminals: a process can read and write the terminals of the people on the host. With `--privileged` or a `--device-cgroup-rule` the disks open too, and reading a disk is reading every file on it. A read-only mount does not prevent writing to a device. A bind of `/` includes /dev, because Docker's binds are recursive.",
  row: "1.3",
  severity: "critical",
  guard: "deny",
  cis: ["5.6"],
  attack: ["T1611", "T1006"],
  cwe: [250, 668],
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
  check: {
    container: (container, context) =>
      judgeMounts(container, context, (exposed) => exposesDev(exposed, container, context)),
  },
  remedy: {
    container: (container, context) => ({
      kind: "decision",
      summary:
        "Remove the mount and name the one device that the workload needs with `--device` (`devices:` in Compose).",
      patches: withoutMounts(container, context, (exposed) => exposesDev(exposed, container, context)),
      breaks:
        "A program that opens a device of the host fails with ENOENT (“No such file or directory”) until that device is given by `--device`.",
    }),
  },
};

function exposesDev(exposed: ExposedMount, container: Container, context: Context): MountProblem | undefined {
  const { path } = exposed;
  if (node.test(path)) return undefined;
  const worst = reachOf(exposed, context).find(isDirectory);
  if (!worst) return undefined;
  const said = describeMount(exposed);
  const isOpen = opensDevices(container);
  if (path === "/" || path === "/dev") {
    const along = path === "/" ? ", which includes the host's /dev" : "";
    return isOpen
      ? { message: `${said}${along}: a process in it can use every disk, terminal and device of the host` }
      : {
          severity: "high",
          message: `${said}${along}: a process in it can use the host's terminals and shared memory; its device cgroup denies the disks`,
        };
  }
  if (path === "/dev/shm" || isAtOrBelow(path, "/dev/shm") || isAtOrBelow(path, "/dev/pts") || isOpen) {
    return { severity: worst.severity, message: `${said}: a process in it can ${worst.can}` };
  }
  return {
    severity: lower(worst.severity),
    message: `${said}, ${worst.place.what}: one --device-cgroup-rule or --privileged later, a process in it can use them all`,
  };
}

/** A single node is no directory of devices; device-access judges it where the container may open it. */
function isDirectory({ place, how }: Reached): boolean {
  if (!isAtOrBelow(place.path, "/dev") || place.isOptional) return false;
  return !(place.path === "/dev" && how === "below");
}

/** Whether its device cgroup lets more through than the few devices that every container has. */
function opensDevices({ privileged, deviceCgroupRules }: Container): boolean {
  if (privileged.state === "set" && privileged.value) return true;
  return setItems(deviceCgroupRules).some(({ value }) => {
    const rule = parseDeviceRule(value);
    return rule !== undefined && classifyDeviceRule(rule).severity !== "none";
  });
}
