import type { Container } from "../../model/container.ts";
import type { EndpointOption } from "../../model/container-values.ts";
import { type FactList, mapItems, set } from "../../model/fact.ts";
import { entriesFact, field, type JsonNode } from "./json.ts";
import { nameValues } from "./name-values.ts";

/** What the endpoints of a request (`NetworkingConfig.EndpointsConfig`) say, or those of an inspect document. */
export function endpointFacts(endpoints: JsonNode): Pick<Container, "networks" | "endpointOptions"> {
  return {
    networks: entriesFact(endpoints, (name, { pointer }) => [set(name, { pointer })]),
    endpointOptions: endpointOptions(endpoints),
  };
}

export function endpointOptions(endpoints: JsonNode): FactList<EndpointOption> {
  return entriesFact(endpoints, (network, endpoint) =>
    mapItems(nameValues(field(endpoint, "DriverOpts")), ({ name, value }) => ({
      network,
      option: name,
      value,
    })),
  );
}
