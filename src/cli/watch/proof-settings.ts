import { whyProofsAreNotKnown } from "../../engine/proof-register.ts";
import type { History, Proofs } from "../../fleet/history.ts";
import { probes } from "../../prove/registry.ts";
import type { ProofState } from "../../watch/metrics/metrics.ts";
import type { WatchOptions } from "./options.ts";
import type { WatchSettings } from "./settings.ts";

/** Why `--prove` cannot do what it says; undefined where it can, or is not asked for. */
export function whyUnproven(
  { options, settings }: { readonly options: WatchOptions; readonly settings: WatchSettings },
  history: History | undefined,
): string | undefined {
  if (!settings.prove) return undefined;
  if (options.once) return "--prove proves again and again, and --once looks once: leave one out";
  const unknown = whyProofsAreNotKnown();
  if (unknown !== undefined) return `--prove ${unknown}`;
  return history ? undefined : "--prove compares with earlier proofs, and no history is kept";
}

/** What a probe tries. */
export const triesOf = (id: string) => probes.find((probe) => probe.id === id)?.tries ?? id;

/** For the metrics. */
export function proofState(proofs: Proofs | undefined): ProofState | undefined {
  if (!proofs) return undefined;
  try {
    const latest = proofs.latest();
    return { counts: proofs.counts(), latest: latest === undefined ? undefined : latest / 1000 };
  } catch {
    return undefined;
  }
}
