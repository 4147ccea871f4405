import { expect, test } from "vitest";
import { testControl, view } from "../../../test/support/control-table.ts";
import { capabilities, process } from "../../../test/support/processes.ts";
import { isUnconfinedType } from "../../model/container/selinux.ts";
import { type Container, container } from "../../model/container.ts";
import type { BlkioDeviceLimit } from "../../model/container-values.ts";
import { engine } from "../../model/engine.ts";
import { set, unseen } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { bareContext, type Context } from "../control.ts";
import { drift } from "./drift.ts";

const MiB = 1024 ** 2;

/** What the kernel shows beside what the Engine says. */
function beside(
  label: string,
  configured: Partial<Container>,
  effective: Partial<Container>,
  message?: RegExp,
  more: Partial<Context> = {},
) {
  return view(label, container("effective", effective), {
    ...(message && { message }),
    context: { ...more, configured: container("configured", configured) },
  });
}

const caps = (kind: BlkioDeviceLimit["kind"], path: string, rate: number) => set({ kind, path, rate });
const engineWith = (seccompProfile: string) => ({
  engine: { ...engine("configured"), seccompProfile: set(seccompProfile) },
});
const noFilter: Partial<Container> = { seccomp: set({ profile: "unconfined" }) };

const label = (type: string, more: { readonly implied?: boolean } = {}) =>
  set({
    ...{ user: "system_u", role: "system_r", level: "s0", implied: false, type },
    disable: isUnconfinedType(type),
    ...more,
  });
const selinux = (enabled: boolean) => ({ ...engine("configured"), selinuxEnabled: set(enabled) });

const data = (readOnly: boolean) =>
  set(mount({ type: "bind", source: "/srv", target: "/data", hostPath: "/srv", readOnly }));

const disk = { hostPath: "/dev/sda", containerPath: "/dev/sda", permissions: "rwm" };
const fuse = (permissions = "rwm") =>
  set({ hostPath: "/dev/fuse", containerPath: "/dev/fuse", permissions, nodes: ["c 10:229"] });
const gpu = set({ hostPath: "gpu=all", containerPath: "gpu=all", permissions: "rwm" });

