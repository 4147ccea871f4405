import type { EngineClient } from "../../engine/client.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import type { EngineTarget } from "./engine-target.ts";

/** What the Engine of this machine answers; undefined where the target is another machine's, or none answers. */
export async function askLocalEngine<T>(
  target: EngineTarget,
  ask: (reader: EngineClient) => Promise<T>,
): Promise<T | undefined> {
  const endpoint = chooseEndpoint(target);
  if (!endpoint.ok || endpoint.value.kind !== "unix") return undefined;
  const { connectEngine } = await import("../../engine/connect.ts");
  const reader = await connectEngine(target);
  if (!reader.ok) return undefined;
  try {
    return await ask(reader.value);
  } finally {
    await reader.value.close();
  }
}
