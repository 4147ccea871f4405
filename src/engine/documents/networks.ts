import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import { escapePointer } from "../../formats/create-request/json.ts";
import type { Container } from "../../model/container.ts";
import type { NetworkDefinition } from "../../model/container-values.ts";
import { set, unresolved } from "../../model/fact.ts";

/** What Docker makes by itself, with options that nobody chose. */
const predefined: ReadonlySet<string> = new Set(["bridge", "host", "none", "docker_gwbridge", "ingress"]);

/** Whether it joins a network that a person made. */
export function joinsNetworks({ inspected }: Container): boolean {
  return inspected?.networks.some((name) => !predefined.has(name)) ?? false;
}

/** The Engine's networks by name, out of `GET /networks`; undefined where it did not list them. */
export function networksFrom(document: unknown): ReadonlyMap<string, NetworkDefinition> | undefined {
  if (!Array.isArray(document)) return undefined;
  return new Map(
    document.flatMap((each: unknown) => {
      const network = textAt(each, "Name");
      return network === undefined || predefined.has(network)
        ? []
        : [[network, definition(network, each)] as const];
    }),
  );
}

function definition(network: string, document: unknown): NetworkDefinition {
  const addressDriver = textAt(document, "IPAM", "Driver");
  const { Options } = recordAt(document);
  return {
    network,
    driver: textAt(document, "Driver"),
    options: Object.entries(isRecord(Options) ? Options : {}).map(([name, value]) => ({
      name,
      value: String(value),
    })),
    addressDriver: addressDriver === "default" || addressDriver === "" ? undefined : addressDriver,
    subnets: itemsOf(recordAt(document, "IPAM").Config).flatMap((config) =>
      ["Subnet", "IPRange"].flatMap((member) => textAt(config, member) || []),
    ),
  };
}

/** How the networks of a container were made. One that is gone meanwhile is left out. */
export function definitionsOf(
  { inspected }: Container,
  networks: ReadonlyMap<string, NetworkDefinition> | undefined,
): Container["networkDefinitions"] {
  const joined = (inspected?.networks ?? []).filter((name) => !predefined.has(name));
  return joined.flatMap((name): Container["networkDefinitions"] => {
    const origin = { pointer: `/NetworkSettings/Networks/${escapePointer(name)}` };
    if (!networks) return [unresolved(`the Engine did not say how the network ${name} was made`, origin)];
    const found = networks.get(name);
    return found ? [set(found, origin)] : [];
  });
}
