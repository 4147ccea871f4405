import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readOptions } from "../../test/support/formats/run-options.ts";
import { containerFromCompose, containerFromRun } from "../../test/support/subjects.ts";
import { bareContext, type Context, type Control } from "../controls/control.ts";
import { controls } from "../controls/registry.ts";
import { containerFromInspect } from "../engine/documents/inspect.ts";
import { readCreateRequest } from "../formats/create-request/read.ts";
import type { NamespaceMember } from "../kernel/processes/namespaces.ts";
import { readKernel } from "../kernel/read.ts";
import {
  containerMounts,
  everyCapability,
  id,
  initPid,
  initProcess,
  ownNamespaces,
  status,
  usualDevices,
  v1Host,
  v2Host,
} from "../kernel/testing/hosts.ts";
import { layHost, type RecordedHost } from "../kernel/testing/recorded-host.ts";
import { type Container, container } from "../model/container.ts";
import { engine } from "../model/engine.ts";
import { type Fact, type FactList, set, unseen } from "../model/fact.ts";
import { isScalarFact, keyOf } from "../model/facts/table.ts";
import { type ContainerFact, type ContainerSight, sightOf, unseenIn } from "../model/sight.ts";
import { appliesAt } from "./views.ts";

type Samples<T> = Readonly<Record<ContainerFact, T | undefined>>;

/** For each fact what a service says to set it. What Compose has no word for is undefined. */
const services: Samples<string> = {
  image: "image: nginx",
  build: "build: { context: ., privileged: true }",
  imageUser: undefined,
  user: "user: root",
  privileged: "privileged: true",
  seccomp: "security_opt: [seccomp=unconfined]",
  apparmor: "security_opt: [apparmor=unconfined]",
  selinux: "security_opt: [label=disable]",
  noNewPrivileges: "security_opt: ['no-new-privileges=false']",
  pathProtection: "security_opt: [systempaths=unconfined, writable-cgroups=true]",
  readonlyRootfs: "read_only: false",
  networkMode: "network_mode: host",
  pidMode: "pid: host",
  ipcMode: "ipc: host",
  utsMode: "uts: host",
  cgroupnsMode: "cgroup: host",
  usernsMode: "userns_mode: host",
  publishAllPorts: undefined,
  nanoCpus: "cpus: 0.5",
  cpuPeriod: "cpu_period: 50000",
  cpuQuota: "cpu_quota: 20000",
  cpuShares: "cpu_shares: 2048",
  cpusetCpus: "cpuset: '0'",
  memory: "mem_limit: 1g",
  memorySwap: "mem_limit: 1g, memswap_limit: -1",
  memoryReservation: "mem_reservation: 1g",
  memorySwappiness: "mem_limit: 1g, mem_swappiness: 100",
  oomKillDisable: "oom_kill_disable: true",
  oomScoreAdj: "oom_score_adj: -900",
  cpuRealtimeRuntime: "cpu_rt_runtime: 95000",
  pidsLimit: "pids_limit: -1",
  blkioWeight: "blkio_config: {weight: 300}",
  logDriver: "logging: {driver: syslog, options: {syslog-address: 'tcp://192.0.2.1:514'}}",
  cgroupParent: "cgroup_parent: /elsewhere",
  runtime: "runtime: kata",
  healthcheck: "healthcheck: {disable: true}",
  restart: "restart: on-failure",
  environment: "environment: [DB_PASSWORD=tr0ub4dor-and-3]",
  capAdd: "cap_add: [SYS_ADMIN]",
  capDrop: "cap_drop: [NET_RAW]",
  groupAdd: "group_add: [docker]",
  mounts: "volumes: ['/:/host:shared', '/var/run/docker.sock:/s', '/dev:/d', '/proc:/p'], tmpfs: ['/t:exec']",
  volumesFrom: "volumes_from: ['container:other']",
  devices: "devices: [/dev/sda]",
  deviceCgroupRules: "device_cgroup_rules: ['a *:* rwm']",
  ports: "ports: ['80:80']",
  networks: "networks: {default: null}",
  networkDefinitions: "services: {web: {image: nginx}}\nnetworks: {default: {driver: macvlan}}\n",
  endpointOptions: "networks: {default: {driver_opts: {a: b}}}",
  links: "network_mode: bridge, links: [db]",
  ulimits: "ulimits: {nofile: 5}",
  sysctls: "sysctls: {kernel.core_pattern: '|/x'}",
  storageOpt: "storage_opt: {size: 1G}",
  logOptions: "logging: {driver: json-file, options: {max-file: '3'}}",
  labels: "labels: [a=b]",
  annotations: "annotations: {run.oci.hooks.stdout: /x}",
  blkioDeviceLimits: "blkio_config: {device_read_bps: [{path: /dev/sda, rate: 1mb}]}",
  hooks: "post_start: [{command: id, privileged: true}]",
  entrypoint: "entrypoint: [dockerd]",
  command: "command: dockerd -H tcp://0.0.0.0:2375",
  credentials: "command: redis-server --requirepass hunter2",
};

