import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";

/**
 * The labels that somebody gave to the one running container with the address on one of the Engine's networks. What its image brings
 * counts for nothing: a classic build's RUN steps run in containers with the labels of the Dockerfile, and nobody judges
 * those. Undefined where no container has the address, more than one has (networks may overlap), or the Engine does not answer.
 */
export async function labelsByAddress(
  engine: Pick<EngineClient, "get">,
  address: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const listed = await engine.get("/containers/json");
  if (!listed.ok) return undefined;
  const found = itemsOf(listed.value).filter((container) =>
    Object.values(recordAt({ container }, "container", "NetworkSettings", "Networks")).some(
      (network) =>
        textAt(network, "IPAddress") === address || textAt(network, "GlobalIPv6Address") === address,
    ),
  );
  if (found.length !== 1) return undefined;
  const labels = recordAt({ at: found[0] }, "at", "Labels");
  if (Object.keys(labels).length === 0) return labels;
  const image = await engine.get(`/images/${textAt(found[0], "ImageID") ?? ""}/json`);
  if (!image.ok) return undefined;
  const brought = recordAt({ at: image.value }, "at", "Config", "Labels");
  return Object.fromEntries(Object.entries(labels).filter(([name, value]) => brought[name] !== value));
}
