import type { Span } from "../values/positions.ts";

/** Something that docker build would refuse. */
export interface SyntaxProblem {
  /** A clause without any of the text, which may be a secret. */
  readonly reason: string;
  readonly span: Span;
}
