import type { Document } from "yaml";
import { type Folder, folderOf } from "../load/file-path.ts";
import type { Project } from "../load/project.ts";
import type { Node } from "../yaml/node.ts";
import { parseCompose, withLineFeeds } from "../yaml/parse.ts";
import { type Anchors, anchorsOf } from "./yaml/anchors.ts";
import { type DocumentStyle, documentStyle } from "./yaml/layout.ts";

/** A file's text, taken apart once for all of a project's services. */
export interface ParsedFile {
  /** With a line feed wherever go-yaml sees the end of a line, at the same offsets. */
  readonly text: string;
  /** Undefined where it is nested too deeply. */
  readonly documents: readonly Document.Parsed[] | undefined;
  readonly trees: (base: Folder) => readonly Node[];
  readonly anchors: () => Anchors;
  readonly style: (document: Document.Parsed) => DocumentStyle;
  /** Whether all that its services say stands in its one document. */
  readonly isWhole: () => boolean;
}

/** A project that is being written, with the files that were taken apart so far. */
export interface OpenProject extends Project {
  readonly open: Map<string, ParsedFile>;
}

/** The parts of a file, made when they are first needed. */
export function parsedFile(project: OpenProject, file: string, written: string): ParsedFile {
  const known = project.open.get(file);
  if (known) return known;
  const text = withLineFeeds(written);
  const before = project.parsed.get(file);
  const { yaml: documents } =
    before?.source.text === written ? before : parseCompose(file, written, folderOf(file), project.lookup);
  const parsed: ParsedFile = {
    text,
    documents,
    trees: once((base) => parseCompose(file, written, base, project.lookup).documents),
    // Most files have none, and the walk takes as long as the parser's.
    anchors: once(() => anchorsOf(/[&*]/.test(text) ? (documents ?? []) : [])),
    style: once((document) => documentStyle(text, document)),
    isWhole: once(() => documents?.length === 1 && !/extends|include/.test(text)),
  };
  project.open.set(file, parsed);
  return parsed;
}

/** The first answer, kept: a file stands in one folder, and is written in one style. */
function once<A extends readonly unknown[], R>(make: (...given: A) => R): (...given: A) => R {
  let made: { readonly value: R } | undefined;
  return (...given) => {
    made ??= { value: make(...given) };
    return made.value;
  };
}