const flags: Samples<string> = {
  image: "nginx",
  build: undefined,
  imageUser: undefined,
  user: "--user root nginx",
  privileged: "--privileged nginx",
  seccomp: "--security-opt seccomp=unconfined nginx",
  apparmor: "--security-opt apparmor=unconfined nginx",
  selinux: "--security-opt label=disable nginx",
  noNewPrivileges: "--security-opt no-new-privileges=false nginx",
  pathProtection: "--security-opt systempaths=unconfined --security-opt writable-cgroups=true nginx",
  readonlyRootfs: "--read-only=false nginx",
  networkMode: "--network host nginx",
  pidMode: "--pid host nginx",
  ipcMode: "--ipc host nginx",
  utsMode: "--uts host nginx",
  cgroupnsMode: "--cgroupns host nginx",
  usernsMode: "--userns host nginx",
  publishAllPorts: "-P nginx",
  nanoCpus: "--cpus 0.5 nginx",
  cpuPeriod: "--cpu-period 50000 nginx",
  cpuQuota: "--cpu-quota 20000 nginx",
  cpuShares: "--cpu-shares 2048 nginx",
  cpusetCpus: "--cpuset-cpus 0 nginx",
  memory: "--memory 1g nginx",
  memorySwap: "--memory 1g --memory-swap -1 nginx",
  memoryReservation: "--memory-reservation 1g nginx",
  memorySwappiness: "--memory 1g --memory-swappiness 100 nginx",
  oomKillDisable: "--oom-kill-disable nginx",
  oomScoreAdj: "--oom-score-adj -900 nginx",
  cpuRealtimeRuntime: "--cpu-rt-runtime 95000 nginx",
  pidsLimit: "--pids-limit -1 nginx",
  blkioWeight: "--blkio-weight 300 nginx",
  logDriver: "--log-driver syslog --log-opt syslog-address=tcp://192.0.2.1:514 nginx",
  cgroupParent: "--cgroup-parent /elsewhere nginx",
  runtime: "--runtime kata nginx",
  healthcheck: "--no-healthcheck nginx",
  restart: "--restart on-failure nginx",
  environment: "-e DB_PASSWORD=tr0ub4dor-and-3 nginx",
  capAdd: "--cap-add SYS_ADMIN nginx",
  capDrop: "--cap-drop NET_RAW nginx",
  groupAdd: "--group-add docker nginx",
  mounts:
    "-v /:/host:shared -v /var/run/docker.sock:/s -v /dev:/d -v /proc:/p --tmpfs /t:exec --mount 'type=volume,target=/v,volume-opt=type=ext4,volume-opt=device=/dev/sda1' nginx",
  volumesFrom: "--volumes-from other nginx",
  devices: "--device /dev/sda nginx",
  deviceCgroupRules: "--device-cgroup-rule 'a *:* rwm' nginx",
  ports: "-p 80:80 nginx",
  networks: undefined,
  networkDefinitions: undefined,
  endpointOptions: "--network name=back,driver-opt=a=b nginx",
  links: "--link db nginx",
  ulimits: "--ulimit nofile=5 nginx",
  sysctls: "--sysctl 'kernel.core_pattern=|/x' nginx",
  storageOpt: "--storage-opt size=1G nginx",
  logOptions: "--log-opt max-file=3 nginx",
  labels: "--label a=b nginx",
  annotations: "--annotation run.oci.hooks.stdout=/x nginx",
  credentials: "redis redis-server --requirepass hunter2",
  blkioDeviceLimits: "--device-read-bps /dev/sda:1mb nginx",
  hooks: undefined,
  entrypoint: "--entrypoint dockerd nginx",
  command: "nginx dockerd -H tcp://0.0.0.0:2375",
};

interface Body {
  readonly [config: string]: unknown;
  readonly HostConfig?: Readonly<Record<string, unknown>>;
}
const host = (HostConfig: Readonly<Record<string, unknown>>): Body => ({ HostConfig });

