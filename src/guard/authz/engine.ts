import type { Result } from "../../base/result.ts";
import type { Answer, EngineClient } from "../../engine/client.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { connectEngine } from "../../engine/connect.ts";

/**
 * The Engine, connected to when it is first asked and anew where it was lost: dockerd starts after its plugins, and may
 * restart while they go on.
 */
export function lasting(options: ConnectOptions): Pick<EngineClient, "get" | "close"> {
  let client: Promise<Result<EngineClient>> | undefined;

  async function connected(): Promise<Result<EngineClient>> {
    client ??= connectEngine(options);
    const own = client;
    const result = await own;
    if (!result.ok && client === own) client = undefined;
    return result;
  }

  async function get(path: string): Promise<Answer> {
    const first = await connected();
    if (!first.ok) return { ok: false, reason: first.reason, kind: "lost" };
    const own = client;
    const answer = await first.value.get(path);
    if (answer.ok || answer.kind !== "lost") return answer;
    // Once more, at most: it may have been restarted since.
    if (client === own) client = undefined;
    const second = await connected();
    return second.ok ? await second.value.get(path) : answer;
  }

  return {
    get,
    async close() {
      const last = await client;
      if (last?.ok) await last.value.close();
    },
  };
}
