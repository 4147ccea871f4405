import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { isRecord, itemsOf, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import { isOfProof } from "../../engine/proof-register.ts";
import { type LostProof, outcomes, type Proved } from "../../model/proof.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import { count } from "../../report/words.ts";
import { whyDatabase } from "../../store/database.ts";
import type { LostSpan, Proofs } from "../../store/proofs.ts";
import type { Watch } from "../../watch/watch.ts";
import { nextProof, type ProveWhen } from "./prove-when.ts";

export interface ProvingOptions {
  readonly when: ProveWhen;
  readonly proofs: Proofs;
  readonly watch: Watch;
  /** What `bulkhead prove` needs to find the same Engine and kernel. */
  readonly args: readonly string[];
  /** What a probe tries, by its id. */
  readonly tries: (probe: string) => string;
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
  let child: ChildProcess | undefined;
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

  function proveOne(name: string): Promise<Result<readonly Proved[]>> {
    const [, program = ""] = process.argv;
    return new Promise((resolve) => {
      const words = [program, "prove", `container:${name}`, "--format", "json", ...options.args];
      const started = spawn(process.execPath, [...process.execArgv, ...words], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = started;
      if (started.pid !== undefined) lower(started.pid);
      let printed = "";
      let said = "";
      for (const stream of [started.stdout, started.stderr]) stream.setEncoding("utf8");
      started.stdout.on("data", (chunk: string) => (printed += chunk));
      started.stderr.on("data", (chunk: string) => (said = `${said}${chunk}`.slice(-2_000)));
      started.once("error", (error) => resolve(failed(error.message)));
      started.once("close", () => {
        child = undefined;
        const reason = said
          .trim()
          .split("\n")
          .at(-1)
          ?.replace(/^bulkhead: /, "");
        resolve(readProof(printed) ?? failed(reason || "it ended without a result"));
      });
    });
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
      // It takes its containers away and then ends.
      child?.kill("SIGTERM");
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

/** The watch comes before a proof. A system that refuses it proves all the same. */
function lower(pid: number): void {
  try {
    setPriority(pid, 10);
  } catch {
    // It has ended already.
  }
}

/** The probes in what `bulkhead prove --format json` prints; undefined for anything else. */
function readProof(text: string): Result<readonly Proved[]> | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(document) || document.schemaVersion !== 1) return undefined;
  const probes = itemsOf(document.probes).flatMap((each): readonly Proved[] => {
    const outcome = outcomes.find((known) => known === textAt(each, "outcome"));
    const [probe, control, evidence] = ["probe", "control", "evidence"].map((key) => textAt(each, key));
    if (!outcome || probe === undefined || control === undefined || evidence === undefined) return [];
    return [{ probe, control, outcome, evidence: redactSource(evidence) }];
  });
  return ok(probes);
}