/** For each fact the body of a create request; an inspect document has the same in other places. */
const bodies: Samples<Body> = {
  image: { Image: "nginx" },
  build: undefined,
  imageUser: undefined,
  user: { User: "root" },
  privileged: host({ Privileged: true }),
  seccomp: host({ SecurityOpt: ["seccomp=unconfined"] }),
  apparmor: host({ SecurityOpt: ["apparmor=unconfined"] }),
  selinux: host({ SecurityOpt: ["label=disable"] }),
  noNewPrivileges: host({ SecurityOpt: ["no-new-privileges=false"] }),
  pathProtection: host({ MaskedPaths: [], ReadonlyPaths: [], SecurityOpt: ["writable-cgroups=true"] }),
  readonlyRootfs: host({ ReadonlyRootfs: true }),
  networkMode: host({ NetworkMode: "host" }),
  pidMode: host({ PidMode: "host" }),
  ipcMode: host({ IpcMode: "host" }),
  utsMode: host({ UTSMode: "host" }),
  cgroupnsMode: host({ CgroupnsMode: "host" }),
  usernsMode: host({ UsernsMode: "host" }),
  publishAllPorts: host({ PublishAllPorts: true }),
  nanoCpus: host({ NanoCpus: 5e8 }),
  cpuPeriod: host({ CpuPeriod: 50_000 }),
  cpuQuota: host({ CpuQuota: 20_000 }),
  cpuShares: host({ CpuShares: 2048 }),
  cpusetCpus: host({ CpusetCpus: "0" }),
  memory: host({ Memory: 2 ** 30 }),
  memorySwap: host({ Memory: 2 ** 30, MemorySwap: -1 }),
  memoryReservation: host({ MemoryReservation: 2 ** 30 }),
  memorySwappiness: host({ Memory: 2 ** 30, MemorySwappiness: 100 }),
  oomKillDisable: host({ OomKillDisable: true }),
  oomScoreAdj: host({ OomScoreAdj: -900 }),
  cpuRealtimeRuntime: host({ CpuRealtimeRuntime: 95_000 }),
  pidsLimit: host({ PidsLimit: -1 }),
  blkioWeight: host({ BlkioWeight: 300 }),
  logDriver: host({ LogConfig: { Type: "syslog", Config: { "syslog-address": "tcp://192.0.2.1:514" } } }),
  cgroupParent: host({ CgroupParent: "/elsewhere" }),
  runtime: host({ Runtime: "kata" }),
  healthcheck: { Healthcheck: { Test: ["NONE"] } },
  restart: host({ RestartPolicy: { Name: "on-failure", MaximumRetryCount: 0 } }),
  environment: { Env: ["DB_PASSWORD=tr0ub4dor-and-3"] },
  capAdd: host({ CapAdd: ["SYS_ADMIN"] }),
  capDrop: host({ CapDrop: ["NET_RAW"] }),
  groupAdd: host({ GroupAdd: ["docker"] }),
  mounts: host({
    Binds: ["/:/host:shared", "/var/run/docker.sock:/s", "/dev:/d", "/proc:/p"],
    Tmpfs: { "/t": "exec" },
    Mounts: [
      {
        Type: "volume",
        Target: "/v",
        VolumeOptions: { DriverConfig: { Name: "local", Options: { type: "ext4", device: "/dev/sda1" } } },
      },
    ],
  }),
  volumesFrom: host({ VolumesFrom: ["other"] }),
  devices: host({
    Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rwm" }],
  }),
  deviceCgroupRules: host({ DeviceCgroupRules: ["a *:* rwm"] }),
  ports: host({ PortBindings: { "80/tcp": [{ HostPort: "80" }] } }),
  networks: { NetworkingConfig: { EndpointsConfig: { back: {} } } },
  networkDefinitions: undefined,
  endpointOptions: { NetworkingConfig: { EndpointsConfig: { back: { DriverOpts: { a: "b" } } } } },
  links: host({ Links: ["/db:/web/db"] }),
  ulimits: host({ Ulimits: [{ Name: "nofile", Soft: 5, Hard: 5 }] }),
  sysctls: host({ Sysctls: { "kernel.core_pattern": "|/x" } }),
  storageOpt: host({ StorageOpt: { size: "1G" } }),
  logOptions: host({ LogConfig: { Type: "json-file", Config: { "max-file": "3" } } }),
  labels: { Labels: { a: "b" } },
  annotations: host({ Annotations: { "run.oci.hooks.stdout": "/x" } }),
  credentials: { Cmd: ["redis-server", "--requirepass", "hunter2"] },
  blkioDeviceLimits: host({ BlkioDeviceReadBps: [{ Path: "/dev/sda", Rate: 1e6 }] }),
  hooks: undefined,
  entrypoint: { Entrypoint: ["dockerd"] },
  command: { Cmd: ["dockerd", "-H", "tcp://0.0.0.0:2375"] },
};

function inspectOf({ HostConfig, NetworkingConfig, ...Config }: Body): unknown {
  const networks = NetworkingConfig as { readonly EndpointsConfig: unknown } | undefined;
  return { HostConfig, Config, NetworkSettings: { Networks: networks?.EndpointsConfig } };
}

/** For each fact the options of Ansible's docker_container. */
const tasks: Samples<string> = {
  image: "",
  build: undefined,
  imageUser: undefined,
  user: "user: root",
  privileged: "privileged: true",
  seccomp: "security_opts: [seccomp=unconfined]",
  apparmor: "security_opts: [apparmor=unconfined]",
  selinux: "security_opts: ['label=disable']",
  noNewPrivileges: "security_opts: ['no-new-privileges=false']",
  pathProtection: "security_opts: [systempaths=unconfined, writable-cgroups=true]",
  readonlyRootfs: "read_only: false",
  networkMode: "network_mode: host",
  pidMode: "pid_mode: host",
  ipcMode: "ipc_mode: host",
  utsMode: "uts: host",
  cgroupnsMode: "cgroupns_mode: host",
  usernsMode: "userns_mode: host",
  publishAllPorts: "publish_all_ports: true",
  nanoCpus: "cpus: 0.5",
  cpuPeriod: "cpu_period: 50000",
  cpuQuota: "cpu_quota: 20000",
  cpuShares: "cpu_shares: 2048",
  cpusetCpus: "cpuset_cpus: '0'",
  memory: "memory: 1g",
  memorySwap: "memory: 1g, memory_swap: unlimited",
  memoryReservation: "memory_reservation: 1g",
  memorySwappiness: "memory: 1g, memory_swappiness: 100",
  oomKillDisable: "oom_killer: true",
  oomScoreAdj: "oom_score_adj: -900",
  cpuRealtimeRuntime: undefined,
  pidsLimit: "pids_limit: -1",
  blkioWeight: "blkio_weight: 300",
  logDriver: "log_driver: syslog, log_options: {syslog-address: 'tcp://192.0.2.1:514'}",
  cgroupParent: "cgroup_parent: /elsewhere",
  runtime: "runtime: kata",
  restart: "restart_policy: always",
  healthcheck: "healthcheck: {test: [NONE]}",
  environment: "env: {DB_PASSWORD: tr0ub4dor-and-3}",
  capAdd: "capabilities: [SYS_ADMIN]",
  capDrop: "cap_drop: [NET_RAW]",
  groupAdd: "groups: [docker]",
  mounts:
    "volumes: ['/:/host:shared', '/var/run/docker.sock:/s', '/dev:/d', '/proc:/p'], tmpfs: ['/t:exec'], mounts: [{type: volume, target: /v, volume_options: {type: ext4, device: /dev/sda1}}]",
  volumesFrom: "volumes_from: [other]",
  devices: "devices: [/dev/sda]",
  deviceCgroupRules: "device_cgroup_rules: ['a *:* rwm']",
  ports: "published_ports: ['80:80']",
  networks: undefined,
  networkDefinitions: undefined,
  endpointOptions: undefined,
  links: "links: ['db:db']",
  ulimits: "ulimits: ['nofile:5:5']",
  sysctls: "sysctls: {kernel.core_pattern: '|/x'}",
  storageOpt: "storage_opts: {size: 1G}",
  logOptions: "log_options: {max-file: '3'}",
  labels: "labels: {a: b}",
  annotations: undefined,
  blkioDeviceLimits: "device_read_bps: [{path: /dev/sda, rate: 1mb}]",
  hooks: undefined,
  entrypoint: "entrypoint: [/bin/sh, -c]",
  command: "command: dockerd -H tcp://0.0.0.0:2375",
  credentials: "labels: {app.password: hunter2}",
};

