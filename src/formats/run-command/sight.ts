import type { ContainerFact, Sight } from "../../model/sight.ts";
import type { SecurityFacts } from "../values/security-options.ts";
import type { FlagField } from "./read/flags.ts";

/** Read is what a flag of the table sets, `--security-opt`, `--network` with options, and the image. */
type RunSight = {
  readonly [K in ContainerFact]: K extends
    | FlagField
    | keyof SecurityFacts
    | "endpointOptions"
    | "image"
    | "command"
    ? "read"
    : Exclude<Sight, "read">;
};

/** What a `docker run` line tells. */
export const runSight: RunSight = {
  image: "read",
  // `docker run` builds nothing.
  build: "default",
  imageUser: { unseen: "only its image says which user it starts as" },
  user: "read",
  privileged: "read",
  seccomp: "read",
  apparmor: "read",
  selinux: "read",
  noNewPrivileges: "read",
  pathProtection: "read",
  readonlyRootfs: "read",
  networkMode: "read",
  pidMode: "read",
  ipcMode: "read",
  utsMode: "read",
  cgroupnsMode: "read",
  usernsMode: "read",
  publishAllPorts: "read",
  nanoCpus: "read",
  cpuPeriod: "read",
  cpuQuota: "read",
  cpuShares: "read",
  cpusetCpus: "read",
  memory: "read",
  memorySwap: "read",
  memoryReservation: "read",
  oomKillDisable: "read",
  oomScoreAdj: "read",
  cpuRealtimeRuntime: "read",
  pidsLimit: "read",
  blkioWeight: "read",
  logDriver: "read",
  cgroupParent: "read",
  runtime: "read",
  healthcheck: "read",
  restart: "read",
  environment: "read",
  capAdd: "read",
  capDrop: "read",
  groupAdd: "read",
  mounts: "read",
  volumesFrom: "read",
  devices: "read",
  deviceCgroupRules: "read",
  ports: "read",
  // --network is networkMode, further ones too.
  networks: "default",
  networkDefinitions: { unseen: "only the network itself says how it was made" },
  endpointOptions: "read",
  links: "read",
  ulimits: "read",
  sysctls: "read",
  storageOpt: "read",
  logOptions: "read",
  labels: "read",
  annotations: "read",
  blkioDeviceLimits: "read",
  // `docker run` has no hooks.
  hooks: "default",
  entrypoint: "read",
  command: "read",
};
