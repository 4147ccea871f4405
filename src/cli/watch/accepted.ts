import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Finding } from "../../audit/finding.ts";
import { type AcceptedFilter, openAcceptedFilter, readAccepted, writeAccepted } from "../../fleet/agent.ts";
import type { Change } from "../../watch/change.ts";
import type { Watch } from "../../watch/watch.ts";
import { historyPath } from "../history/path.ts";
import type { WatchOptions } from "./options.ts";

export interface AcceptedContext {
  /** The `bulkhead serve` that the watch reports to. */
  readonly reportTo: string | undefined;
  /** The folder of the queues. Undefined: at the usual place. */
  readonly queue: string | undefined;
  readonly remembered: readonly Finding[];
  readonly watch: () => Watch | undefined;
  readonly alert: (changes: readonly Change[]) => void;
  readonly silenced: () => (finding: Finding) => boolean;
  readonly say: (text: string) => void;
}

/** Keeps from alerting about what was accepted in the `bulkhead serve` of `--report-to`. Undefined where there is none. */
export function openAccepted(
  { acceptances }: Pick<WatchOptions, "acceptances">,
  { reportTo, queue, remembered, watch, alert, silenced, say }: AcceptedContext,
): AcceptedFilter | undefined {
  if (reportTo === undefined || !acceptances) return undefined;
  const path = join(queue ?? dirname(historyPath(undefined)), "accepted.yaml");
  const kept = readAccepted(path);
  if (!kept.ok) say(`${kept.reason}: until ${reportTo} answers, nothing is accepted`);
  return openAcceptedFilter({
    accepted: kept.ok ? kept.value : undefined,
    ...{ remembered, watch, alert, silenced },
    keep(accepted) {
      const written = keepIn(path, accepted);
      if (!written.ok) say(`acceptances cannot be saved and are lost at the next start: ${written.reason}`);
    },
  });
}

function keepIn(path: string, accepted: Parameters<typeof writeAccepted>[1]) {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch {
    // Writing says why.
  }
  return writeAccepted(path, accepted);
}