/** For each fact the arguments of Terraform's docker_container. */
const resourcesOfTerraform: Samples<string> = {
  image: "",
  build: undefined,
  imageUser: undefined,
  user: 'user = "root"',
  privileged: "privileged = true",
  seccomp: 'security_opts = ["seccomp=unconfined"]',
  apparmor: 'security_opts = ["apparmor=unconfined"]',
  selinux: 'security_opts = ["label=disable"]',
  noNewPrivileges: 'security_opts = ["no-new-privileges=false"]',
  pathProtection: 'security_opts = ["systempaths=unconfined", "writable-cgroups=true"]',
  readonlyRootfs: "read_only = false",
  networkMode: 'network_mode = "host"',
  pidMode: 'pid_mode = "host"',
  ipcMode: 'ipc_mode = "host"',
  utsMode: undefined,
  cgroupnsMode: 'cgroupns_mode = "host"',
  usernsMode: 'userns_mode = "host"',
  publishAllPorts: "publish_all_ports = true",
  nanoCpus: 'cpus = "0.5"',
  cpuPeriod: "cpu_period = 50000",
  cpuQuota: "cpu_quota = 20000",
  cpuShares: "cpu_shares = 2048",
  cpusetCpus: 'cpu_set = "0"',
  memory: "memory = 1024",
  memorySwap: "memory = 1024\nmemory_swap = -1",
  memoryReservation: "memory_reservation = 1024",
  memorySwappiness: undefined,
  oomKillDisable: undefined,
  oomScoreAdj: undefined,
  cpuRealtimeRuntime: undefined,
  pidsLimit: "pids_limit = -1",
  blkioWeight: undefined,
  logDriver: 'log_driver = "syslog"\nlog_opts = { syslog-address = "tcp://192.0.2.1:514" }',
  cgroupParent: 'cgroup_parent = "/elsewhere"',
  runtime: 'runtime = "kata"',
  restart: 'restart = "always"',
  healthcheck: 'healthcheck { test = ["NONE"] }',
  environment: 'env = ["DB_PASSWORD=tr0ub4dor-and-3"]',
  capAdd: 'capabilities { add = ["SYS_ADMIN"] }',
  capDrop: 'capabilities { drop = ["NET_RAW"] }',
  groupAdd: 'group_add = ["docker"]',
  mounts: `volumes {
  host_path = "/var/run/docker.sock"
  container_path = "/s"
}
volumes {
  host_path = "/dev"
  container_path = "/d"
}
volumes {
  host_path = "/proc"
  container_path = "/p"
}
mounts {
  type = "bind"
  source = "/"
  target = "/host"
  bind_options { propagation = "shared" }
}
mounts {
  type = "volume"
  target = "/v"
  volume_options { driver_options = { type = "ext4", device = "/dev/sda1" } }
}
tmpfs = { "/t" = "exec" }`,
  volumesFrom: 'volumes { from_container = "other" }',
  devices: 'devices { host_path = "/dev/sda" }',
  deviceCgroupRules: 'device_cgroup_rules = ["a *:* rwm"]',
  ports: "ports {\n  internal = 80\n  external = 80\n}",
  networks: undefined,
  networkDefinitions: undefined,
  endpointOptions: undefined,
  links: 'links = ["db:db"]',
  ulimits: 'ulimit {\n  name = "nofile"\n  soft = 5\n  hard = 5\n}',
  sysctls: 'sysctls = { "kernel.core_pattern" = "|/x" }',
  storageOpt: 'storage_opts = { size = "1G" }',
  logOptions: 'log_opts = { max-file = "3" }',
  labels: 'labels {\n  label = "a"\n  value = "b"\n}',
  annotations: undefined,
  blkioDeviceLimits: undefined,
  hooks: undefined,
  entrypoint: 'entrypoint = ["/bin/sh", "-c"]',
  command: 'command = ["dockerd", "-H", "tcp://0.0.0.0:2375"]',
  credentials: 'command = ["redis-server", "--requirepass", "hunter2"]',
};

