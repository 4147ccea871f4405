import { isRecord } from "../../base/json.ts";
import type { PublishedPort } from "../../model/container-values.ts";
import { type FactList, set, valueOr } from "../../model/fact.ts";
import { broken, entriesFact, field, type JsonNode, listFact, stringFact } from "./json.ts";

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
