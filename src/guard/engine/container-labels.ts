import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";

/**
 * The labels of the one running container that has the address on one of the Engine's networks. Undefined where none has it, more
 * than one has (networks may overlap), or the Engine does not answer.
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
  return found.length === 1 ? recordAt({ at: found[0] }, "at", "Labels") : undefined;
}
