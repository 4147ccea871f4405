import { isRecord } from "../../base/json.ts";
import type { Container } from "../../model/container.ts";
import type { EndpointOption, PublishedPort } from "../../model/container-values.ts";
import { type FactList, mapItems, set, valueOr } from "../../model/fact.ts";
import { broken, entriesFact, field, type JsonNode, listFact, nameValues, stringFact } from "./json.ts";

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

/** `PortBindings`: `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`. */
export function readPorts(hostConfig: JsonNode): FactList<PublishedPort> {
  return entriesFact(field(hostConfig, "PortBindings"), (port, bindings) => {
    const [containerPort = "", protocol] = port.split("/");
    return listFact(bindings, (binding) => {
      if (!isRecord(binding.value)) return broken(binding, `${binding.name} is not an object`);
      const hostIp = stringFact(field(binding, "HostIp"));
      const hostPort = stringFact(field(binding, "HostPort"));
      if (hostIp.state === "unresolved") return broken(binding, hostIp.reason);
      if (hostPort.state === "unresolved") return broken(binding, hostPort.reason);
      return set(
        {
          hostIp: valueOr(hostIp, undefined),
          hostPort: valueOr(hostPort, undefined),
          containerPort,
          protocol: (protocol ?? "tcp").toLowerCase(),
        },
        { pointer: binding.pointer },
      );
    });
  });
}
