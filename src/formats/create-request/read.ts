import { type Container, container } from "../../model/container.ts";
import type { CodedFacts } from "../../model/facts/table.ts";
import { sightOf, unseenIn } from "../../model/sight.ts";
import { configFacts } from "./config.ts";
import { readCredentials } from "./credentials.ts";
import { hostConfigFacts } from "./host-config.ts";
import { documentAt, field, path } from "./json.ts";
import { endpointFacts } from "./networks.ts";

/** What neither a create request nor an inspect document shows. */
export const unseenInApi = unseenIn(sightOf("api"));

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
  const facts: CodedFacts<"api"> = Object.assign({}, hostConfig, config, {
    networkMode: hostConfig.networkMode.state === "unset" ? config.networkMode : hostConfig.networkMode,
    mounts: [...hostConfig.mounts, ...config.mounts],
    ...endpointFacts(networks),
    credentials: readCredentials(root, field(root, "HostConfig")),
  });
  return container("configured", unseenInApi, facts);
}

/** What a HostConfig says by itself; `base` is where it stands in the document that the origins point into. */
export function readHostConfig(document: unknown, base = "/HostConfig"): Partial<Container> {
  return hostConfigFacts(documentAt(document, base));
}
