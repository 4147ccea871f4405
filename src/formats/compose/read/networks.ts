import { type NamespaceMode, parseNamespaceMode } from "../../../model/container/namespace.ts";
import type { Container } from "../../../model/container.ts";
import type { EndpointOption, NetworkDefinition } from "../../../model/container-values.ts";
import {
  type Fact,
  type FactList,
  mapItems,
  set,
  setItems,
  unresolved,
  unseen,
  unset,
} from "../../../model/fact.ts";
import { linkedContainer } from "../../values/port.ts";
import { at, entriesOf, get, isNull, itemsOf, type Node, originAt, originOf } from "../yaml/node.ts";
import { missingReason, type Scope, scalar, texts } from "./facts.ts";
import { nameValues } from "./key-values.ts";

type NetworkFacts = Pick<Container, "networks" | "networkDefinitions" | "endpointOptions" | "links">;

/** The networks that a service joins, how the file defines them, and whom it links. */
export function readNetworkFacts(service: Node, scope: Scope): NetworkFacts {
  const node = get(service, "networks");
  const networks = readNetworks(node);
  return {
    networks,
    networkDefinitions: readDefinitions(service, networks, scope),
    endpointOptions: node?.kind === "map" ? entriesOf(node).flatMap(readEndpointOptions) : [],
    links: ["links", "external_links"].flatMap((key) => readLinks(get(service, key))),
  };
}

function readNetworks(node: Node | undefined): FactList<string> {
  if (node?.kind !== "map") return texts(node);
  return entriesOf(node).map(({ name, key }) => set(name, originAt(key)));
}

function readEndpointOptions({
  name: network,
  value,
}: {
  readonly name: string;
  readonly value: Node;
}): FactList<EndpointOption> {
  return mapItems(nameValues(get(value, "driver_opts")), (given) => ({
    network,
    option: given.name,
    value: given.value,
  }));
}

/** Services of the project, and containers of others (`external_links`). */
function readLinks(node: Node | undefined): FactList<string> {
  return mapItems(texts(node), linkedContainer);
}

/** A service that names no network joins `default`, which the file may define. External networks are made elsewhere. */
function readDefinitions(
  service: Node,
  networks: FactList<string>,
  { project, swarm }: Scope,
): FactList<NetworkDefinition> {
  if (get(service, "network_mode") && !swarm) return [];
  const joined = networks.length === 0 ? [set("default")] : networks;
  return joined.flatMap((item) => {
    if (item.state !== "set") return [item];
    const name = item.value;
    const node = at(project, "networks", name);
    const external = get(node, "external");
    const isExternal = external !== undefined && scalar(external)?.text !== "false";
    if (isExternal) return [unseen(`the network ${name} is made outside of this file`)];
    return !node || isNull(node) ? [] : [readDefinition(name, node)];
  });
}

function readDefinition(network: string, node: Node): FactList<NetworkDefinition>[number] {
  const options = get(node, "driver_opts");
  const ipam = get(node, "ipam");
  const subnets = itemsOf(get(ipam, "config")).flatMap((each) =>
    [get(each, "subnet"), get(each, "ip_range")].filter((range) => range !== undefined),
  );
  const parts = [get(node, "driver"), options, get(ipam, "driver"), ...subnets].filter(
    (part) => part !== undefined,
  );
  const open = [...parts, ...entriesOf(options).map(({ value }) => value)].find(missingReason);
  const origins = parts.length > 0 ? parts.map(originOf) : [originOf(node)];
  if (open) return unresolved(missingReason(open) ?? "", originOf(open));
  const addressDriver = scalar(get(ipam, "driver"))?.text;
  return set(
    {
      network,
      driver: scalar(get(node, "driver"))?.text,
      options: setItems(nameValues(options)).map(({ value }) => value),
      addressDriver: addressDriver === "default" ? undefined : addressDriver,
      subnets: subnets.flatMap((range) => scalar(range)?.text ?? []),
    },
    ...origins,
  );
}

/**
 * Networks of the Engine that are modes: joining the external network `host` is `network_mode: host`
 * (moby: api/types/container/hostconfig_unix.go, NetworkMode.IsHost).
 */
const modeNetworks = new Set(["host", "none"]);

export function networkModeOf(networks: Node | undefined, { project }: Scope): Fact<NamespaceMode> {
  for (const joined of readNetworks(networks)) {
    if (joined.state !== "set") continue;
    const declared = at(project, "networks", joined.value);
    const external = get(declared, "external");
    if (!external || scalar(external)?.text === "false") continue;
    const name = scalar(get(declared, "name") ?? get(external, "name"))?.text ?? joined.value;
    const mode = modeNetworks.has(name) ? parseNamespaceMode(name, "network") : undefined;
    if (mode) return set(mode, ...joined.origins);
  }
  return unset;
}
