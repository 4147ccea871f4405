import { posix } from "node:path";
import { at, entriesOf, get, type Node, type TextRange } from "../yaml/node.ts";

/** Keys of `deploy` that only a Swarm acts on. */
const swarmOnly = ["placement", "update_config", "rollback_config", "endpoint_mode"];

/** Keys that `docker stack deploy` refuses: a file with one of them is for docker compose (docker/cli: cli/compose/schema). */
const refused = [
  "blkio_config",
  "cgroup",
  "cpu_period",
  "cpu_quota",
  "cpu_shares",
  "cpus",
  "cpuset",
  "develop",
  "device_cgroup_rules",
  "extends",
  "gpus",
  "group_add",
  "mem_limit",
  "mem_reservation",
  "memswap_limit",
  "models",
  "oom_kill_disable",
  "pids_limit",
  "post_start",
  "pre_start",
  "pre_stop",
  "profiles",
  "provider",
  "runtime",
  "storage_opt",
  "use_api_socket",
  "uts",
  "volumes_from",
];

/** Keys that `docker stack deploy` ignores, and docker compose does not (docker/cli: cli/compose/types/types.go). */
const ignored = [
  "cgroup_parent",
  "cgroupns_mode",
  "devices",
  "ipc",
  "network_mode",
  "pid",
  "privileged",
  "security_opt",
  "userns_mode",
];

/**
 * Whether a project is a stack for `docker stack deploy`: its services say under `deploy` what only a Swarm understands, or its
 * file has a stack's name. A name is a guess, so what only docker compose obeys decides: such a project is judged as docker
 * compose runs it, for that is the more that it may do.
 */
export function isSwarmStack(file: string, project: Node): boolean {
  if (says(project, ["build", ...refused, ...ignored])) return false;
  return hasStackName(file) || servicesOf(project).some(deploysToSwarm);
}

/** Where a project that looks like a stack says what Swarm ignores: each such key of a service. */
export function ignoredBySwarm(
  file: string,
  project: Node,
): readonly { readonly service: string; readonly key: string; readonly place: TextRange }[] {
  if (says(project, ["build", ...refused])) return [];
  if (!hasStackName(file) && !servicesOf(project).some(deploysToSwarm)) return [];
  return entriesOf(get(project, "services")).flatMap(({ name: service, value }) =>
    entriesOf(value).flatMap(({ name: key, key: place }) =>
      ignored.includes(key) ? [{ service, key, place }] : [],
    ),
  );
}

function servicesOf(project: Node): readonly Node[] {
  return entriesOf(get(project, "services")).map((entry) => entry.value);
}

function says(project: Node, keys: readonly string[]): boolean {
  return servicesOf(project).some((service) => keys.some((key) => get(service, key) !== undefined));
}

function hasStackName(file: string): boolean {
  return /(?:^|[-_.])stack(?:[-_.]|$)/i.test(posix.basename(file));
}

function deploysToSwarm(service: Node): boolean {
  const deploy = get(service, "deploy");
  return at(deploy, "mode") !== undefined || swarmOnly.some((key) => get(deploy, key) !== undefined);
}
