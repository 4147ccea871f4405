import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { recordAt } from "../../../src/base/json.ts";
import { importImage } from "../images.ts";
import type { Attack } from "./attack.ts";
import { creates, harmless, type Json, runs } from "./make.ts";
import type { Stage } from "./stage.ts";

const asks = (name: string, hostConfig: Json, seen?: Json): Attack =>
  creates(name, { HostConfig: hostConfig }, seen && { HostConfig: seen });

/** Runs with this HostConfig; `seen` is what its command says when the attack succeeds. */
const does = (name: string, hostConfig: Json, command: string, seen: RegExp): Attack =>
  runs(name, { HostConfig: hostConfig }, command, (_, heard) => seen.test(heard));

const status = "cat /proc/self/status";

const privileges: readonly Attack[] = [
  asks("a privileged container", { Privileged: true }),
  does(
    "a privileged container that sees the host's disk",
    { Privileged: true },
    "ls /dev",
    /\b(?:vda|sda|nvme0n1|loop0)\b/,
  ),
  does(
    "a privileged container that drops all its capabilities",
    { Privileged: true, CapDrop: ["ALL"] },
    status,
    /CapEff:\s+0*[1-9a-f][0-9a-f]{8,}/,
  ),
  ...[
    "ALL",
    "all",
    "CAP_SYS_ADMIN",
    "SYS_ADMIN",
    "sys_ptrace",
    "SYS_MODULE",
    "SYS_RAWIO",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "BPF",
    "SYS_BOOT",
  ].map((name) => asks(`the capability ${name}`, { CapAdd: [name] })),
  does(
    "capabilities that are dropped and added",
    { CapAdd: ["ALL"], CapDrop: ["NET_RAW"] },
    status,
    /CapEff:\s+000001ff/,
  ),
  asks("no seccomp", { SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] }),
  asks("no seccomp, in the old form", { SecurityOpt: ["no-new-privileges", "seccomp:unconfined"] }),
  does(
    "no seccomp behind a profile: the last counts",
    { SecurityOpt: ["no-new-privileges", "seccomp=builtin", "seccomp=unconfined"] },
    status,
    /Seccomp:\s+0/,
  ),
  does(
    "a seccomp profile that allows everything",
    { SecurityOpt: ["no-new-privileges", 'seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}'] },
    "unshare -U true && echo passed",
    /passed/,
  ),
  does(
    "a seccomp profile that denies a single call",
    {
      SecurityOpt: [
        "no-new-privileges",
        'seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["acct"],"action":"SCMP_ACT_ERRNO"}]}',
      ],
    },
    "unshare -U true && echo passed",
    /passed/,
  ),
  asks("another profile of AppArmor", { SecurityOpt: ["no-new-privileges", "apparmor=mine"] }),
  asks("a label of its own", { SecurityOpt: ["no-new-privileges", "label=type:unconfined_t"] }),
  does(
    "new privileges, taken back behind their ban",
    { SecurityOpt: ["no-new-privileges", "no-new-privileges:false"] },
    status,
    /NoNewPrivs:\s+0/,
  ),
  does(
    "new privileges, in the new form",
    { SecurityOpt: ["no-new-privileges=false"] },
    status,
    /NoNewPrivs:\s+0/,
  ),
  does(
    "paths that are masked no more",
    { MaskedPaths: [] },
    "grep -q ' /proc/kcore ' /proc/mounts || echo open",
    /open/,
  ),
  does(
    "one masked path instead of all",
    { MaskedPaths: ["/nothing"] },
    "grep -q ' /proc/kcore ' /proc/mounts || echo open",
    /open/,
  ),
  does(
    "kernel parameters that are read-only no more",
    { ReadonlyPaths: [] },
    "grep -q ' /proc/sys ' /proc/mounts || echo open",
    /open/,
  ),
];

const otherContainer = (hostConfig: Json) => (stage: Stage) =>
  stage.make("other", { Cmd: ["sleep", "1000"], HostConfig: hostConfig }, "start");

const joins = (name: string, theirs: Json, own: Json, reference = "other"): Attack => ({
  ...creates(name, {}),
  prepare: otherContainer({ ...harmless, ...theirs }),
  attempt: async (door, stage) => {
    const id = String((await stage.containers())[0]?.Id);
    const target = reference === "id" ? id : reference === "prefix" ? id.slice(0, 5) : reference;
    const filled = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, `${value}${target}`]));
    await creates("", { HostConfig: filled }).attempt(door, stage);
  },
  seen: async (stage) => {
    const all = await stage.containers();
    return all.some(({ Name }) => Name === "/evil");
  },
});

