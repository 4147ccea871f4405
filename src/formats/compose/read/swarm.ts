import { posix } from "node:path";
import { at, entriesOf, get, type Node } from "../yaml/node.ts";

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
 * Whether a project is a stack for `docker stack deploy`, which builds nothing: its file says so by name
 * (`docker-stack.yml`, `stack.yaml`), or its services say under `deploy` what only a Swarm understands. One that also says what
 * only docker compose obeys is judged as docker compose runs it, for that is the more that it may do.
 */
export function isSwarmStack(file: string, project: Node): boolean {
  const services = entriesOf(get(project, "services")).map((entry) => entry.value);
  const says = (keys: readonly string[]) =>
    services.some((service) => keys.some((key) => get(service, key) !== undefined));
  if (says(["build"]) || says(refused)) return false;
  if (/(?:^|[-_.])stack(?:[-_.]|$)/i.test(posix.basename(file))) return true;
  return !says(ignored) && services.some(deploysToSwarm);
}

function deploysToSwarm(service: Node): boolean {
  const deploy = get(service, "deploy");
  return at(deploy, "mode") !== undefined || swarmOnly.some((key) => get(deploy, key) !== undefined);
}
