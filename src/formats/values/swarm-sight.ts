import { type Container, container } from "../../model/container.ts";
import { type ContainerFact, type ContainerSight, unseenIn } from "../../model/sight.ts";

const noOption = { unseen: "Swarm has no setting for it" } as const;

/**
 * What the definition of a Swarm service tells, in a stack's file or a `docker service create` line. Where Swarm has no
 * setting, its containers get what the Engine gives by default (docker/cli: UnsupportedProperties and ForbiddenProperties in
 * cli/compose/types/types.go, cli/command/service/opts.go).
 */
export const swarmSight = {
  image: "read",
  build: "default",
  imageUser: { unseen: "only its image says which user it starts as" },
  user: "read",
  privileged: "default",
  seccomp: "default",
  apparmor: "default",
  selinux: "default",
  noNewPrivileges: noOption,
  pathProtection: "default",
  readonlyRootfs: "read",
  networkMode: "read",
  pidMode: "default",
  ipcMode: "default",
  utsMode: "default",
  cgroupnsMode: "default",
  usernsMode: "default",
  publishAllPorts: "default",
  nanoCpus: "read",
  cpuPeriod: "default",
  cpuQuota: "default",
  cpuShares: "default",
  cpusetCpus: "default",
  memory: "read",
  memorySwap: "default",
  // A reservation places the task; its container gets none.
  memoryReservation: "default",
  oomKillDisable: "default",
  oomScoreAdj: "read",
  cpuRealtimeRuntime: "default",
  pidsLimit: "read",
  blkioWeight: noOption,
  logDriver: "read",
  cgroupParent: "default",
  runtime: "default",
  healthcheck: "read",
  restart: "read",
  environment: "read",
  capAdd: "read",
  capDrop: "read",
  groupAdd: "read",
  mounts: "read",
  volumesFrom: "default",
  devices: "default",
  deviceCgroupRules: "default",
  ports: "read",
  networks: "read",
  networkDefinitions: "read",
  endpointOptions: "read",
  links: "default",
  ulimits: "read",
  sysctls: "read",
  storageOpt: noOption,
  logOptions: "read",
  labels: "read",
  annotations: "default",
  blkioDeviceLimits: noOption,
  // docker stack deploy refuses a file with hooks.
  hooks: "default",
  entrypoint: "read",
  command: "read",
} as const satisfies ContainerSight;

const nothing = container("declared");

/** The facts that Swarm does not take from anybody, as its containers get them. */
export const beyondSwarm: Partial<Container> = {
  ...Object.fromEntries(
    Object.entries(swarmSight).flatMap(([field, sight]) =>
      sight === "default" ? [[field, nothing[field as ContainerFact]]] : [],
    ),
  ),
  ...unseenIn(swarmSight),
};