const namespaces: readonly Attack[] = [
  asks("the host's network", { NetworkMode: "host" }),
  creates(
    "the host's network among its endpoints",
    { HostConfig: { NetworkMode: "host" }, NetworkingConfig: { EndpointsConfig: { host: {} } } },
    { HostConfig: { NetworkMode: "host" } },
  ),
  {
    ...asks("the host's network, and what trusts its loopback address", {}),
    attempt: (door, stage) =>
      runs(
        "",
        { HostConfig: { NetworkMode: "host" } },
        "wget -q -O- http://127.0.0.1:5000/reached",
        () => true,
      ).attempt(door, stage),
    seen: (stage) => stage.neighbour.heard().includes("reached"),
  },
  asks("the host's processes", { PidMode: "host" }),
  asks("the host's IPC", { IpcMode: "host" }),
  asks("the host's UTS", { UTSMode: "host" }),
  asks("the host's cgroups", { CgroupnsMode: "host" }),
  joins("the network of a container on the host's", { NetworkMode: "host" }, { NetworkMode: "container:" }),
  joins(
    "the network of a container on the host's, by its id",
    { NetworkMode: "host" },
    { NetworkMode: "container:" },
    "id",
  ),
  joins(
    "the network of a container on the host's, by the beginning of its id",
    { NetworkMode: "host" },
    { NetworkMode: "container:" },
    "prefix",
  ),
  joins("the processes of a container on the host's", { PidMode: "host" }, { PidMode: "container:" }),
  joins(
    "the processes of a container with the host's files",
    { Binds: ["/:/host"] },
    { PidMode: "container:" },
  ),
  joins("the processes of a privileged container", { Privileged: true }, { PidMode: "container:" }),
  joins("the IPC of a container on the host's", { IpcMode: "host" }, { IpcMode: "container:" }),
  joins("another container's cgroup", {}, { Cgroup: "container:" }),
];

const kernel: readonly Attack[] = [
  asks("a cgroup of the host's", { CgroupParent: "/evil" }),
  asks("a cgroup outside of Docker's, by ..", { CgroupParent: "/docker/../evil" }),
  asks("the cgroup of the host's services", { CgroupParent: "system.slice" }),
  asks("Docker's cgroup, from above the root", { CgroupParent: "//../docker" }),
  asks("another runtime", { Runtime: "other" }),
  asks("a kernel parameter", { Sysctls: { "kernel.msgmax": "1" } }),
  asks(
    "a network that forwards",
    { NetworkMode: "bridge", Sysctls: { "net.ipv4.ip_forward": "1" } },
    { Sysctls: { "net.ipv4.ip_forward": "1" } },
  ),
  asks("to be killed after the host's services", { OomScoreAdj: -999 }),
  asks("never to be killed", { OomKillDisable: true, Memory: 64 * 1024 ** 2 }, { OomKillDisable: true }),
  asks("the group of root", { GroupAdd: ["0"] }),
  asks("the group of docker", { GroupAdd: ["docker"] }),
  asks("a group of the system", { GroupAdd: ["6"] }),
  asks("a group by a name of the image's", { GroupAdd: ["users"] }),
  // Where no folder of the host is mounted, there is nothing that the group could open.
  ...["1000:6", "6:6"].map((User) =>
    creates(
      `a group of the system over a folder of the host, as ${User}`,
      { User, HostConfig: { Binds: ["/srv:/x:ro"] } },
      { Config: { User } },
    ),
  ),
  asks("annotations for the runtime", {
    Annotations: { "org.systemd.property.DeviceAllow": "['/dev/sda rwm']" },
  }),
  ...[-1, 0, undefined].map(
    (PidsLimit): Attack => ({
      ...asks(`no limit of processes (${PidsLimit ?? "unsaid"})`, { PidsLimit }),
      seen: async (stage) =>
        (await stage.containers()).some(
          ({ HostConfig }) => Number(recordAt({ HostConfig }, "HostConfig").PidsLimit ?? 0) <= 0,
        ),
    }),
  ),
  asks("a tmpfs with devices and setuid bits", { Tmpfs: { "/t": "rw,dev,suid,exec,size=1m" } }),
  {
    ...asks("a link to a container, with its secrets", {}),
    prepare: (stage) =>
      stage.make(
        "other",
        {
          Env: ["PASSWORD=hunter2"],
          Cmd: ["sleep", "1000"],
          HostConfig: { ...harmless, NetworkMode: "bridge" },
        },
        "start",
      ),
    attempt: (door, stage) =>
      runs("", { HostConfig: { NetworkMode: "bridge", Links: ["other:db"] } }, "env", () => true).attempt(
        door,
        stage,
      ),
    seen: (_, heard) => heard.includes("hunter2"),
  },
];

