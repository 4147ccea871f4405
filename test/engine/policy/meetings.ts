import { busybox } from "../images.ts";
import type { Ask, Asked } from "./clients.ts";

/** A request, and what the policy says beside the rule or control for it to be met. */
export interface Meeting extends Asked {
  readonly words?: string;
}

export const create = (HostConfig: object, more: object = {}): Ask => [
  "POST",
  "/containers/create",
  { Image: busybox, ...more, HostConfig },
];
const open = "groups: { rootEquivalent: allow }";
const archive = { "Content-Type": "application/x-tar" };

/** For each rule of the guard, and each control that it reads strictly, a request that meets it and nothing else. */
export const meetings: Readonly<Record<string, Meeting>> = {
  "guard-override": { ask: create({ UTSMode: "host" }), words: "override: deny" },
  "guard-image": { ask: create({}), words: "allow: { images: [other] }" },
  "guard-registry": {
    ask: ["POST", "/images/create?fromImage=localhost:5000/app&tag=1"],
    words: "allow: { registries: [ghcr.io] }",
  },
  "guard-user": { ask: create({}), words: "allow: { users: [1000] }" },
  "guard-network": { ask: create({}), words: "allow: { networks: [other] }" },
  "guard-label": { ask: create({}, { Labels: { a: "b" } }), words: "allow: { labels: [other] }" },
  "guard-bind-mount": { ask: create({ Binds: ["/srv:/x"] }) },
  "guard-writable-path": {
    // Newer versions have subpaths, by which the guard mounts it.
    ask: ["POST", "/v1.44/containers/create", { Image: busybox, HostConfig: { Binds: ["/srv/app:/x"] } }],
    words: "allow: { mounts: [/srv/**] }",
  },
  "guard-mount-type": { ask: create({ Mounts: [{ Type: "npipe", Source: "x", Target: "/x" }] }) },
  "volume-options": {
    ask: [
      "POST",
      "/volumes/create",
      { Name: "share", DriverOpts: { type: "nfs", o: "addr=192.0.2.1", device: ":/x" } },
    ],
  },
  "remote-log-driver": { ask: create({ LogConfig: { Type: "syslog", Config: {} } }) },
  "unsafe-sysctl": { ask: create({ Sysctls: { "kernel.msgmax": "8192" } }) },
  "runtime-handler": { ask: create({ Runtime: "other" }) },
  "custom-profile": { ask: create({ SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'] }) },
  "runtime-annotation": { ask: create({ Annotations: { a: "b" } }) },
  "oom-score": { ask: create({ OomScoreAdj: -500 }) },
  "supplementary-groups": { ask: create({ GroupAdd: ["0"] }) },
  "realtime-cpu": { ask: create({ CpuRealtimeRuntime: 1000 }) },
  "guard-limit": {
    ask: create({ Memory: 512 * 1024 ** 2 }),
    words: "limits: { memory: { default: 64m, max: 256m } }",
  },
  "storage-option": { ask: create({ StorageOpt: { a: "b" } }) },
  "guard-cgroup": { ask: create({ Cgroup: "container:web" }) },
  "legacy-link": { ask: create({ Links: ["web:w"] }) },
  "endpoint-option": {
    ask: create({}, { NetworkingConfig: { EndpointsConfig: { bridge: { DriverOpts: { a: "b" } } } } }),
  },
  "guard-exec-privileged": {
    ask: ["POST", "/containers/web/exec", { Cmd: ["true"], Privileged: true }],
    words: "controls: { privileged-exec: off }",
  },
  "guard-exec-root": { ask: ["POST", "/containers/user/exec", { Cmd: ["true"], User: "root" }] },
  "guard-unsafe-container": { ask: ["POST", "/containers/dangerous/exec", { Cmd: ["true"] }] },
  "guard-name": { ask: ["POST", "/containers/create?name=4f2a91c03b7e", { Image: busybox }] },
  "guard-process-options": { ask: ["GET", "/containers/web/top?ps_args=eww"], words: "redact: true" },
  "guard-update": { ask: ["POST", "/containers/web/update", { PidsLimit: -1 }] },
  "guard-checkpoint": { ask: ["GET", "/containers/web/checkpoints"] },
  "guard-commit": { ask: ["POST", "/commit?container=web&repo=committed", {}] },
  "guard-image-load": { ask: ["POST", "/images/load", ""], headers: archive },
  "guard-image-import": { ask: ["POST", "/images/create?fromSrc=-&repo=imported", ""], headers: archive },
  "guard-image-tag": { ask: ["POST", `/images/${busybox}/tag?repo=localhost:5000/app&tag=1`] },
  "guard-image-push": { ask: ["POST", "/images/localhost:5000/app/push?tag=1"] },
  "guard-outgoing": { ask: ["GET", "/distribution/localhost:1/x/json"] },
  "guard-build-network": { ask: ["POST", "/build?networkmode=host", ""], headers: archive },
  "guard-build-privilege": { ask: ["POST", "/build?cgroupparent=x", ""], headers: archive },
  "guard-build-output": {
    ask: ["POST", `/build?outputs=${encodeURIComponent('[{"Type":"local","Attrs":{"dest":"/x"}}]')}`, ""],
    headers: archive,
  },
  "guard-build-archive": {
    ask: ["POST", "/build", ""],
    headers: archive,
    words: "allow: { images: [other] }",
  },
  "guard-buildkit": { ask: ["POST", "/build?version=2", ""], headers: archive },
  "network-options": {
    ask: [
      "POST",
      "/networks/create",
      { Name: "named", Options: { "com.docker.network.bridge.name": "named0" } },
    ],
  },
  "guard-plugin": { ask: ["GET", "/plugins/privileges?remote=localhost:5000/none"], words: open },
  "guard-swarm": { ask: ["POST", "/swarm/leave"], words: open },
  "guard-service": {
    ask: ["POST", "/services/create", { Name: "s", TaskTemplate: { ContainerSpec: { Image: busybox } } }],
  },
  "guard-secret": { ask: ["POST", "/secrets/create", { Name: "s", Data: "" }] },
};

/** What no request of this suite meets: why. */
export const elsewhere: Readonly<Record<string, string>> = {
  "guard-route": "by groups and routes, below",
  "guard-missing": "below",
  "guard-owner": "below",
  "guard-owner-label": "below",
  "guard-blind": "a guard without sight of the host's links: src/guard/judge/container/create.test.ts",
  "guard-unknown": "an Engine that does not answer: src/guard/judge/round.test.ts",
  "guard-harden": "a patch without a place: src/guard/judge/laws.test.ts",
  "guard-own-files": "an attack on the guard: attacks/host-files.ts",
  "guard-host-file": "a folder of the host: guard-folders.test.ts",
  "guard-leash": "only under a leash: src/guard/leash",
  "guard-tunnel": "in the plugin alone: guard-authz.test.ts",
  "guard-build-frontend": "a call of BuildKit: test/clients/buildkit.test.ts",
  "guard-build-definition": "a call of BuildKit: test/clients/buildkit.test.ts",
  "guard-build-cache": "a call of BuildKit: test/clients/buildkit.test.ts",
  "guard-build-secret": "a call of BuildKit: test/clients/buildkit.test.ts",
  "guard-hidden-form": "in the plugin alone: guard-authz.test.ts",
  "guard-answer": "in the plugin alone: guard-authz.test.ts",
};
