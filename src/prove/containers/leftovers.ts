import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isOrphan } from "../../engine/owner.ts";
import type { EngineWriter } from "../../engine/write-client.ts";

/** The label that marks prove's throw-away containers. */
export const labelName = "bulkhead.prove";

/** Seconds after which a container of another machine's proof is taken for forgotten: no proof takes so long. */
const forgotten = 15 * 60;

/**
 * Takes away what a proof that was killed left behind: containers with bulkhead's label whose maker is gone. `now` is in
 * seconds since 1970. Gives how many. What cannot be taken away now is tried again at the next start.
 */
export async function sweep(reader: EngineClient, writer: EngineWriter, now: number): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [labelName] }));
  const list = await reader.get(`/containers/json?all=1&filters=${filters}`);
  if (!list.ok) return 0;
  let gone = 0;
  for (const each of itemsOf(list.value).filter(isRecord)) {
    const label = recordAt(each, "Labels")[labelName];
    const id = textAt(each, "Id");
    const created = typeof each.Created === "number" ? each.Created : now;
    if (typeof label !== "string" || id === undefined) continue;
    if (!(isOrphan(label) ?? now - created > forgotten)) continue;
    const removed = await writer.delete(`/containers/${id}?force=1&v=1`);
    if (removed.ok) gone += 1;
  }
  return gone;
}
