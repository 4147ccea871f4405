import type { Result } from "../base/result.ts";
import type { Gap } from "./gap.ts";
import type { FileOrigin } from "./origin.ts";
import type { Subject } from "./subject.ts";

/** What a reader of any format makes of one input. */
export interface Reading {
  readonly subjects: readonly Subject[];
  readonly gaps: readonly Gap[];
  /** Ranges whose text may be a secret (every environment value): reports mask them in source excerpts. */
  readonly secrets: readonly FileOrigin[];
  /** Credentials that only the reader saw, such as those of a `.env`: reports mask them wherever they stand. */
  readonly values?: readonly string[];
  /** What a reader of the report should know, although all of it was read. */
  readonly notes?: readonly Gap[];
}

export const emptyReading: Reading = { subjects: [], gaps: [], secrets: [] };

export function mergeReadings(readings: readonly Reading[]): Reading {
  return {
    subjects: readings.flatMap((reading) => reading.subjects),
    gaps: readings.flatMap((reading) => reading.gaps),
    secrets: readings.flatMap((reading) => reading.secrets),
    values: readings.flatMap((reading) => reading.values ?? []),
    notes: readings.flatMap((reading) => reading.notes ?? []),
  };
}

/**
 * How a reader reaches other files (an `extends`, an `env_file`, a Dockerfile). Formats touch no disk by
 * themselves, so that tests, editors and the guard can give them texts.
 */
export interface Files {
  /** Reads a text by its path (absolute, or relative to the working folder). */
  read(path: string): Result<string>;
  /** Whether something is there, without reading it. */
  exists(path: string): boolean;
  /** The environment for interpolation: the process's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home folder, for `~`. */
  readonly home: string;
}

/** Files of which a folder's names can be read too. */
export interface FolderFiles extends Files {
  /** The names in a folder, sorted; empty if it is missing or cannot be read. */
  list(folder: string): readonly string[];
}
