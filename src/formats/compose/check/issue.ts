import type { TextRange } from "../yaml/node.ts";

/** Something docker compose refuses the file for, or that could not be read. */
export interface Issue {
  /** One clause, without any value of the file: what stands there may be a secret. */
  readonly reason: string;
  readonly place: TextRange;
}
