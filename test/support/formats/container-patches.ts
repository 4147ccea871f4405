import { bareContext } from "../../../src/controls/control.ts";
import { controls } from "../../../src/controls/registry.ts";
import type { Container, ContainerLists } from "../../../src/model/container.ts";
import { setItems } from "../../../src/model/fact.ts";
import { rowOf, scalarFacts } from "../../../src/model/facts/table.ts";
import { mount } from "../../../src/model/mount.ts";
import type { ContainerPatch } from "../../../src/model/patch.ts";

const label = {
  disable: false,
  user: undefined,
  role: undefined,
  type: "container_t",
  level: undefined,
  implied: false,
};

/** A number that each format can say, for every fact of one. */
const amounts = { bytes: 2 ** 28, cpus: 5e8, microseconds: 20_000, integer: 20 } as const;
const numbers = scalarFacts.flatMap((field) => {
  const { kind } = rowOf(field);
  return Object.hasOwn(amounts, kind)
    ? [{ op: "set", field, value: amounts[kind as keyof typeof amounts] } as ContainerPatch]
    : [];
});

/** Values that a person or a control may ask for, whatever stands there. */
const wishes: readonly ContainerPatch[] = [
  ...numbers,
  { op: "set", field: "image", value: "nginx:1.29@sha256:abc" },
  { op: "set", field: "user", value: "1000:1000" },
  { op: "set", field: "user", value: "nobody" },
  { op: "set", field: "privileged", value: false },
  { op: "set", field: "readonlyRootfs", value: true },
  { op: "set", field: "noNewPrivileges", value: true },
  { op: "set", field: "apparmor", value: "docker-default" },
  { op: "set", field: "seccomp", value: { profile: "unconfined" } },
  { op: "set", field: "seccomp", value: { profile: "custom", path: "seccomp.json", allowsAll: undefined } },
  { op: "set", field: "selinux", value: label },
  { op: "set", field: "networkMode", value: { mode: "container", target: "first", by: "service" } },
  { op: "set", field: "ipcMode", value: { mode: "private" } },
  { op: "set", field: "cgroupnsMode", value: { mode: "private" } },
  { op: "set", field: "memory", value: 512 * 1024 ** 2 },
  { op: "set", field: "memory", value: 123456789 },
  { op: "set", field: "memorySwap", value: 512 * 1024 ** 2 },
  { op: "set", field: "memoryReservation", value: 1024 ** 3 },
  { op: "set", field: "nanoCpus", value: 1e9 },
  { op: "set", field: "nanoCpus", value: 250_000_000 },
  { op: "set", field: "cpuQuota", value: 50_000 },
  { op: "set", field: "cpuShares", value: 512 },
  { op: "set", field: "cpusetCpus", value: "0" },
  { op: "set", field: "pidsLimit", value: 200 },
  { op: "set", field: "oomKillDisable", value: false },
  { op: "set", field: "blkioWeight", value: 300 },
  { op: "set", field: "logDriver", value: "json-file" },
  { op: "set", field: "runtime", value: "runsc" },
  { op: "set", field: "healthcheck", value: "none" },
  { op: "add", field: "capDrop", value: "ALL" },
  { op: "add", field: "capAdd", value: "NET_BIND_SERVICE" },
  { op: "add", field: "groupAdd", value: "audio" },
  { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } },
  { op: "add", field: "logOptions", value: { name: "labels", value: "a,b: #c" } },
  { op: "add", field: "storageOpt", value: { name: "size", value: "5G" } },
  { op: "add", field: "environment", value: { name: "PLAIN", value: 'a $b # it\'s "so"' } },
  { op: "add", field: "environment", value: { name: "PASSED", value: undefined } },
  { op: "add", field: "labels", value: { name: "com.example", value: "true" } },
  { op: "add", field: "links", value: "first" },
  { op: "add", field: "annotations", value: { name: "io.example/a", value: "yes" } },
  { op: "add", field: "sysctls", value: { name: "net.ipv4.ip_forward", value: "0" } },
  { op: "add", field: "ulimits", value: { name: "memlock", soft: -1, hard: -1 } },
  { op: "add", field: "ulimits", value: { name: "stack", soft: 1, hard: 2 } },
  {
    op: "add",
    field: "devices",
    value: { hostPath: "/dev/dri", containerPath: "/dev/dri", permissions: "rw" },
  },
  {
    op: "add",
    field: "ports",
    value: { hostIp: "::1", hostPort: "99", containerPort: "99", protocol: "udp" },
  },
  { op: "add", field: "blkioDeviceLimits", value: { kind: "write-iops", path: "/dev/sda", rate: 1000 } },
  {
    op: "add",
    field: "mounts",
    value: mount({
      type: "tmpfs",
      target: "/var/tmp",
      tmpfs: { size: 64 * 1024 ** 2, mode: 0o1777, exec: false, suid: false, dev: false },
    }),
  },
  {
    op: "add",
    field: "mounts",
    value: mount({ type: "bind", source: "/srv/x", target: "/x", readOnly: true, hostPath: "/srv/x" }),
  },
];

const scalars = [
  "user",
  "privileged",
  "seccomp",
  "apparmor",
  "selinux",
  "noNewPrivileges",
  "pathProtection",
  "readonlyRootfs",
  "networkMode",
  "pidMode",
  "ipcMode",
  "utsMode",
  "cgroupnsMode",
  "usernsMode",
  "nanoCpus",
  "memory",
  "memorySwap",
  "pidsLimit",
  "blkioWeight",
  "logDriver",
  "cgroupParent",
  "healthcheck",
] as const;

const lists = [
  "capAdd",
  "capDrop",
  "mounts",
  "devices",
  "deviceCgroupRules",
  "ports",
  "environment",
  "labels",
  "sysctls",
  "ulimits",
  "logOptions",
  "volumesFrom",
  "networks",
  "endpointOptions",
  "links",
  "blkioDeviceLimits",
] as const satisfies readonly (keyof ContainerLists)[];

/** What the controls that fail a container propose for it. */
export function remediesFor(container: Container): readonly ContainerPatch[] {
  const context = bareContext("compose");
  return controls.flatMap((control): readonly ContainerPatch[] => {
    if (control.check.container?.(container, context).verdict !== "fail") return [];
    return control.remedy.container?.(container, context).patches ?? [];
  });
}

/** All that may be asked of a container: what controls propose for it, wishes, and taking away what it says. */
export function patchesFor(container: Container): readonly ContainerPatch[] {
  const remedies = remediesFor(container);
  const removals = lists.flatMap((field) =>
    setItems<unknown>(container[field]).map(
      ({ value }) => ({ op: "remove", field, value }) as ContainerPatch,
    ),
  );
  const unsets = scalars.map((field): ContainerPatch => ({ op: "unset", field }));
  return [...remedies, ...remedies, ...removals, ...unsets, ...wishes];
}
