import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import { isOfProof } from "../../engine/proof-register.ts";
import { type LostSpan, type Proofs, whyDatabase } from "../../fleet/history.ts";
import type { ProofTold } from "../../fleet/protocol/job.ts";
import type { LostProof, Proved } from "../../model/proof.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import { count } from "../../report/words.ts";
import type { Watch } from "../../watch/watch.ts";
import { runOwnCommand } from "../common/own-commands/own-command.ts";
import { probesTold, readProof, troubleTold } from "../common/own-commands/read-proof.ts";
import { nextProof, type ProveWhen } from "./options.ts";

export interface ProvingOptions {
  readonly when: ProveWhen;
  readonly proofs: Proofs;
  readonly watch: Watch;
  /** What `bulkhead prove` needs to find the same Engine and kernel. */
  readonly args: readonly string[];
  /** What a probe tries, by its id. */
  readonly tries: (probe: string) => string;
  /** A container was proven, or could not be: for bulkhead serve. */
  readonly told: (proof: ProofTold) => void;
  readonly say: (text: string) => void;
}

export interface Proving {
  /** Ends a proof that is under way, and waits until its containers are gone. */
  close(): Promise<void>;
}

/** `setTimeout` takes no more. */
const longest = 2 ** 31 - 1;

/** Between two containers the host rests for as long as the last one took, but no longer than this. Milliseconds. */
const longestRest = 60_000;

/**
 * Proves the running containers again and again, one after the other, each by `bulkhead prove` in another process with a low
 * priority. Only what held in an earlier proof and does not hold now is a change.
 */
export function startProving(options: ProvingOptions): Proving {
  const { when, proofs, watch, say } = options;
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  /** When the last round ended; what an earlier watch proved counts until then. */
  let last = latest();

  function latest(): number | undefined {
    try {
      return proofs.latest();
    } catch {
      return undefined;
    }
  }

  function schedule(): void {
    if (ending.signal.aborted) return;
    const now = Date.now();
    const due = nextProof(when, now, last);
    timer = setTimeout(
      () => {
        // The clock may have been set meanwhile.
        if (Date.now() < due) return schedule();
        round = proveAll()
          .catch((error: unknown) => say(`the proofs ended early: ${visible(redactSource(String(error)))}`))
          .then(() => {
            last = Date.now();
            schedule();
          });
      },
      Math.min(longest, due - now),
    );
  }

  async function proveAll(): Promise<void> {
    const names = watch.containers().flatMap((each) => (each.running && !isOfProof(each) ? [each.name] : []));
    const proven = new Set<string>();
    for (const name of names) {
      const began = performance.now();
      const proved = await proveOne(name);
      if (ending.signal.aborted) return;
      tell(name, proved);
      if (proved.ok) {
        if (keep(name, proved.value)) proven.add(`container:${name}`);
      } else say(`container:${visible(name)} was not proven: ${visible(redactSource(proved.reason))}`);
      if (name !== names.at(-1)) await rest(Math.min(longestRest, performance.now() - began));
      if (ending.signal.aborted) return;
    }
    const losers = watch
      .open()
      .filter(
        ({ control, verdict, subject }) =>
          control === "proof-lost" && verdict === "fail" && proven.has(subject),
      );
    say(`${count(proven.size, "container")} proven; ${losers.length} of them lost what held before`);
  }

  function tell(container: string, proved: Result<readonly Proved[]>): void {
    const came = proved.ok
      ? { trouble: null, probes: probesTold(proved.value, options.tries) }
      : { trouble: troubleTold(proved.reason), probes: null };
    options.told({ container, time: Date.now(), ...came });
  }

  function keep(name: string, probes: readonly Proved[]): boolean {
    try {
      proofs.add(`container:${name}`, probes, Date.now());
    } catch (error) {
      say(`the proof of container:${visible(name)} cannot be kept: ${whyDatabase(error)}`);
      return false;
    }
    watch.proven(name, lostProofs(lostNow(), options.tries));
    return true;
  }

  function lostNow(): readonly LostSpan[] {
    try {
      return proofs.lost();
    } catch {
      return [];
    }
  }

  async function proveOne(name: string): Promise<Result<readonly Proved[]>> {
    const words = ["prove", `container:${name}`, "--format", "json", ...options.args];
    const { printed, complaint } = await runOwnCommand(words, ending.signal);
    const proof = readProof(printed);
    return proof ? ok(proof) : failed(complaint || "it ended without a result");
  }

  function rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(pause);
        ending.signal.removeEventListener("abort", done);
        resolve();
      };
      const pause = setTimeout(done, milliseconds);
      ending.signal.addEventListener("abort", done);
    });
  }

  schedule();
  return {
    async close() {
      ending.abort();
      if (timer) clearTimeout(timer);
      // A proof that is under way takes its containers away and then ends.
      await round;
    },
  };
}

/** What was lost, by subject, as the control judges it. */
export function lostProofs(
  lost: readonly LostSpan[],
  tries: (probe: string) => string,
): ReadonlyMap<string, readonly LostProof[]> {
  const bySubject = new Map<string, readonly LostProof[]>();
  for (const { subject, probe, control, evidence, held, first } of lost) {
    const proof: LostProof = {
      ...{ probe, control, evidence, tries: tries(probe) },
      held: new Date(held).toISOString(),
      lost: new Date(first).toISOString(),
    };
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), proof]);
  }
  return bySubject;
}