/** For each fact the keys of a Quadlet unit. */
const units: Samples<string> = {
  ...(Object.fromEntries(
    Object.entries(flags).map(([fact, line]) => [fact, line && `PodmanArgs=${line.replace(/ ?nginx$/, "")}`]),
  ) as Samples<string>),
  image: "",
  user: "User=root",
  noNewPrivileges: "NoNewPrivileges=true\nPodmanArgs=--security-opt=no-new-privileges=false",
  pathProtection: "Unmask=ALL",
  readonlyRootfs: "PodmanArgs=--read-only=false",
  networkMode: "Network=host",
  usernsMode: "UserNS=host",
  memory: "Memory=1g",
  pidsLimit: "PidsLimit=-1",
  logDriver: "LogDriver=syslog\nLogOpt=syslog-address=tcp://192.0.2.1:514",
  healthcheck: "HealthCmd=none",
  environment: "Environment=DB_PASSWORD=tr0ub4dor-and-3",
  annotations: "Annotation=run.oci.hooks.stdout=/x",
  endpointOptions: "PodmanArgs=--network name=back,driver-opt=a=b",
  entrypoint: "Entrypoint=/bin/sh",
  command: "Exec=dockerd -H tcp://0.0.0.0:2375",
  credentials: "Label=app.password=hunter2",
};

function fromTool(host: "ansible" | "terraform" | "quadlet", lines: string): Container {
  const image = /\bimage\b/i.test(lines)
    ? ""
    : { ansible: "image: nginx,", terraform: 'image = "nginx"', quadlet: "Image=nginx" }[host];
  const text = {
    ansible: `- docker_container: { ${image} ${lines} }\n`,
    terraform: `resource "docker_container" "web" {\n${image}\n${lines}\n}\n`,
    quadlet: `[Container]\n${image}\n${lines}\n`,
  }[host];
  const { view, gaps } = readOptions(host, text);
  expect(gaps).toEqual([]);
  return view;
}

const v1Folder = `docker/${id}`;
const onHost = { ...ownNamespaces, net: 4026531840, pid: 4026531836, ipc: 4026531839, uts: 4026531838 };
const taken = status({ name: "sh", pid: initPid, ppid: 2080, cap: everyCapability });
const mounts = `90 60 8:1 / /host rw,relatime shared:1 - ext4 /dev/sda1 rw
91 60 0:5 / /d rw - devtmpfs udev rw
92 60 0:21 / /p rw - proc proc rw
93 60 0:99 / /t rw - tmpfs tmpfs rw
`;
const plain = v2Host();
const sandboxed = v2Host({ uidMap: "0 65534 1\n", namespaces: { ...ownNamespaces, user: 4026532400 } });

/** For each fact a host on which the kernel shows it. */
const hosts: Samples<RecordedHost> = {
  image: undefined,
  build: undefined,
  imageUser: undefined,
  user: plain,
  privileged: v1Host({ [`devices/${v1Folder}/devices.list`]: "a *:* rwm\n" }),
  seccomp: v2Host({ status: taken }),
  apparmor: v2Host({ label: "unconfined\n" }),
  selinux: v2Host({ label: "system_u:system_r:spc_t:s0\n" }),
  noNewPrivileges: plain,
  pathProtection: v2Host({ mountinfo: containerMounts("", { protect: "" }) }),
  readonlyRootfs: plain,
  networkMode: v2Host({ namespaces: onHost }),
  pidMode: v2Host({ namespaces: onHost }),
  ipcMode: v2Host({ namespaces: onHost }),
  utsMode: v2Host({ namespaces: onHost }),
  cgroupnsMode: v2Host({ namespaces: { ...ownNamespaces, cgroup: 4026531835 } }),
  usernsMode: plain,
  publishAllPorts: undefined,
  nanoCpus: undefined,
  cpuPeriod: plain,
  cpuQuota: plain,
  cpuShares: plain,
  cpusetCpus: v2Host({}, { "cpuset.cpus.effective": "0-1\n" }),
  memory: plain,
  memorySwap: v2Host({}, { "memory.max": "1073741824\n" }),
  memoryReservation: plain,
  memorySwappiness: v1Host({ [`memory/${v1Folder}/memory.swappiness`]: "60\n" }),
  oomKillDisable: v1Host({ [`memory/${v1Folder}/memory.oom_control`]: "oom_kill_disable 1\n" }),
  oomScoreAdj: { ...plain, proc: { ...plain.proc, [`${initPid}/oom_score_adj`]: "-900\n" } },
  cpuRealtimeRuntime: v1Host({ [`cpu/${v1Folder}/cpu.rt_runtime_us`]: "95000\n" }),
  pidsLimit: plain,
  blkioWeight: plain,
  logDriver: undefined,
  cgroupParent: v2Host({ cgroup: `0::/elsewhere/docker-${id}.scope\n` }),
  runtime: undefined,
  healthcheck: undefined,
  restart: undefined,
  environment: undefined,
  capAdd: undefined,
  capDrop: undefined,
  groupAdd: undefined,
  mounts: v2Host({ mountinfo: containerMounts(mounts) }),
  volumesFrom: undefined,
  devices: v2Host(),
  deviceCgroupRules: v1Host({ [`devices/${v1Folder}/devices.list`]: `${usualDevices}b 8:0 rwm\n` }),
  ports: undefined,
  networks: undefined,
  networkDefinitions: undefined,
  endpointOptions: undefined,
  links: undefined,
  ulimits: undefined,
  sysctls: undefined,
  storageOpt: undefined,
  logOptions: undefined,
  labels: undefined,
  annotations: undefined,
  blkioDeviceLimits: v2Host({}, { "io.max": "8:0 rbps=1048576 wbps=max riops=max wiops=max\n" }),
  hooks: undefined,
  entrypoint: undefined,
  command: undefined,
  credentials: undefined,
};

