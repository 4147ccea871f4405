import type { ReportedSubject } from "../../audit/finding.ts";
import type { Nouns } from "../../formats/format.ts";
import { nounsOf, wordsOf } from "../../formats/formats.ts";
import type { SubjectKind } from "../../model/subject.ts";

const kindNouns: Readonly<Record<SubjectKind, Nouns>> = {
  container: ["container", "containers"],
  engine: ["Engine", "Engines"],
  image: ["image", "images"],
  exec: ["exec process", "exec processes"],
};

/** One of them and several, as a reader calls them. */
export function nounOf({ kind, source, location }: ReportedSubject): Nouns {
  return kind === "container" || source === "dockerfile"
    ? nounsOf(source, location?.file ?? "")
    : kindNouns[kind];
}

/** What sort of thing a subject is, in words: `Compose service`, `container`. Empty where its name says so. */
export function kindName({ kind, source, name }: Pick<ReportedSubject, "kind" | "source" | "name">): string {
  const title = wordsOf(source).title || (kind === "engine" ? "engine" : kindNouns[kind][0]);
  return title === name ? "" : title;
}
