import type { FileOrigin } from "./origin.ts";

/**
 * Something that should have been read and could not be. Never holds a secret, and never a stack trace.
 */
export interface Gap {
  readonly file: string | undefined;
  /** The subject's id, where the gap is about one. */
  readonly subject: string | undefined;
  /** One clause in words: `the file is not valid YAML: …`. */
  readonly reason: string;
  /** Where in the file, for a caret. */
  readonly location: FileOrigin | undefined;
}

export function gap(reason: string, where: Partial<Omit<Gap, "reason">> = {}): Gap {
  return { file: where.location?.file, subject: undefined, location: undefined, ...where, reason };
}
