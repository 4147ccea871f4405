import { isIP } from "node:net";
import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isInNetworks } from "../policy/callers.ts";

type Asked = Pick<EngineClient, "get">;

/**
 * The labels that somebody gave to the one container with the address on one of the Engine's networks. What its image brings
 * counts for nothing: a classic build's RUN steps run in containers with the labels of the Dockerfile, and nobody judges
 * those. Undefined where no container has the address, more than one has (networks may overlap), or the Engine does not answer.
 *
 * A network has its endpoint before the container's process begins, and the list of containers that run only tells it
 * afterwards. The look at the container waits until its start is over.
 */
export async function labelsByAddress(
  engine: Asked,
  address: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const [id, ...others] = (await containersAt(engine, address)) ?? [];
  if (id === undefined || others.length > 0) return undefined;
  const container = await engine.get(`/containers/${id}/json`);
  if (!container.ok) return undefined;
  const labels = recordAt(container.value, "Config", "Labels");
  if (Object.keys(labels).length === 0) return labels;
  const image = await engine.get(`/images/${textAt(container.value, "Image") ?? ""}/json`);
  if (!image.ok) return undefined;
  const brought = recordAt(image.value, "Config", "Labels");
  return Object.fromEntries(Object.entries(labels).filter(([name, value]) => brought[name] !== value));
}

/** The ids of the containers with the address; undefined where one network does not tell. */
async function containersAt(engine: Asked, address: string): Promise<readonly string[] | undefined> {
  const networks = await engine.get("/networks");
  if (!networks.ok) return undefined;
  const near = itemsOf(networks.value).filter((network) => isInNetworks(address, subnetsOf(network)));
  const found: string[] = [];
  for (const network of near) {
    const answer = await engine.get(`/networks/${textAt(network, "Id") ?? ""}`);
    if (!answer.ok) return undefined;
    for (const [id, endpoint] of Object.entries(recordAt(answer.value, "Containers"))) {
      const own = [textAt(endpoint, "IPv4Address"), textAt(endpoint, "IPv6Address")];
      if (own.some((each) => each?.split("/")[0] === address)) found.push(id);
    }
  }
  return found;
}

function subnetsOf(network: unknown): readonly string[] {
  return itemsOf(recordAt(network, "IPAM").Config)
    .map((each) => textAt(each, "Subnet") ?? "")
    .filter((subnet) => isIP(subnet.split("/")[0] ?? "") !== 0);
}
