import { expect, test } from "vitest";
import { bareContext } from "../../src/controls/control.ts";
import { findControl } from "../../src/controls/registry.ts";
import { definitionsOf, networksFrom } from "../../src/engine/documents/networks.ts";
import { guardRules } from "../../src/guard/judge/policy/rules.ts";
import { defaultPolicy } from "../../src/guard/policy/defaults.ts";
import type { Container } from "../../src/model/container.ts";
import { judge } from "../support/control-table.ts";
import { containerFromCompose, containerFromInspect } from "../support/subjects.ts";

interface Setting {
  readonly control: string;
  /** The lines of a service, and of the whole file where it takes more. */
  readonly compose: string;
  readonly project?: string;
  /** Of an inspect document's HostConfig. */
  readonly inspect: Readonly<Record<string, unknown>>;
  /** Of its NetworkSettings.Networks, and what `GET /networks` lists. */
  readonly endpoints?: Readonly<Record<string, unknown>>;
  readonly networks?: readonly unknown[];
}

/** What the controls deny by default, in Compose and in inspect. */
const settings: readonly Setting[] = [
  {
    control: "volume-options",
    compose: "volumes: ['disk:/d']",
    project: "volumes: { disk: { driver_opts: { type: ext4, device: /dev/sda1 } } }",
    inspect: {
      Mounts: [
        {
          Type: "volume",
          Source: "disk",
          Target: "/d",
          VolumeOptions: {
            DriverConfig: { Name: "local", Options: { type: "ext4", device: "/dev/sda1" } },
          },
        },
      ],
    },
  },
  {
    control: "volume-options",
    compose: "volumes: ['data:/d']",
    project: "volumes: { data: { driver: sshfs } }",
    inspect: {
      Mounts: [
        {
          Type: "volume",
          Source: "data",
          Target: "/d",
          VolumeOptions: { DriverConfig: { Name: "sshfs" } },
        },
      ],
    },
  },
  {
    control: "remote-log-driver",
    compose: "logging: { driver: syslog, options: { syslog-address: 'tcp://logs.example:514' } }",
    inspect: { LogConfig: { Type: "syslog", Config: { "syslog-address": "tcp://logs.example:514" } } },
  },
  {
    control: "unsafe-sysctl",
    compose: "sysctls: { kernel.core_pattern: '|/x' }",
    inspect: { Sysctls: { "kernel.core_pattern": "|/x" } },
  },
  { control: "runtime-handler", compose: "runtime: kata", inspect: { Runtime: "kata" } },
  {
    control: "custom-profile",
    compose: "security_opt: ['apparmor=foreign']",
    inspect: { SecurityOpt: ["apparmor=foreign"] },
  },
  { control: "oom-score", compose: "oom_score_adj: -999", inspect: { OomScoreAdj: -999 } },
  { control: "supplementary-groups", compose: "group_add: [docker]", inspect: { GroupAdd: ["docker"] } },
  { control: "realtime-cpu", compose: "cpu_rt_runtime: 950000", inspect: { CpuRealtimeRuntime: 950000 } },
  {
    control: "runtime-annotation",
    compose: "annotations: { run.oci.hooks.stdout: /x }",
    inspect: { Annotations: { "run.oci.hooks.stdout": "/x" } },
  },
  {
    control: "legacy-link",
    compose: "network_mode: bridge\n    links: [db]",
    project: "  db: { image: postgres:17, network_mode: bridge }",
    inspect: { NetworkMode: "bridge", Links: ["/db:/web/db"] },
  },
  {
    control: "endpoint-option",
    compose: "networks: { back: { driver_opts: { com.example.a: b } } }",
    project: "networks: { back: }",
    inspect: { NetworkMode: "back" },
    endpoints: { back: { DriverOpts: { "com.example.a": "b" } } },
  },
  {
    control: "network-options",
    compose: "networks: [lan]",
    project: "networks: { lan: { driver: macvlan } }",
    inspect: { NetworkMode: "lan" },
    endpoints: { lan: {} },
    networks: [{ Name: "lan", Driver: "macvlan" }],
  },
  {
    control: "network-options",
    compose: "networks: [lan]",
    project: "networks: { lan: { driver_opts: { com.docker.network.bridge.name: br0 } } }",
    inspect: { NetworkMode: "lan" },
    endpoints: { lan: {} },
    networks: [{ Name: "lan", Driver: "bridge", Options: { "com.docker.network.bridge.name": "br0" } }],
  },
  {
    control: "storage-option",
    compose: "storage_opt: { dm.pool: other }",
    inspect: { StorageOpt: { "dm.pool": "other" } },
  },
  { control: "privileged", compose: "privileged: true", inspect: { Privileged: true } },
  {
    control: "docker-socket-mount",
    compose: "volumes: ['/run/docker.sock:/s']",
    inspect: { Binds: ["/run/docker.sock:/s"] },
  },
  { control: "host-proc-mount", compose: "volumes: ['/proc:/p']", inspect: { Binds: ["/proc:/p"] } },
  { control: "host-dev-mount", compose: "volumes: ['/dev:/d']", inspect: { Binds: ["/dev:/d"] } },
  { control: "sensitive-host-mount", compose: "volumes: ['/etc:/e']", inspect: { Binds: ["/etc:/e"] } },
  {
    control: "device-access",
    compose: "devices: ['/dev/sda']",
    inspect: { Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rwm" }] },
  },
  { control: "capabilities-dangerous", compose: "cap_add: [SYS_ADMIN]", inspect: { CapAdd: ["SYS_ADMIN"] } },
  {
    control: "seccomp-profile",
    compose: "security_opt: ['seccomp=unconfined']",
    inspect: { SecurityOpt: ["seccomp=unconfined"] },
  },
  {
    control: "apparmor-profile",
    compose: "security_opt: ['apparmor=unconfined']",
    inspect: { SecurityOpt: ["apparmor=unconfined"] },
  },
  {
    control: "selinux-label",
    compose: "security_opt: ['label=disable']",
    inspect: { SecurityOpt: ["label=disable"] },
  },
  {
    control: "masked-paths",
    compose: "security_opt: ['systempaths=unconfined']",
    inspect: { MaskedPaths: [], ReadonlyPaths: [] },
  },
  { control: "host-network", compose: "network_mode: host", inspect: { NetworkMode: "host" } },
  { control: "host-pid", compose: "pid: host", inspect: { PidMode: "host" } },
  { control: "host-ipc", compose: "ipc: host", inspect: { IpcMode: "host" } },
  { control: "host-user-namespace", compose: "userns_mode: host", inspect: { UsernsMode: "host" } },
];

/** Rules about the protocol, its routes, names and owners, or about images, builds, swarms and secrets as requests. */
const aboutRequests = new Set(
  `route missing unknown owner owner-label override harden image registry user network label bind-mount writable-path own-files
   host-file leash exec-privileged exec-root unsafe-container update checkpoint commit image-load image-import image-tag image-push outgoing
   build-network build-privilege build-output build-archive build-frontend build-definition build-cache build-secret buildkit
   tunnel plugin swarm service secret hidden-form answer limit name process-options`
    .split(/\s+/)
    .map((name) => `guard-${name}`),
);

/** What the guard denies and the model has no fact for yet, so that no audit finds it. Each is to become a control. */
const withoutFact: Readonly<Record<string, string>> = {
  "guard-mount-type": "npipe and cluster mounts: no file of this model can spell them on Linux",
  "guard-blind": "what the guard sees of the host, not what a file says",
  "guard-cgroup": "HostConfig.Cgroup: neither Compose nor docker run has a word for it",
};

test("every rule of the guard is about requests, or about what the model has no fact for", () => {
  for (const { id } of guardRules) {
    const places = [aboutRequests.has(id), Object.hasOwn(withoutFact, id)];
    expect(places.filter(Boolean), id).toHaveLength(1);
  }
});

test.each(settings.map((setting) => [`${setting.control}: ${setting.compose}`, setting] as const))(
  "audit finds %s, from Compose and from inspect",
  (_, { control: id, compose, project = "", inspect, endpoints = {}, networks = [] }) => {
    const control = findControl(id);
    if (!control) throw new Error(`there is no control ${id}`);
    const file = `services:\n  web:\n    image: web:1\n    ${compose}\n${project}\n`;
    const live = containerFromInspect({ HostConfig: inspect, NetworkSettings: { Networks: endpoints } });
    const networkDefinitions = definitionsOf(live, networksFrom(networks));
    const views: readonly (readonly [Container, "compose" | "engine-api"])[] = [
      [containerFromCompose(file), "compose"],
      [{ ...live, networkDefinitions }, "engine-api"],
    ];
    for (const [view, source] of views) {
      expect(judge(control, view, bareContext(source)), source).toMatchObject({ verdict: "fail" });
    }
  },
);

test("every control that the default policy denies by is in the table", () => {
  const found = new Set(settings.map(({ control }) => control));
  const others = new Set(["shared-namespace", "privileged-exec"]);
  expect([...defaultPolicy.controls.deny].filter((id) => !found.has(id) && !others.has(id))).toEqual([]);
});
