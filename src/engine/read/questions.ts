import { type Gap, gap } from "../../model/gap.ts";
import type { EngineClient } from "../client.ts";

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
  /** The same for what the Engine may take its time for, in milliseconds. `isTold` is false where it did not come, or not in time. */
  askWithin(
    path: string,
    about: { readonly otherwise: string; readonly mayVanish?: boolean; readonly patience: number },
  ): Promise<{ readonly isTold: boolean; readonly document: unknown }>;
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

  /** What several documents fail of in the same way is said once. */
  function complain(reason: string, subject: string | undefined): void {
    if (!gaps.some((each) => each.reason === reason && each.subject === subject))
      gaps.push(gap(reason, { subject }));
  }

  return {
    async ask(path, { otherwise, subject, mayVanish = false }) {
      const answer = await client.get(path);
      if (answer.ok) return answer.value;
      // The whole loss is one gap, which the reading adds at its end.
      if (answer.kind === "lost") lost ??= answer.reason;
      else if (answer.kind !== "missing" || !mayVanish)
        complain(isPlain(answer.reason) ? answer.reason : `${otherwise}: ${answer.reason}`, subject);
      return undefined;
    },
    async askWithin(path, { otherwise, mayVanish = false, patience }) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), patience);
      });
      const answer = await Promise.race([client.get(path), late]);
      clearTimeout(timer);
      if (answer === "late") {
        complain(`${otherwise} within ${patience / 1000} s`, undefined);
        return { isTold: false, document: undefined };
      }
      if (answer.ok) return { isTold: true, document: answer.value };
      if (answer.kind === "missing" && mayVanish) return { isTold: true, document: undefined };
      if (answer.kind === "lost") lost ??= answer.reason;
      else complain(`${otherwise}: ${answer.reason}`, undefined);
      return { isTold: false, document: undefined };
    },
    complain,
    lost: () => lost,
    gaps: () => gaps,
  };
}
