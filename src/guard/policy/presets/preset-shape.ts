import type { PolicyWords } from "../schema.ts";

/** What a tool needs of the Engine, read in its own sources. Everything else is denied. */
export interface Preset {
  readonly title: string;
  /** Where its calls stand. */
  readonly sources: readonly string[];
  /** Method and path of the routes, a placeholder as `{}`. `everything` is all but what gives the host away. */
  readonly calls: readonly string[] | "everything";
  /** Beside the routes. */
  readonly words: PolicyWords;
  /** Whether what it makes is hardened; what controls deny is denied all the same. */
  readonly hardens: boolean;
  /** What anyone who takes it has to know; printed in its page of the documentation. */
  readonly note: string | undefined;
}

/** What every client of Docker's own Go library asks first, to settle the version of the API; GET where HEAD fails. */
export const greeting = ["HEAD /_ping", "GET /_ping"];

/** A client that only looks has no business with what is secret. */
export const looking: PolicyWords = { redact: true };
