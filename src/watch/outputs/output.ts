import type { Finding } from "../../audit/finding.ts";
import { isAtLeast, type Severity } from "../../model/severity.ts";
import { type Change, findingKey, isNote, knownAs } from "../change.ts";

/** How an output fares, for the metrics. */
export interface OutputState {
  /** As messages name it; holds no secret. */
  readonly name: string;
  /** Changes that were delivered, since the watch began. */
  readonly sent: number;
  /** Attempts that failed, likewise. */
  readonly failures: number;
  /** Changes that wait. */
  readonly waiting: number;
  /** When the change that waits longest was noticed, in seconds since 1970; undefined where none waits. */
  readonly oldest: number | undefined;
}

/** Where changes go: the terminal, a file, a webhook. Several stand beside each other and none waits for another. */
export interface Output {
  /**
   * Takes a change; called in order, for every change once. Must return at once and never throw: what takes time (a request, a
   * disk) goes on behind, and what fails there is the output's own business to retry and to tell.
   */
  send(change: Change): void;
  /** Delivers what it can of what waits, for a few seconds at most, and ends. Never rejects; called once. */
  close(): Promise<void>;
  /** Undefined for an output that keeps no count: the terminal. */
  state?(): OutputState;
}

/**
 * Tells an output only of findings of a severity or worse. What it was told of it is told of again when that got milder and when
 * it is over: nobody shall go on worrying. `before`: what an earlier watch told.
 */
export function fromSeverity(least: Severity, output: Output, before: readonly Finding[] = []): Output {
  const told = new Set(before.filter(({ severity }) => isAtLeast(severity, least)).map(findingKey));
  return {
    ...output,
    send(change) {
      const { finding } = change;
      const isGrave = isAtLeast(finding.severity, least);
      if (isNote(change)) {
        if (isGrave) output.send(change);
        return;
      }
      const known = told.delete(findingKey(knownAs(change)));
      if (isGrave && change.change !== "resolved") told.add(findingKey(finding));
      if (isGrave || known) output.send(change);
    },
  };
}
