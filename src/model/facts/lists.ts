import type {
  BlkioDeviceLimit,
  Device,
  EndpointOption,
  EnvironmentVariable,
  Hook,
  NameValue,
  NetworkDefinition,
  PublishedPort,
  Ulimit,
} from "../container-values.ts";
import type { WrittenCredential } from "../credentials/find.ts";
import type { Mount } from "../mount.ts";
import {
  byCode,
  byCodeInFiles,
  kernelHides,
  type ListRow,
  noSwarmOption,
  notEveryTerraform,
  said,
} from "./row.ts";

/** The items of the facts that are lists. */
export interface ContainerLists {
  readonly environment: EnvironmentVariable;
  /** Normalised names (see normaliseCapability), `ALL` included. */
  readonly capAdd: string;
  readonly capDrop: string;
  readonly groupAdd: string;
  readonly mounts: Mount;
  /** Container names or ids, without the `:ro` suffix. */
  readonly volumesFrom: string;
  readonly devices: Device;
  /** `c 1:3 mr`, as written. */
  readonly deviceCgroupRules: string;
  readonly ports: PublishedPort;
  readonly networks: string;
  readonly networkDefinitions: NetworkDefinition;
  readonly endpointOptions: EndpointOption;
  /** The containers that `--link` names, without their aliases. */
  readonly links: string;
  readonly ulimits: Ulimit;
  readonly sysctls: NameValue;
  readonly storageOpt: NameValue;
  readonly logOptions: NameValue;
  readonly labels: NameValue;
  /** What the OCI runtime gets beside its configuration. */
  readonly annotations: NameValue;
  readonly blkioDeviceLimits: BlkioDeviceLimit;
  /** What docker compose starts in it by itself, as `docker exec` would. */
  readonly hooks: Hook;
  /** The words that replace the image's entrypoint. May hold secrets: never print them. */
  readonly entrypoint: string;
  /** The words of its command, which replace the image's own. May hold secrets: never print them. */
  readonly command: string;
  /** Credentials that are written out, but for those of `environment`. */
  readonly credentials: WrittenCredential;
}

/** Files, `docker service create` and the API all have it. */
const everywhere = { ...byCodeInFiles, swarm: byCode } as const;
/** A Swarm service has none. */
const notInSwarm = { ...byCodeInFiles, swarm: "default" } as const;
const heldCapabilities = {
  unseen: "the kernel shows what each process holds, not what was added or dropped",
} as const;
const commandNotShown = {
  unseen: "the kernel shows the processes, not the command that was given",
} as const;
const networkSays = { unseen: "only the network itself says how it was made" } as const;

/** Facts with items, as each source shows them: code beside each format reads and writes them. */
export const lists = {
  environment: { since: 0, ...everywhere, kernel: kernelHides("the environment"), named: true },
  capAdd: { since: 14, ...everywhere, kernel: heldCapabilities },
  capDrop: { since: 14, ...everywhere, kernel: heldCapabilities },
  groupAdd: { since: 20, ...everywhere, kernel: kernelHides("the groups that were added") },
  mounts: { since: 3, ...everywhere, kernel: byCode },
  // The kernel has them among the container's own mounts.
  volumesFrom: { since: 0, ...notInSwarm, kernel: "default" },
  devices: { since: 15, ...notInSwarm, kernel: byCode },
  deviceCgroupRules: { since: 28, ...notInSwarm, kernel: byCode },
  ports: { since: 6, ...everywhere, kernel: kernelHides("published ports") },
  networks: {
    since: 22,
    ...everywhere,
    // --network is networkMode, further ones too.
    ...said({ run: "default", ansible: "default", terraform: "default", quadlet: "default" }),
    kernel: kernelHides("the networks' names"),
  },
  networkDefinitions: {
    since: "never",
    ...said({ compose: byCode, swarm: byCode, run: networkSays, api: networkSays }),
    ...said({ ansible: networkSays, terraform: networkSays, quadlet: networkSays }),
    kernel: kernelHides("how a network was made"),
  },
  endpointOptions: {
    since: 32,
    ...everywhere,
    ...said({ ansible: "default", terraform: "default" }),
    kernel: kernelHides("the options of a network's driver"),
  },
  links: { since: 6, ...notInSwarm, kernel: kernelHides("links") },
  ulimits: { since: 18, ...everywhere, kernel: kernelHides("the ulimits"), named: true },
  sysctls: { since: 24, ...everywhere, kernel: kernelHides("the sysctls that were set"), named: true },
  storageOpt: {
    since: 24,
    ...said({ ...byCodeInFiles, swarm: noSwarmOption }),
    kernel: kernelHides("the storage driver's options"),
    named: true,
  },
  logOptions: { since: 18, ...everywhere, kernel: kernelHides("the log driver's options"), named: true },
  labels: { since: 18, ...everywhere, kernel: kernelHides("labels"), named: true },
  annotations: {
    since: 43,
    // Containers had none before.
    before: "none",
    ...notInSwarm,
    ...said({ ansible: "default", terraform: "default" }),
    kernel: kernelHides("the runtime's annotations"),
    named: true,
  },
  blkioDeviceLimits: {
    since: 22,
    ...said({ ...byCodeInFiles, swarm: noSwarmOption, terraform: notEveryTerraform }),
    kernel: byCode,
  },
  entrypoint: { since: 15, ...everywhere, kernel: commandNotShown },
  command: { since: 0, ...everywhere, kernel: commandNotShown },
  credentials: {
    since: 0,
    ...everywhere,
    kernel: { unseen: "the kernel shows no file that a person wrote" },
  },
  hooks: {
    since: "never",
    // Only docker compose has hooks; `docker stack deploy` refuses a file with some.
    ...said({ compose: byCode, run: "default", swarm: "default", ansible: "default", terraform: "default" }),
    quadlet: "default",
    api: { unseen: "docker compose runs the hooks, and the Engine does not know them" },
    kernel: { unseen: "the kernel shows a hook only as a process while it runs" },
  },
} as const satisfies Readonly<Record<keyof ContainerLists, ListRow>>;