function fromKernel(
  recorded: RecordedHost,
  {
    others = [],
    without,
    byProgram,
  }: {
    readonly others?: readonly NamespaceMember[];
    readonly without?: string;
    readonly byProgram?: boolean;
  } = {},
): Container {
  const { proc, cgroup } = layHost(recorded);
  if (without) rmSync(join(proc, String(initPid), without), { recursive: true });
  const sockets = ["/run/docker.sock"];
  const containers = [{ id, name: "web", pid: initPid, execPids: [], ...(byProgram && { byProgram }) }];
  const reading = readKernel({
    others,
    containers,
    enginePid: 812,
    proc,
    cgroup,
    sockets,
    dataRoot: "/var/lib/docker",
  });
  const view = reading.views.get(id);
  if (!view) throw new Error(`not read: ${JSON.stringify(reading.gaps)}`);
  return view;
}

/** A service with these lines, or a whole file. */
function service(lines: string): Container {
  if (lines.startsWith("services:")) return containerFromCompose(lines);
  const image = /^(?:image|build):/.test(lines) ? "" : "image: nginx, ";
  return containerFromCompose(`services: {web: {${image}${lines} }}\n`);
}

const isOwn = set(false);
const privateToIt = {
  net: isOwn,
  pid: isOwn,
  ipc: isOwn,
  uts: isOwn,
  cgroup: isOwn,
  user: isOwn,
  mnt: isOwn,
};
const named = (kind: keyof typeof ownNamespaces) => set(`${kind}:[${ownNamespaces[kind]}]`);
/** Another container, started earlier, whose network it joined. */
const sharer: NamespaceMember = {
  id: "other",
  name: "other",
  namespaces: {
    net: named("net"),
    pid: set("pid:[1]"),
    ipc: set("ipc:[1]"),
    uts: set("uts:[1]"),
    cgroup: set("cgroup:[1]"),
    user: named("user"),
    mnt: set("mnt:[1]"),
  },
  sharesHost: privateToIt,
  ownsUser: false,
  started: 1,
};

/** What no single fact brings about. */
const more = {
  service: [
    "logging: {driver: none}",
    "environment: [POSTGRES_HOST_AUTH_METHOD=trust]",
    "image: 'tecnativa/docker-socket-proxy:1', environment: [POST=1]",
    "image: 'debian:buster'",
    "storage_opt: {dm.pool: other}",
    "network_mode: 'container:other'",
    "security_opt: [apparmor=mine]",
    "services: {web: {image: nginx, volumes: ['disk:/v']}}\nvolumes: {disk: {driver_opts: {type: ext4, device: /dev/sda1}}}\n",
  ],
  flags: [
    "--log-driver none nginx",
    "-e POSTGRES_HOST_AUTH_METHOD=trust nginx",
    "-e POST=1 tecnativa/docker-socket-proxy:1",
    "debian:buster",
    "--storage-opt dm.pool=other nginx",
    "--network container:other nginx",
    "--security-opt apparmor=mine nginx",
  ],
  tasks: [
    "log_driver: none",
    "env: {POSTGRES_HOST_AUTH_METHOD: trust}",
    "image: 'tecnativa/docker-socket-proxy:1', env: {POST: 1}",
    "image: 'debian:buster'",
    "storage_opts: {dm.pool: other}",
    "network_mode: 'container:other'",
    "security_opts: [apparmor=mine]",
  ],
  resources: [
    'log_driver = "none"',
    'env = ["POSTGRES_HOST_AUTH_METHOD=trust"]',
    'image = "tecnativa/docker-socket-proxy:1"\nenv = ["POST=1"]',
    'image = "debian:buster"',
    'storage_opts = { "dm.pool" = "other" }',
    'network_mode = "container:other"',
    'security_opts = ["apparmor=mine"]',
  ],
  units: [
    "LogDriver=none",
    "Environment=POSTGRES_HOST_AUTH_METHOD=trust",
    "Image=tecnativa/docker-socket-proxy:1\nEnvironment=POST=1",
    "Image=debian:buster",
    "PodmanArgs=--storage-opt dm.pool=other",
    "Network=container:other",
    "AppArmor=mine",
  ],
  bodies: [
    host({ LogConfig: { Type: "none" } }),
    { Env: ["POSTGRES_HOST_AUTH_METHOD=trust"] },
    { Image: "tecnativa/docker-socket-proxy:1", Env: ["POST=1"] },
    host({ StorageOpt: { "dm.pool": "other" } }),
    host({ NetworkMode: "container:other" }),
    host({ SecurityOpt: ["apparmor=mine"] }),
  ],
  hosts: [
    v2Host({ mountinfo: containerMounts("95 60 8:33 / /disk rw - ext4 /dev/sdc1 rw\n") }),
    {
      ...v1Host({ [`devices/${v1Folder}/devices.list`]: "a *:* rwm\n" }),
      processes: v1Host().processes.map((each) => (each.pid === initPid ? { ...each, status: taken } : each)),
    },
    v2Host({}, {}, [
      initProcess({ pid: 3000, status: status({ name: "sh", pid: 3000, ppid: 1, cap: everyCapability }) }),
    ]),
  ],
};

