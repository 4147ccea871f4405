import { posix } from "node:path";
import { at, entriesOf, get, type Node } from "../yaml/node.ts";

/** Keys of `deploy` that only a Swarm acts on. */
const swarmOnly = ["placement", "update_config", "rollback_config", "endpoint_mode"];

/**
 * Whether a project is a stack for `docker stack deploy`, which builds nothing: its file says so by name
 * (`docker-stack.yml`, `stack.yaml`), or its services say under `deploy` what only a Swarm understands.
 */
export function isSwarmStack(file: string, project: Node): boolean {
  const services = entriesOf(get(project, "services")).map((entry) => entry.value);
  if (services.some((service) => get(service, "build"))) return false;
  if (/(?:^|[-_.])stack(?:[-_.]|$)/i.test(posix.basename(file))) return true;
  return services.some((service) => {
    const deploy = get(service, "deploy");
    return at(deploy, "mode") !== undefined || swarmOnly.some((key) => get(deploy, key) !== undefined);
  });
}
