import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { canonicalPath } from "../../model/host/path.ts";
import type { Origin } from "../../model/origin.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { combine, fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { unlessPrivileged } from "../capabilities/privilege.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";
import { classifyDevice, classifyDeviceRule, type DeviceClass, parseDeviceRule } from "./device-classes.ts";

export const deviceAccess: Control = {
  id: "device-access",
  title: "A device of the host is given to the container",
  why: "A device node bypasses the file system and its permissions: a raw disk gives every file on it, /dev/mem and /dev/kmsg the kernel's memory and log, FUSE, KVM and others a large piece of the host's kernel to attack. `--device-cgroup-rule` opens devices by number, also ones that are plugged in later. /dev/null, zero, full, random, urandom and tty are in every container and mean nothing.",
  row: "1.3",
  severity: "high",
  guard: "deny",
  cis: ["5.18"],
  attack: ["T1611", "T1006"],
  cwe: [250, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#device",
    "https://docs.docker.com/reference/cli/docker/container/run/#device-cgroup-rule",
    "https://docs.kernel.org/admin-guide/cgroup-v1/devices.html",
    "https://docs.kernel.org/admin-guide/devices.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --device /dev/sda:/dev/xvda:r ubuntu" },
      { syntax: "run", text: "docker run --device-cgroup-rule 'c 188:* rmw' example/modem" },
      {
        syntax: "compose",
        text: "services:\n  vm:\n    image: example/qemu\n    devices:\n      - /dev/kvm\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --device /dev/urandom:/dev/random nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container: (container) =>
      unlessPrivileged(
        container,
        combine([judgeDevices(container), judgeRules(container)]),
        "gives every device",
      ),
  },
  remedy: {
    container: (container) => ({
      kind: "decision",
      summary:
        "Remove the device; where the workload is about that device, keep the narrowest node with `r` or `rw` and ignore this finding with a reason.",
      patches: removals(container),
      breaks: "A program that opens the device fails with EPERM or ENOENT.",
    }),
  },
};

function judgeDevices({ devices }: Container): Verdict {
  return judgeItems(devices, ({ value, origins }) => {
    const { hostPath, permissions } = value;
    const given = `is given ${hostPath}${permissions === "rwm" ? "" : ` (${permissions})`}`;
    return verdictOn(classOf(hostPath), given, { access: permissions, origins, evidence: hostPath });
  });
}

function classOf(hostPath: string): DeviceClass {
  return classifyDevice(hostPath.startsWith("/") ? canonicalPath(hostPath) : hostPath);
}

function judgeRules({ deviceCgroupRules }: Container): Verdict {
  return judgeItems(deviceCgroupRules, ({ value, origins }) => {
    const rule = parseDeviceRule(value);
    if (!rule) return unknown(`“${value}” is not a device cgroup rule that Docker would take`, origins);
    const given = `may use the devices “${value}”`;
    return verdictOn(classifyDeviceRule(rule), given, { access: rule.access, origins, evidence: value });
  });
}

function verdictOn(
  { severity, what, reach, reading }: DeviceClass,
  given: string,
  where: { readonly access: string; readonly origins: readonly Origin[]; readonly evidence: string },
): Verdict {
  if (severity === "none") return pass();
  const { access, origins, evidence } = where;
  const can = access.includes("w") ? reach : (reading ?? reach);
  return fail(`${given}, ${what}: a process in it can ${can}`, {
    origins,
    severity,
    evidence,
    about: "devices",
    observed: evidence,
  });
}

function removals({ devices, deviceCgroupRules }: Container): readonly ContainerPatch[] {
  const badDevices = setItems(devices).filter(({ value }) => classOf(value.hostPath).severity !== "none");
  const badRules = setItems(deviceCgroupRules).filter(({ value }) => {
    const rule = parseDeviceRule(value);
    return rule && classifyDeviceRule(rule).severity !== "none";
  });
  return [
    ...badDevices.map(({ value }) => ({ op: "remove", field: "devices", value }) as const),
    ...badRules.map(({ value }) => ({ op: "remove", field: "deviceCgroupRules", value }) as const),
  ];
}