interface Source {
  readonly name: string;
  readonly sight: ContainerSight;
  readonly level: Container["level"];
  readonly source: Context["source"];
  readonly samples: Samples<() => Container>;
  readonly more: () => readonly Container[];
}

function each<T>(samples: Samples<T>, read: (sample: T) => Container): Samples<() => Container> {
  const entries = Object.entries(samples).map(([fact, sample]) => [
    fact,
    sample === undefined ? undefined : () => read(sample),
  ]);
  return Object.fromEntries(entries) as Samples<() => Container>;
}

const sources: readonly Source[] = [
  {
    name: "Compose",
    sight: sightOf("compose"),
    level: "declared",
    source: "compose",
    samples: each(services, service),
    more: () => more.service.map(service),
  },
  {
    name: "docker run",
    sight: sightOf("run"),
    level: "declared",
    source: "run-command",
    samples: each(flags, (line) => containerFromRun(`docker run ${line}`)),
    more: () => more.flags.map((line) => containerFromRun(`docker run ${line}`)),
  },
  ...(
    [
      ["Ansible", "ansible", tasks, more.tasks],
      ["Terraform", "terraform", resourcesOfTerraform, more.resources],
      ["Quadlet", "quadlet", units, more.units],
    ] as const
  ).map(([name, host, samples, others]) => ({
    name,
    sight: sightOf(host),
    level: "declared" as const,
    source: host,
    samples: each(samples, (lines) => fromTool(host, lines)),
    more: () => others.map((lines) => fromTool(host, lines)),
  })),
  {
    name: "a create request",
    sight: sightOf("api"),
    level: "configured",
    source: "engine-api",
    samples: each(bodies, (body) => readCreateRequest(body)),
    more: () => more.bodies.map((body) => readCreateRequest(body)),
  },
  {
    name: "inspect",
    sight: sightOf("api"),
    level: "configured",
    source: "engine-api",
    samples: each(bodies, (body) => containerFromInspect(inspectOf(body))),
    more: () => more.bodies.map((body) => containerFromInspect(inspectOf(body))),
  },
  {
    name: "the kernel",
    sight: sightOf("kernel"),
    level: "effective",
    source: "kernel",
    samples: each(hosts, (h) => fromKernel(h, h === hosts.devices ? { without: "root" } : {})),
    more: () => [
      ...more.hosts.map((h) => fromKernel(h)),
      fromKernel(plain, { others: [sharer] }),
      fromKernel(sandboxed, { byProgram: true }),
    ],
  },
];

const facts = Object.keys(services) as readonly ContainerFact[];

function stateOf(view: Container, field: ContainerFact): string {
  const fact: Fact<unknown> | FactList<unknown> = view[field];
  if ("state" in fact) return fact.state;
  return fact[0]?.state ?? "unset";
}

describe.each(sources)("$name", ({ name, sight, samples }) => {
  const source = ({ Ansible: "ansible", Terraform: "terraform" } as const)[name];
  test.each(facts)("%s", (field) => {
    const told = sight[field];
    const sample = samples[field];
    const silent = facts.find((other) => other !== field && samples[other]);
    // A source whose versions differ may have a key and still be silent about the default.
    const hasKey = isScalarFact(field) && source !== undefined && keyOf(field, source) !== undefined;
    if (told === "read" || hasKey) {
      expect(sample, "a sample that sets it").toBeDefined();
      // A device node needs root to make: here /dev is not there to be read, which the reader must notice.
      const wanted = name === "the kernel" && field === "devices" ? "unresolved" : "set";
      expect(sample && stateOf(sample(), field)).toBe(wanted);
      if (told === "read") return;
    } else expect(sample, "a sample for what it does not read").toBeUndefined();
    const view = silent && samples[silent]?.();
    expect(view && stateOf(view, field)).toBe(told === "default" ? "unset" : "unseen");
  });
});

const cgroupFacts: readonly ContainerFact[] = [
  ...(["memory", "memorySwap", "memoryReservation", "oomKillDisable", "cpuQuota", "cpuPeriod"] as const),
  "memorySwappiness",
  ...(["cpuShares", "cpuRealtimeRuntime", "cpusetCpus", "pidsLimit", "blkioWeight"] as const),
  ...(["blkioDeviceLimits", "cgroupParent"] as const),
];

test("nothing is known of the limits where /proc/PID/cgroup cannot be read", () => {
  const view = fromKernel(plain, { without: "cgroup" });
  expect(cgroupFacts.map((field) => [field, stateOf(view, field)])).toEqual(
    cgroupFacts.map((field) => [field, "unresolved"]),
  );
  const verdicts = ["cpu-limit", "memory-limit", "pids-limit", "io-limit", "cgroup-parent"].map((name) => {
    const control = controls.find((one) => one.id === name);
    return control?.check.container?.(view, bareContext("kernel")).verdict;
  });
  expect(new Set(verdicts)).toEqual(new Set(["unknown"]));
});

