import { type Container, container } from "../../model/container.ts";
import { type FactsReadBy, unseenIn } from "../../model/sight.ts";
import { configFacts } from "./config.ts";
import { hostConfigFacts } from "./host-config.ts";
import { documentAt, field, path } from "./json.ts";
import { endpointFacts } from "./networks.ts";
import { createRequestSight } from "./sight.ts";

const unseenFacts = unseenIn(createRequestSight);

/**
 * The container that the body of `POST /containers/create` asks for, as configured. Absent, null, 0 and "" are
 * unset, as the Engine API has it; what is of a wrong type is unresolved. Origins are JSON pointers into the body.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerCreate
 */
export function readCreateRequest(document: unknown): Container {
  const root = documentAt(document, "");
  const hostConfig = hostConfigFacts(field(root, "HostConfig"));
  const config = configFacts(root);
  const networks = path(root, "NetworkingConfig", "EndpointsConfig");
  const facts: FactsReadBy<typeof createRequestSight> = Object.assign({}, hostConfig, config, {
    networkMode: hostConfig.networkMode.state === "unset" ? config.networkMode : hostConfig.networkMode,
    mounts: [...hostConfig.mounts, ...config.mounts],
    ...endpointFacts(networks),
  });
  return container("configured", unseenFacts, facts);
}

/** What a HostConfig says by itself; `base` is where it stands in the document that the origins point into. */
export function readHostConfig(document: unknown, base = "/HostConfig"): Partial<Container> {
  return hostConfigFacts(documentAt(document, base));
}
