import type { Finding } from "../../audit/finding.ts";
import { isInForce } from "../../model/exemption.ts";
import { type Change, findingKey } from "../change.ts";
import { aboutOf, holdsBack, isAbout, type Silence } from "./silence.ts";

/** A change that a silence keeps from the outputs. */
export interface HeldChange {
  /** The latest of its finding. */
  readonly change: Change;
  /** The outputs know of the finding: they were told before it was silenced. */
  readonly known: boolean;
}

export interface GateOptions {
  /** Those that nobody ended, read anew each time: another process may have changed them. */
  readonly silences: () => readonly Silence[];
  /** An acknowledgement that is over: the finding was resolved, or got worse. */
  readonly end: (silence: Silence, why: string) => void;
  /** What an earlier watch held back. */
  readonly held: readonly HeldChange[];
  readonly now: () => number;
}

/** Keeps what is acknowledged or silenced from the outputs, and gives it back when that is over. */
export interface Gate {
  /** Which of these go out now, with what was held back and is not silenced any more. */
  take(changes: readonly Change[]): Taken;
  /** What was held back and is not silenced any more. */
  release(): Released;
  /** What speaks of findings now; it stays as it is, so ask anew for another moment. */
  silenceOf(): SilenceOf;
}

export type SilenceOf = (finding: Finding) => Silence | undefined;

export interface Taken extends Released {
  readonly held: readonly Change[];
}

export interface Released {
  /** Each as the outputs are to hear it: a finding that they do not know yet has opened. */
  readonly told: readonly Change[];
  /** The findings of which nothing is held back any more. */
  readonly released: readonly Finding[];
}

export function openGate({ silences, end, held: before, now }: GateOptions): Gate {
  const held = new Map<string, HeldChange>();
  for (const { change, known } of before) {
    const key = findingKey(change.finding);
    held.set(key, { change, known: known || (held.get(key)?.known ?? false) });
  }

  const inForce = () => {
    const time = now();
    return silences().filter((each) => isInForce(each, time));
  };

  function release(from = inForce()): Released {
    const told: Change[] = [];
    const released: Finding[] = [];
    for (const [key, { change, known }] of held) {
      if (from.some((each) => isAbout(each, change.finding))) continue;
      held.delete(key);
      released.push(change.finding);
      if (change.change === "resolved") {
        // What opened and was over while it was silenced is in the history alone.
        if (known) told.push(change);
      } else told.push({ ...change, change: known ? "changed" : "opened" });
    }
    return { told, released };
  }

  return {
    take(changes) {
      const current = inForce();
      const late = release(current);
      const out = [...late.told];
      const released = [...late.released];
      const kept: Change[] = [];
      for (const change of changes) {
        const about = current.filter((each) => isAbout(each, change.finding));
        for (const each of about)
          if (each.kind === "acknowledged" && !holdsBack(each, change))
            end(each, change.change === "resolved" ? "it was resolved" : "it got worse");
        const key = findingKey(change.finding);
        if (!about.some((each) => holdsBack(each, change))) {
          const missed = held.get(key);
          if (missed) released.push(change.finding);
          held.delete(key);
          if (missed?.known !== false) out.push(change);
          else if (change.change !== "resolved") out.push({ ...change, change: "opened" });
          continue;
        }
        const known = held.get(key)?.known ?? change.change !== "opened";
        held.set(key, { change, known });
        kept.push(change);
      }
      return { told: out, held: kept, released };
    },
    release: () => release(),
    silenceOf() {
      const current = inForce().map((silence) => ({ silence, isAbout: aboutOf(silence) }));
      return (finding) => current.find((each) => each.isAbout(finding))?.silence;
    },
  };
}