test("nothing is known of mounts and devices where /proc/PID/mountinfo cannot be read", () => {
  const view = fromKernel(plain, { without: "mountinfo" });
  for (const field of ["mounts", "devices", "deviceCgroupRules", "readonlyRootfs", "pathProtection"] as const)
    expect([field, stateOf(view, field)]).toEqual([field, "unresolved"]);
  const fileSystem = controls.find(({ id }) => id === "kernel-file-system");
  expect(fileSystem?.check.container?.(view, bareContext("kernel")).verdict).toBe("unknown");
});

const judging = controls.filter(({ check }) => check.container);
const blind: ContainerSight = Object.fromEntries(
  facts.map((field) => [field, { unseen: "nobody looked" }]),
) as ContainerSight;

describe("what nobody read is neither a pass nor a fail", () => {
  for (const { level, source, name } of sources) {
    test(name, () => {
      const view = container(level, unseenIn(blind), { fileSystems: [unseen("nobody looked")] });
      const context = bareContext(source, { configured: container("configured", unseenIn(blind)) });
      const wrong = judging
        .filter((control) => appliesAt(control, "container", level))
        .map((control) => [control.id, control.check.container?.(view, context).verdict])
        .filter(([, verdict]) => verdict === "pass" || verdict === "fail");
      expect(wrong).toEqual([]);
    });
  }
});

/** What makes a control fail where the container alone does not. */
const surroundings: Context = bareContext("engine-api", {
  images: { registries: ["registry.example"] },
  today: "2026-11-29",
  engine: engine("configured", {
    version: set("26.1.5"),
    absentModules: set([]),
    kernelLsm: set(["apparmor", "selinux"]),
    apparmorEnabled: set(true),
    selinuxEnabled: set(true),
    usernsRemap: set("default"),
    storageQuotaSupported: set(true),
    memoryTotal: set(2 ** 20),
    cpus: set(1),
  }),
  lostProofs: [
    {
      ...{ probe: "write-root", control: "read-only-rootfs", tries: "write to its root file system" },
      ...{ evidence: "a new file in /", held: "2027-01-30T03:30:00.000Z", lost: "2027-01-31T03:30:00.000Z" },
    },
  ],
  peer: () => container("configured", { privileged: set(true), networkMode: set({ mode: "host" }) }),
  running: [],
});

const tools = ["Ansible", "Terraform", "Quadlet"];

/** What a source of these cannot feed alone. */
const fedElsewhere: Readonly<Record<string, readonly string[]>> = {
  // Of an exec the Engine tells by itself: that is another subject. Only Compose has hooks.
  "privileged-exec": ["docker run", ...tools, "a create request", "inspect"],
  // Only Compose builds.
  "image-insecure-build": ["docker run", ...tools, "a create request", "inspect"],
  // Podman has no writable-cgroups.
  "kernel-file-system": ["Quadlet"],
  // `GET /networks` tells it, not the container: test/unit/guard-and-audit.test.ts joins both.
  "network-options": ["docker run", ...tools, "a create request", "inspect"],
  // Their files have no key for it.
  "io-limit": ["Terraform"],
  "realtime-cpu": ["Ansible", "Terraform"],
  "runtime-annotation": ["Ansible", "Terraform"],
  "endpoint-option": ["Ansible", "Terraform"],
  "host-uts": ["Terraform"],
  "oom-score": ["Terraform"],
};

describe("each control is fed by every source that it claims", () => {
  for (const { name, level, source, samples, more } of sources) {
    const claiming = judging.filter(
      (control) => appliesAt(control, "container", level) && !fedElsewhere[control.id]?.includes(name),
    );
    test(name, () => {
      const views = [...facts.flatMap((field) => samples[field]?.() ?? []), ...more()];
      const silent = claiming.filter((control) => !views.some((view) => fails(control, view, source)));
      expect(silent.map((control) => control.id)).toEqual([]);
    });
  }
});

function fails(control: Control, view: Container, source: Context["source"]): boolean {
  const context = { ...surroundings, source, configured: container("configured", { memory: set(1) }) };
  return control.check.container?.(view, context).verdict === "fail";
}

/** Facts that no check asks for, with what reads them instead. */
const readElsewhere: Readonly<Partial<Record<ContainerFact, string>>> = {
  memoryReservation: "the remedy of memory-limit",
  healthcheck: "the rows of the CIS Benchmark",
  restart: "the rows of the CIS Benchmark",
  ulimits: "the rows of the CIS Benchmark",
  labels: "who made it: docker compose, an owner of the guard",
};

test("each fact is read by a control", () => {
  const read = new Set<string>();
  for (const { level, source, samples, more } of sources) {
    const views = [...facts.flatMap((field) => samples[field]?.() ?? []), ...more()];
    for (const view of views) {
      const seen = new Proxy(view, {
        get(target, key, receiver) {
          read.add(String(key));
          return Reflect.get(target, key, receiver) as unknown;
        },
      });
      for (const control of judging) if (appliesAt(control, "container", level)) fails(control, seen, source);
    }
  }
  expect(facts.filter((field) => !read.has(field))).toEqual(Object.keys(readElsewhere));
});
