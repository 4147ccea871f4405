import type { FileOrigin } from "../../../model/origin.ts";
import type { Files } from "../../../model/reading.ts";
import type { ParsedFile } from "../yaml/parse.ts";
import type { Folder } from "./file-path.ts";
import type { Merging } from "./merge.ts";
import type { Lookup } from "./template.ts";

/** What loading the files of one project shares. */
export interface Loading extends Merging {
  readonly io: Files;
  /** Where secrets may stand, added to by each file that is read. */
  readonly secrets: FileOrigin[];
  /** Counts a file; false once there are too many, as where includes include one another over and over. */
  readonly countFile: () => boolean;
  /** Counts the nodes of a text. */
  readonly countNodes: (nodes: number) => void;
  /** Keeps what the YAML parser made of a file, for a writer. */
  readonly keep: (file: string, parsed: ParsedFile) => void;
  /** Told of a file that is not valid YAML. */
  readonly noteBroken: () => void;
}

/** How one set of files is read: the project's own, or one that an `include` names. */
export interface Setting {
  readonly base: Folder;
  readonly lookup: Lookup;
  /** The files that led here by `include`, outermost first. */
  readonly included: readonly string[];
}

/** A reference that docker compose fetches over the network. */
export function isRemote(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|oci:|git@|github\.com\/)/i.test(path);
}
