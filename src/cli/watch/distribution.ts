import type { Finding } from "../../audit/finding.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type History, whyDatabase } from "../../fleet/history.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import type { Change, Named } from "../../watch/change.ts";
import { openGate, type SilenceOf } from "../../watch/changes/gate.ts";
import { isAbout, type Silence, type SilenceRequest } from "../../watch/changes/silence.ts";
import type { Metrics } from "../../watch/metrics/metrics.ts";
import type { Output } from "../../watch/outputs/output.ts";
import { sayUntil } from "../../watch/outputs/words.ts";

export interface DistributionOptions {
  readonly history: History | undefined;
  /** Get every change, with a mark where it is silenced: the live view. */
  readonly shown: readonly Output[];
  /** Get what is neither acknowledged nor silenced. */
  readonly loud: readonly Output[];
  readonly metrics: Pick<Metrics, "changes" | "silenced">;
  /** Who runs this watch, for the record. */
  readonly author: string;
}

/** Brings changes to the outputs, and keeps from them what somebody silenced. */
export interface Distribution {
  /** Gives those that a silence holds back: the history keeps them so. */
  alert(changes: readonly Change[]): readonly Change[];
  /** Brings changes that open no finding. A silence keeps them from the outputs, and they are not given back later. */
  note(changes: readonly Change[]): void;
  silenceOf(): SilenceOf;
  /** Gives a sentence of what was done. */
  silence(request: SilenceRequest): Result<string>;
  unsilence(finding: Finding): Result<string>;
  close(): void;
}

/** Milliseconds between two looks whether a silence is over. */
const every = 1_000;

export function openDistribution(options: DistributionOptions): Distribution {
  const { history, shown, loud, metrics, author } = options;
  let known: readonly Silence[] = [];

  /** While the database cannot be read, what was known last holds. */
  function silences(): readonly Silence[] {
    try {
      known = history?.silences.current() ?? [];
    } catch {
      // Another process holds it; the history says so itself where that lasts.
    }
    return known;
  }

  function end(id: number, by: string): Result<boolean> {
    try {
      return ok(history?.silences.end(id, by, Date.now()) ?? false);
    } catch (error) {
      return failed(whyDatabase(error));
    }
  }

  const gate = openGate({
    silences,
    end: ({ id }, why) => void end(id, why),
    move({ id }, subject) {
      try {
        history?.silences.move(id, subject);
      } catch {
        // Likewise: it ends with its old name.
      }
    },
    held: history?.held() ?? [],
    now: Date.now,
  });

  function tell(changes: readonly Change[], released: readonly Named[]): void {
    for (const change of changes) for (const output of loud) output.send(change);
    if (changes.length > 0) metrics.changes(changes);
    if (released.length > 0) history?.released(released);
  }

  const timer = setInterval(() => {
    const { told, released } = gate.release();
    tell(told, released);
  }, every);

  return {
    alert(changes) {
      const { told, held, released } = gate.take(changes);
      for (const change of changes) for (const output of shown) output.send(change);
      tell(told, released);
      metrics.silenced(held);
      return held;
    },
    note(changes) {
      const silence = gate.silenceOf();
      const isLoud = ({ finding }: Change) => silence(finding) === undefined;
      for (const change of changes) for (const output of shown) output.send(change);
      tell(changes.filter(isLoud), []);
      metrics.silenced(changes.filter((change) => !isLoud(change)));
    },
    silenceOf: () => gate.silenceOf(),
    silence(request) {
      if (!history) return failed("no history is kept, so nothing can be acknowledged or silenced");
      try {
        const clean = { ...request, reason: redactSource(request.reason) };
        const { id } = history.silences.add(clean, author, Date.now());
        const { kind, control, subject, until } = request;
        return ok(`${kind}: ${control} on ${subject}, ${sayUntil(until)} (number ${id})`);
      } catch (error) {
        return failed(`it cannot be kept: ${whyDatabase(error)}`);
      }
    },
    unsilence(finding) {
      const found = gate.silenceOf()(finding);
      if (!found)
        return failed(`nothing is acknowledged or silenced of ${finding.control} on ${finding.subject}`);
      const ended = silences()
        .filter((each) => isAbout(each, finding))
        .map(({ id }) => ({ id, done: end(id, author) }));
      const failure = ended.find(({ done }) => !done.ok)?.done;
      if (failure && !failure.ok) return failed(`it cannot be ended: ${failure.reason}`);
      return ok(`ended: number ${ended.map(({ id }) => id).join(", ")}`);
    },
    close() {
      clearInterval(timer);
    },
  };
}
