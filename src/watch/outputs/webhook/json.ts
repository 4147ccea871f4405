import { findingOf } from "../../../report/json.ts";
import type { Delivery } from "../delivery.ts";

export const jsonBatch = 100;

/**
 * The body of a webhook of one's own: a public interface, `schemaVersion` 1, keys in this order. A change is one as
 * `--format jsonl` prints it, after its `id`.
 */
export function jsonBody({ host, version, lost, changes }: Delivery): string {
  return JSON.stringify({
    schemaVersion: 1,
    tool: { name: "bulkhead", version },
    host,
    lost,
    changes: changes.map(({ id, change: { time, change, finding, cause } }) => ({
      id,
      time,
      change,
      finding: findingOf(finding),
      cause,
    })),
  });
}
