import type { Finding } from "../../audit/finding.ts";
import { isInForce } from "../../model/exemption.ts";
import { asOpened, type Change, findingKey, knownAs, type Named, subjectKey } from "../change.ts";
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
  /** An acknowledgement stays with its finding when the finding's container is renamed. */
  readonly move: (silence: Silence, subject: string) => void;
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
  readonly released: readonly Named[];
}

export function openGate({ silences, end, move, held: before, now }: GateOptions): Gate {
  const held = new Map<string, HeldChange>();
  for (const { change, known } of before) {
    const key = findingKey(change.finding);
    held.set(key, { change, known: known || (held.get(key)?.known ?? false) });
  }

  const inForce = () => {
    const time = now();
    return silences().filter((each) => isInForce(each, time));
  };

  function release(from: readonly Silence[] = inForce()): Released {
    const told: Change[] = [];
    const released: Named[] = [];
    for (const [key, { change, known }] of held) {
      if (from.some((each) => isAbout(each, change.finding))) continue;
      held.delete(key);
      released.push(change.finding);
      if (change.change === "resolved") {
        // What opened and was over while it was silenced is in the history alone.
        if (known) told.push(change);
      } else told.push(known ? { ...change, change: "changed" } : asOpened(change));
    }
    return { told, released };
  }

  /** The silences, each about what it was about before this change. */
  function moved(current: readonly Silence[], { finding: { control, subject }, was }: Change) {
    if (was === undefined) return current;
    return current.map((silence) => {
      const isMoved =
        silence.kind === "acknowledged" && silence.control === control && silence.subject === was;
      if (!isMoved) return silence;
      move(silence, subjectKey(subject));
      return { ...silence, subject: subjectKey(subject) };
    });
  }

  return {
    take(changes) {
      let current: readonly Silence[] = inForce();
      const late = release(current);
      const out = [...late.told];
      const released = [...late.released];
      const kept: Change[] = [];
      for (const change of changes) {
        current = moved(current, change);
        const about = current.filter((each) => isAbout(each, change.finding));
        for (const each of about)
          if (each.kind === "acknowledged" && !holdsBack(each, change))
            end(each, change.change === "resolved" ? "it was resolved" : "it got worse");
        const missed = held.get(findingKey(knownAs(change)));
        held.delete(findingKey(knownAs(change)));
        // Who knows it by a name that another container may have next has to hear the new one.
        const isRename = change.was !== undefined && missed?.known !== false;
        if (isRename || !about.some((each) => holdsBack(each, change))) {
          if (missed) released.push(knownAs(change));
          if (missed?.known !== false) out.push(change);
          else if (change.change !== "resolved") out.push(asOpened(change));
          continue;
        }
        const known = missed?.known ?? change.change !== "opened";
        held.set(findingKey(change.finding), { change, known });
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
