import { isRecord, itemsOf, recordAt, textsOf } from "../../base/json.ts";
import { fullReference } from "../judge/policy/patterns.ts";

/** Names that are remembered; the oldest go first. */
const mostNames = 10_000;

/**
 * What names of images meant when the guard last saw them: an image that is removed leaves its name free, and whoever takes the
 * name then takes what others start by it.
 */
export interface FormerImages {
  /** Notes an image by its inspect document, or by its entry in a list. */
  note(document: unknown): void;
  /** Notes each entry of `GET /images/json`. */
  noteAll(list: unknown): void;
  /** As inspect would say it: digests and labels. */
  get(reference: string): unknown;
}

export function formerImages(): FormerImages {
  const known = new Map<string, unknown>();

  function note(document: unknown): void {
    if (!isRecord(document)) return;
    const { RepoDigests } = document;
    const labels = recordAt(document, "Config", "Labels");
    const Labels = Object.keys(labels).length > 0 ? labels : recordAt(document, "Labels");
    const slim = { RepoDigests: textsOf(RepoDigests), Config: { Labels } };
    for (const tag of textsOf(document.RepoTags)) {
      const name = fullReference(tag);
      known.delete(name);
      known.set(name, slim);
    }
    while (known.size > mostNames) known.delete(known.keys().next().value ?? "");
  }

  return {
    note,
    noteAll: (list) => itemsOf(list).forEach(note),
    get: (reference) => known.get(fullReference(reference)),
  };
}
