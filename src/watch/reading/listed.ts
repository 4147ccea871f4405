import { isRecord, itemsOf, textAt, textsOf } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";

/**
 * The ids of containers of which the Engine's list says something else than is known: new, gone, renamed, started, stopped.
 * Undefined where the Engine does not answer. `known` is asked for when the list has come.
 */
export async function listedContainers(
  client: EngineClient,
  known: () => readonly LiveContainer[],
): Promise<readonly string[] | undefined> {
  const answer = await client.get("/containers/json?all=1");
  if (!answer.ok) return answer.kind === "lost" ? undefined : [];
  const left = new Map(known().map((each) => [each.id, each]));
  const differing = itemsOf(answer.value).flatMap((item) => {
    const id = textAt(item, "Id");
    if (id === undefined) return [];
    const before = left.get(id);
    left.delete(id);
    const names = textsOf(isRecord(item) ? item.Names : undefined).map((name) => name.replace(/^\//, ""));
    const runs = ["running", "paused", "restarting"].includes(textAt(item, "State") ?? "");
    // A container that restarts is running to inspect, too; between two attempts it has no process, and that is read again.
    const isSame = before !== undefined && names.includes(before.name) && before.running === runs;
    return isSame ? [] : [id];
  });
  return [...differing, ...left.keys()];
}
