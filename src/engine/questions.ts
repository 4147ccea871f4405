import { type Gap, gap } from "../model/gap.ts";
import type { EngineClient } from "./client.ts";

/** Asks an Engine and keeps account of what did not come. */
export interface Questions {
  /**
   * A document; undefined where it did not come, with a gap that begins with `otherwise`. What may vanish while
   * it is asked for leaves none where the Engine does not know it (404).
   */
  ask(
    path: string,
    about: { readonly otherwise: string; readonly subject?: string; readonly mayVanish?: boolean },
  ): Promise<unknown>;
  /** A document came, and says nothing that could be read. */
  complain(reason: string, subject?: string): void;
  /** Why the Engine does not answer any more; undefined while it does. */
  lost(): string | undefined;
  gaps(): readonly Gap[];
}

/** What is not there needs no saying that it could not be read. */
function isPlain(reason: string): boolean {
  return reason.startsWith("there is no ");
}

export function questions(client: EngineClient): Questions {
  const gaps: Gap[] = [];
  let lost: string | undefined;
  return {
    async ask(path, { otherwise, subject, mayVanish = false }) {
      const answer = await client.get(path);
      if (answer.ok) return answer.value;
      // The whole loss is one gap, which the reading adds at its end.
      if (answer.kind === "lost") lost ??= answer.reason;
      else if (answer.kind !== "missing" || !mayVanish)
        gaps.push(
          gap(isPlain(answer.reason) ? answer.reason : `${otherwise}: ${answer.reason}`, { subject }),
        );
      return undefined;
    },
    complain: (reason, subject) => {
      gaps.push(gap(reason, { subject }));
    },
    lost: () => lost,
    gaps: () => gaps,
  };
}