const devices: readonly Attack[] = [
  ...[
    "/dev/kmsg",
    "/dev/fuse",
    "/dev/net",
    "/dev/loop-control",
    "/dev/../dev/kmsg",
    "//dev/kmsg",
    "/dev",
  ].map((path) =>
    creates(
      `the device ${path}`,
      {
        HostConfig: {
          Devices: [{ PathOnHost: path, PathInContainer: "/dev/evil", CgroupPermissions: "rwm" }],
        },
      },
      { HostConfig: { Devices: [{ PathOnHost: path }] } },
    ),
  ),
  {
    ...creates("a link to a device", {}),
    prepare: async ({ folder }) => {
      symlinkSync("/dev/kmsg", `${folder}/null`);
    },
    attempt: (door, stage) =>
      runs(
        "",
        {
          HostConfig: {
            Devices: [
              { PathOnHost: `${stage.folder}/null`, PathInContainer: "/dev/evil", CgroupPermissions: "rwm" },
            ],
          },
        },
        "ls -l /dev/evil",
        () => true,
      ).attempt(door, stage),
    seen: (_, heard) => /^.*c[rw-]+.*1,\s+11.*evil/m.test(heard),
  },
  {
    ...creates("a folder of devices under another name", {}),
    prepare: async ({ folder }) => {
      mkdirSync(`${folder}/devices`);
      execFileSync("mknod", [`${folder}/devices/null`, "c", "1", "11"]);
    },
    attempt: (door, stage) =>
      runs(
        "",
        {
          HostConfig: {
            Devices: [
              {
                PathOnHost: `${stage.folder}/devices`,
                PathInContainer: "/dev/evil",
                CgroupPermissions: "rwm",
              },
            ],
          },
        },
        "ls -lR /dev/evil",
        () => true,
      ).attempt(door, stage),
    seen: (_, heard) => /c[rw-]+.*1,\s+11.*null/.test(heard),
  },
  ...["a *:* rwm", "c 1:11 rw", "b *:* r", "c 10:* rwm"].map((rule) =>
    asks(`devices by the rule ${rule}`, { DeviceCgroupRules: [rule] }),
  ),
  asks(
    "a device by its driver",
    { DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["vendor.com/class=all"] }] },
    { DeviceRequests: [{ Driver: "cdi" }] },
  ),
  asks(
    "every GPU",
    { DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }] },
    { DeviceRequests: [{ Count: -1 }] },
  ),
];

const logs: readonly Attack[] = [
  ...[
    { Type: "syslog", Config: { "syslog-address": "tcp://127.0.0.1:5001" } },
    { Type: "gelf", Config: { "gelf-address": "udp://127.0.0.1:5002" } },
    { Type: "fluentd", Config: { "fluentd-address": "127.0.0.1:5001" } },
    { Type: "splunk", Config: { "splunk-url": "http://127.0.0.1:5000", "splunk-token": "x" } },
  ].map(
    (LogConfig): Attack => ({
      ...creates(`a log that goes out through ${LogConfig.Type}`, {}),
      attempt: (door, stage) =>
        runs("", { HostConfig: { LogConfig } }, "echo out", () => true).attempt(door, stage),
      seen: (stage) => stage.neighbour.heard() !== "",
    }),
  ),
  {
    ...asks("a log without an end", { LogConfig: { Type: "json-file", Config: {} } }),
    seen: async (stage) =>
      (await stage.containers()).some(
        (each) => !("max-size" in recordAt(each, "HostConfig", "LogConfig", "Config")),
      ),
  },
];

const users: readonly Attack[] = [
  {
    ...creates("root, in an image that has a user of its own", {}),
    prepare: async (stage) => {
      await importImage(stage.engine, "unprivileged:test", { changes: ["USER 1000"] });
    },
    attempt: (door, stage) =>
      runs("", { Image: "unprivileged:test", User: "0" }, "id -u", () => true).attempt(door, stage),
    seen: (_, heard) => /^.*\b0\n/m.test(heard.slice(heard.indexOf("StatusCode"))),
  },
];

export const hostConfigAttacks: readonly Attack[] = [
  ...privileges,
  ...namespaces,
  ...kernel,
  ...devices,
  ...logs,
  ...users,
];
