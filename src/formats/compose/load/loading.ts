import type { FileOrigin } from "../../../model/origin.ts";
import type { Files } from "../../../model/reading.ts";
import { secretPlaces } from "../read/environment.ts";
import { isNull, type MapNode } from "../yaml/node.ts";
import { type ParsedFile, parseCompose } from "../yaml/parse.ts";
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

/** Told of a file that cannot be read, and why. */
export type Missing = (file: string, reason: string) => void;

/** The mappings in a file, one a YAML document; docker compose merges them like several files. */
export function readDocuments(
  file: string,
  setting: Setting,
  loading: Loading,
  missing: Missing,
): readonly MapNode[] {
  if (!loading.countFile()) {
    missing(file, "too many files include one another");
    return [];
  }
  const text = loading.io.read(file);
  if (!text.ok) {
    missing(file, text.reason);
    return [];
  }
  const parsed = parseCompose(file, text.value, setting.base, setting.lookup);
  loading.countNodes(parsed.size);
  loading.keep(file, parsed);
  if (parsed.broken) loading.noteBroken();
  for (const issue of parsed.issues) loading.report(issue);
  return parsed.documents.flatMap((document) => {
    if (isNull(document)) return [];
    if (document.kind !== "map") {
      if (!parsed.broken)
        loading.report({
          reason: "the top level of a Compose file must be a mapping",
          place: document.place,
        });
      return [];
    }
    for (const place of secretPlaces(document)) loading.secrets.push(place);
    return [document];
  });
}