testControl(drift, {
  fails: [
    beside(
      "an interface in a network namespace that was to have none",
      { networkMode: set({ mode: "none" }) },
      { interfaces: set(["veth0"]) },
      /interfaces is not what the Engine says \(the Engine says: none; the kernel says: veth0/,
    ),
    beside(
      "forwarding that was to be off",
      { sysctls: [set({ name: "net.ipv4.ip_forward", value: "0" })] },
      { forwarding: set(true) },
      /sysctl net\.ipv4\.ip_forward is not what the Engine says \(the Engine says: 0; the kernel says: 1/,
    ),
    beside(
      "the same by its other name",
      { sysctls: [set({ name: "net.ipv4.conf.all.forwarding", value: "0" })] },
      { forwarding: set(true) },
      /sysctl net\.ipv4\.conf\.all\.forwarding/,
    ),
    beside(
      "swappiness that is Docker's",
      { memorySwappiness: set(0) },
      { memorySwappiness: set(60) },
      /memory-swappiness/,
      { engine: { ...engine("configured"), product: set("docker") } },
    ),
    beside(
      "memory within limits",
      { memory: set(64 * MiB) },
      { memory: set(1024 * MiB) },
      /memory is not what the Engine says \(the Engine says: 64 MiB; the kernel says: 1 GiB\)/,
    ),
    beside("no limit at all", { pidsLimit: set(64) }, { pidsLimit: set(0) }, /64; the kernel says: no limit/),
    beside("pids", { pidsLimit: set(64) }, { pidsLimit: set(100_000) }, /pids-limit.*64.*100000/),
    beside(
      "cpus",
      { nanoCpus: set(5e8) },
      { cpuQuota: set(190_000), cpuPeriod: set(100_000) },
      /0\.5 CPUs; the kernel says: 1\.9 CPUs/,
    ),
    beside(
      "since when, where somebody watched",
      { memory: set(MiB), pidsLimit: set(64) },
      { memory: set(2 * MiB), pidsLimit: set(100) },
      /kernel says: 2 MiB; changed between 2027-01-31 12:00:31Z and 12:00:33Z\)$/,
      { drifts: new Map([["memory", { after: "2027-01-31T12:00:31Z", seen: "2027-01-31T12:00:33Z" }]]) },
    ),
    beside(
      "a disk's cap",
      { blkioDeviceLimits: [caps("write-bps", "/dev/sda", MiB), caps("read-iops", "/dev/sda", 100)] },
      { blkioDeviceLimits: [caps("write-bps", "/dev/sda", 8 * MiB), caps("read-iops", "/dev/sda", 100)] },
      /^device-write-bps \/dev\/sda is not.*the Engine says: 1 MiB a second; the kernel says: 8 MiB a second/,
    ),
    beside(
      "a disk's cap that is gone",
      { blkioDeviceLimits: [caps("read-iops", "/dev/sda", 100)] },
      { blkioDeviceLimits: [caps("write-iops", "/dev/sda", 100)] },
      /^device-read-iops \/dev\/sda is not.*the Engine says: 100 a second; the kernel says: no limit/,
    ),
    beside(
      "a disk's cap that is gone, beside one of another disk",
      { blkioDeviceLimits: [caps("write-bps", "/dev/sda", MiB)] },
      { blkioDeviceLimits: [caps("write-bps", "/dev/loop0", 1024)] },
      /^device-write-bps \/dev\/sda is not.*the kernel says: no limit/,
    ),
    beside(
      "a disk's cap, by another name of it",
      { blkioDeviceLimits: [caps("read-bps", "/dev/disk/by-id/x", MiB)] },
      { blkioDeviceLimits: [caps("read-bps", "/dev/sda", 2 * MiB)] },
      /device-read-bps \/dev\/disk\/by-id\/x/,
    ),
    beside("swap", { memory: set(MiB) }, { memorySwap: set(-1) }, /memory-swap.*no limit/),
    beside("root file system", { readonlyRootfs: set(true) }, { readonlyRootfs: set(false) }, /writable/),
    beside(
      "no-new-privileges",
      { noNewPrivileges: set(true) },
      { noNewPrivileges: set(false) },
      /no-new-privileges/,
    ),
    beside(
      "seccomp by default",
      {},
      noFilter,
      /seccomp .*the Engine's profile; the kernel says: no filter/,
      engineWith("builtin"),
    ),
    ...["unconfined", "learnt (complain)"].map((now) =>
      beside(
        `AppArmor, ${now}`,
        { apparmor: set("learnt") },
        { apparmor: set(now) },
        /^apparmor .*learnt; the kernel/,
      ),
    ),
    beside(
      "SELinux",
      {},
      { selinux: label("spc_t") },
      /selinux .*the default label; the kernel says: spc_t/,
      {
        engine: selinux(true),
      },
    ),
    beside("user", { user: set("1000:1000") }, { user: set("0") }, /1000; the kernel says: 0 \(root\)/),
    beside("network", {}, { networkMode: set({ mode: "host" }) }, /private; the kernel says: the host's/),
    beside(
      "cgroup namespace",
      { cgroupnsMode: set({ mode: "private" }) },
      { cgroupnsMode: set({ mode: "host" }) },
      /cgroupns.*private; the kernel says: the host's/,
    ),
    beside("mount option", { mounts: [data(true)] }, { mounts: [data(false)] }, /mount \/data/),
    beside("mount", {}, { mounts: [data(true)] }, /no mount; the kernel says: \/srv/),
    beside("device rule", {}, { deviceCgroupRules: [set("b *:* rwm")] }, /no rule; the kernel says: b \*:\*/),
    beside(
      "every device, where one is given",
      { devices: [fuse()] },
      { devices: [fuse()], deviceCgroupRules: [set("a *:* rwm")] },
      /device-cgroup-rule.*no such rule; the kernel says: a \*:\* rwm/,
    ),
    beside(
      "a rule beside one that is given",
      { deviceCgroupRules: [set("c 189:* rmw")] },
      { deviceCgroupRules: [set("c 189:* rwm"), set("b 8:0 rw")] },
      /no such rule; the kernel says: b 8:0 rw/,
    ),
    beside(
      "more than a device was given for",
      { devices: [fuse("r")] },
      { devices: [fuse("rw")] },
      /^device \/dev\/fuse .*no such device; the kernel says: c 10:229 rw/,
    ),
    beside(
      "a node of a disk that a rule opens",
      {},
      { devices: [set({ ...disk, nodes: ["b 8:0"] })] },
      /^device \/dev\/sda /,
    ),
    beside(
      "every disk, beside a GPU",
      { devices: [gpu] },
      { deviceCgroupRules: [set("b *:* rwm")] },
      /b \*:\* rwm/,
    ),
    beside(
      "capability",
      { capDrop: [set("ALL")] },
      { processes: [process({ capBounding: capabilities("SYS_ADMIN") })] },
      /SYS_ADMIN/,
    ),
  ],
  passes: [
    // Podman's API says 0 where no swappiness was set.
    beside("Podman's swappiness", { memorySwappiness: set(0) }, { memorySwappiness: set(60) }, undefined, {
      engine: { ...engine("configured"), product: set("podman") },
    }),
    beside("no interface", { networkMode: set({ mode: "none" }) }, { interfaces: set([]) }),
    beside(
      "an interface that its own process may make",
      { networkMode: set({ mode: "none" }), capAdd: [set("NET_ADMIN")] },
      { interfaces: set(["tun0"]) },
    ),
    beside("the interface of a network", {}, { interfaces: set(["eth0"]) }),
    beside("forwarding of which the Engine says nothing", {}, { forwarding: set(true) }),
    beside(
      "forwarding that was asked for",
      { sysctls: [set({ name: "net.ipv4.ip_forward", value: "1" })] },
      { forwarding: set(true) },
    ),
    beside(
      "forwarding that is off",
      { sysctls: [set({ name: "net.ipv4.ip_forward", value: "0" })] },
      { forwarding: set(false) },
    ),
    beside("the device that is given", { devices: [fuse()] }, { devices: [fuse()] }),
    beside(
      "a folder of devices",
      { devices: [set({ ...disk, hostPath: "/dev/disks", nodes: ["b 8:0", "b 8:16"] })] },
      { devices: [set({ ...disk, nodes: ["b 8:0"] })], deviceCgroupRules: [set("b 8:16 rwm")] },
    ),
    beside(
      "the rule that is given",
      { deviceCgroupRules: [set("c 189:* rmw")] },
      { deviceCgroupRules: [set("c 189:* rwm")] },
    ),
    beside(
      "every rule is given",
      { deviceCgroupRules: [set("a *:* rwm")] },
      { devices: [fuse()], deviceCgroupRules: [set("a *:* rwm")] },
    ),
    beside("what a GPU's driver adds", { devices: [gpu] }, { deviceCgroupRules: [set("c 195:0 rw")] }),
    beside(
      "what another runtime adds",
      { runtime: set("nvidia") },
      { deviceCgroupRules: [set("c 195:0 rw")] },
    ),
    beside(
      "a disk's cap, stricter, by another name of it, and several of which nobody knows which is which",
      {
        blkioDeviceLimits: [
          caps("read-bps", "/dev/disk/by-id/x", MiB),
          caps("write-bps", "/dev/disk/by-id/x", MiB),
          caps("write-bps", "/dev/disk/by-id/y", MiB),
          caps("weight", "/dev/sda", 100),
        ],
      },
      {
        blkioDeviceLimits: [
          caps("read-bps", "/dev/sda", 1000),
          caps("write-bps", "/dev/sda", 2 * MiB),
          caps("write-bps", "/dev/sdb", MiB),
        ],
      },
    ),
    beside(
      "two caps of one disk, of which the last holds",
      { blkioDeviceLimits: [caps("read-bps", "/dev/sda", MiB), caps("read-bps", "/dev/sda", 2 * MiB)] },
      { blkioDeviceLimits: [caps("read-bps", "/dev/sda", 2 * MiB)] },
    ),
    beside(
      "a disk's cap where nobody may look",
      { blkioDeviceLimits: [caps("read-bps", "/dev/sda", MiB)] },
      { blkioDeviceLimits: [unseen("not visible here")] },
    ),
    beside("a node of tun, which runc opens", {}, { devices: [set({ ...disk, nodes: ["c 10:200"] })] }),
    beside(
      "a node, where the rules are not seen",
      {},
      { devices: [fuse()], deviceCgroupRules: [unseen("cgroup v2")] },
    ),
    beside("that may be an update under way", { memory: set(MiB) }, { memory: set(2 * MiB) }, undefined, {
      drifts: new Map(),
    }),
    beside("the same", { memory: set(64 * MiB) }, { memory: set(64 * MiB) }),
    beside("stricter, by a parent", { memory: set(64 * MiB) }, { memory: set(32 * MiB) }),
    beside("nobody asked for a limit", {}, { memory: set(0), pidsLimit: set(0) }),
    beside("twice the memory with swap", { memory: set(MiB) }, { memorySwap: set(2 * MiB) }),
    beside(
      "a mount behind a link",
      { mounts: [set(mount({ type: "bind", source: "/srv", target: "/var/run/x", hostPath: "/srv" }))] },
      { mounts: [set(mount({ type: "bind", source: "/srv", target: "/run/x", hostPath: "/srv" }))] },
    ),
    beside(
      "a filter, whose profile the kernel does not show",
      { seccomp: set({ profile: "custom", path: undefined, allowsAll: undefined }) },
      { seccomp: unseen("which filter") },
    ),
    beside("no filter by default", {}, noFilter, undefined, engineWith("unconfined")),
    beside("no filter, the Engine unseen", {}, noFilter),
    beside("AppArmor is not asked for", { apparmor: set("unconfined") }, { apparmor: set("unconfined") }),
    beside(
      "AppArmor does not run, as the Engine says",
      { apparmor: set("") },
      { apparmor: set("unconfined") },
    ),
    beside("another profile, enforced", { apparmor: set("learnt") }, { apparmor: set("learnt//worker") }),
    beside("SELinux, confined", {}, { selinux: label("container_t") }, undefined, { engine: selinux(true) }),
    beside("an Engine without SELinux", {}, { selinux: label("unconfined_t") }, undefined, {
      engine: selinux(false),
    }),
    beside(
      "an unconfined label, as asked",
      { selinux: label("spc_t") },
      { selinux: label("spc_t") },
      undefined,
      {
        engine: selinux(true),
      },
    ),
    beside("labels go with --pid=host", {}, { selinux: label("spc_t", { implied: true }) }, undefined, {
      engine: selinux(true),
    }),
    beside("privileged", { privileged: set(true) }, noFilter, undefined, engineWith("builtin")),
    beside(
      "joins another",
      { networkMode: set({ mode: "container", target: "x", by: "container" }) },
      {
        networkMode: set({ mode: "host" }),
      },
    ),
    beside("the host's cgroups by default", {}, { cgroupnsMode: set({ mode: "host" }) }),
    beside("dropped to another user", { user: set("1000") }, { user: set("33") }),
  ],
  unknown: [],
  notApplicable: [
    view("the Engine's view", container("configured")),
    view("no Engine", container("effective")),
  ],
});

test("nobody is looked for where the Engine never set the limit", () => {
  const configured = container("configured", { memory: set(64 * MiB), pidsLimit: set(9) });
  const effective = container("effective", { memory: set(1024 * MiB), pidsLimit: set(99) });
  const lacking = { ...engine("configured"), limitsNotInForce: set(["memory"]) };
  const context = bareContext("engine-api", { configured, engine: lacking });
  const verdict = drift.check.container?.(effective, context);
  const advice = verdict?.verdict === "fail" ? verdict.problems : [];
  expect(advice.map((each) => [each.evidence, each.severity, each.advice])).toEqual([
    ["memory", "medium", expect.stringMatching(/^See engine-limits .* nobody lifted/)],
    ["pids-limit", undefined, expect.stringMatching(/^Find out who changed it/)],
  ]);
});
