import {
  byCode,
  byCodeInFiles,
  fixedAtCreation,
  kernelHides,
  noSwarmOption,
  onlyImageSays,
  type ScalarRow,
  said,
} from "./row.ts";

const nothingBuilt = "default";

/** What a container is and what it is kept apart from. */
export const isolation = {
  /** The reference as written: `nginx`, `nginx:1.27@sha256:…`. */
  image: {
    kind: "text",
    since: 0,
    ...said({ compose: "image", run: byCode, swarm: byCode, api: "Image" }),
    ...said({ ansible: byCode, terraform: byCode, quadlet: byCode, kernel: kernelHides("the image") }),
    devcontainer: "image",
    ...fixedAtCreation,
  },
  build: {
    kind: "build",
    since: "never",
    ...said({ compose: byCode, run: nothingBuilt, swarm: nothingBuilt, api: nothingBuilt }),
    ...said({ ansible: nothingBuilt, terraform: nothingBuilt, quadlet: nothingBuilt }),
    kernel: kernelHides("the image"),
    ...fixedAtCreation,
  },
  /**
   * The user that the image sets, from the Dockerfile that `build` names, the image on the Engine, or
   * nothing. Filled in where the audit joins sources; "" is root by default.
   */
  imageUser: {
    kind: "text",
    since: "never",
    ...said({ compose: onlyImageSays, run: onlyImageSays, swarm: onlyImageSays, api: onlyImageSays }),
    ...said({ ansible: onlyImageSays, terraform: onlyImageSays, quadlet: onlyImageSays }),
    kernel: kernelHides("the image's user"),
    ...fixedAtCreation,
  },
  /** As written: `1000`, `1000:1000`, `nobody`, `root`. */
  user: {
    kind: "text",
    since: 0,
    ...said({ compose: "user", run: "user", short: "u", swarm: "user", api: "User" }),
    ...said({ ansible: "user", terraform: "user", quadlet: byCode, kernel: byCode }),
    devcontainer: "containerUser",
    ...said({ update: false, drift: byCode }),
  },
  privileged: {
    kind: "switch",
    since: 4,
    ...said({ compose: "privileged", run: "privileged", swarm: "default", api: "HostConfig.Privileged" }),
    ...said({ ansible: "privileged", terraform: "privileged", quadlet: "PodmanArgs", kernel: byCode }),
    devcontainer: "privileged",
    ...said({ update: false, drift: byCode }),
  },
  seccomp: {
    kind: "seccomp",
    since: 15,
    ...said({ ...byCodeInFiles, swarm: "default", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  /** A profile's name, `unconfined`, or `docker-default`. */
  apparmor: {
    kind: "text",
    since: 15,
    ...said({ ...byCodeInFiles, swarm: "default", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  selinux: {
    kind: "selinux",
    since: 15,
    ...said({ ...byCodeInFiles, swarm: "default", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  noNewPrivileges: {
    kind: "switch",
    since: 15,
    ...said({ ...byCodeInFiles, swarm: noSwarmOption, kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  /** `systempaths=unconfined`, or the lists that the Engine or the kernel shows. */
  pathProtection: {
    kind: "paths",
    since: 38,
    ...said({ ...byCodeInFiles, swarm: "default", kernel: byCode }),
    ...fixedAtCreation,
  },
  readonlyRootfs: {
    kind: "switch",
    since: 17,
    ...said({ compose: "read_only", run: "read-only", swarm: "read-only", api: "HostConfig.ReadonlyRootfs" }),
    ...said({ ansible: "read_only", terraform: "read_only", quadlet: "ReadOnly", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  networkMode: {
    kind: "namespace",
    since: 15,
    ...said({ compose: byCode, run: byCode, swarm: byCode, api: byCode }),
    ...said({ ansible: "network_mode", terraform: "network_mode", quadlet: byCode, kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  pidMode: {
    kind: "namespace",
    since: 18,
    ...said({ compose: "pid", run: "pid", swarm: "default", api: "HostConfig.PidMode" }),
    ...said({ ansible: "pid_mode", terraform: "pid_mode", quadlet: "PodmanArgs", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  ipcMode: {
    kind: "namespace",
    since: 17,
    ...said({ compose: "ipc", run: "ipc", swarm: "default", api: "HostConfig.IpcMode" }),
    ...said({ ansible: "ipc_mode", terraform: "ipc_mode", quadlet: "PodmanArgs", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  utsMode: {
    kind: "namespace",
    since: 25,
    ...said({ compose: "uts", run: "uts", swarm: "default", api: "HostConfig.UTSMode" }),
    ...said({ ansible: "uts", terraform: "default", quadlet: "PodmanArgs", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  cgroupnsMode: {
    kind: "namespace",
    since: 41,
    ...said({ compose: "cgroup", run: "cgroupns", swarm: "default", api: "HostConfig.CgroupnsMode" }),
    ...said({ ansible: "cgroupns_mode", terraform: "cgroupns_mode", quadlet: "PodmanArgs", kernel: byCode }),
    ...said({ update: false, drift: byCode }),
  },
  usernsMode: {
    kind: "namespace",
    since: 23,
    ...said({ compose: "userns_mode", run: "userns", swarm: "default", api: "HostConfig.UsernsMode" }),
    ...said({ ansible: "userns_mode", terraform: "userns_mode", quadlet: byCode, kernel: byCode }),
    ...fixedAtCreation,
  },
  /** `-P`: every exposed port on all interfaces. */
  publishAllPorts: {
    kind: "switch",
    since: 6,
    // Compose has no word for `--publish-all`.
    ...said({ compose: "default", run: "publish-all", short: "P", swarm: "default" }),
    ...said({
      api: "HostConfig.PublishAllPorts",
      ansible: "publish_all_ports",
      terraform: "publish_all_ports",
    }),
    ...said({ quadlet: "PodmanArgs", kernel: kernelHides("published ports") }),
    ...fixedAtCreation,
  },
  logDriver: {
    kind: "text",
    since: 18,
    ...said({
      compose: "logging.driver",
      run: "log-driver",
      swarm: "log-driver",
      api: "HostConfig.LogConfig.Type",
    }),
    ...said({ ansible: "log_driver", terraform: "log_driver", quadlet: "LogDriver" }),
    kernel: kernelHides("the log driver"),
    ...fixedAtCreation,
  },
  runtime: {
    kind: "text",
    since: 25,
    ...said({ compose: "runtime", run: "runtime", swarm: "default", api: "HostConfig.Runtime" }),
    ...said({
      ansible: "runtime",
      terraform: "runtime",
      quadlet: "PodmanArgs",
      kernel: kernelHides("the runtime"),
    }),
    ...fixedAtCreation,
  },
  /** As Docker spells it: `always`, `unless-stopped`, `on-failure`, `on-failure:5`; `no` is unset. */
  restart: {
    kind: "text",
    since: 14,
    ...said({ compose: byCode, run: byCode, swarm: byCode, api: byCode }),
    ...said({ ansible: "restart_policy", terraform: "restart", quadlet: "PodmanArgs" }),
    kernel: kernelHides("the restart policy"),
    ...fixedAtCreation,
  },
  healthcheck: {
    kind: "healthcheck",
    since: 24,
    ...said({ ...byCodeInFiles, swarm: byCode, kernel: kernelHides("the health check") }),
    ...fixedAtCreation,
  },
} as const satisfies Readonly<Record<string, ScalarRow>>;
