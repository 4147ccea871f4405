/** A mutant that no test can notice. Found by the text of its file and not by its line, which changes. */
export interface Equivalent {
  readonly file: string;
  /** The expression, with one space for each run of white space. */
  readonly text: string;
  readonly mutated: string;
  /** Why it decides the same. */
  readonly reason: string;
}

export const equivalents: readonly Equivalent[] = [];
