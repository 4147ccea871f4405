import { isRecord, itemsOf, recordAt, textsOf } from "../../base/json.ts";
import { originOf } from "../judge/image/origin.ts";
import { fullReference } from "../judge/policy/patterns.ts";
import type { FormerImage } from "../judge/result.ts";

/** Names that are remembered; the oldest go first. */
const mostNames = 10_000;

/** Labels that are remembered of each, and their characters: an image may have any number of any length. */
const mostLabels = { count: 40, length: 200 };

/**
 * What names of images meant when the guard last saw them: an image that is removed leaves its name free, and anyone who takes the
 * name then takes what others start by it.
 */
export interface FormerImages {
  /** Notes an image by its inspect document, or by its entry in a list. */
  note(document: unknown): void;
  /** Notes each entry of `GET /images/json`. */
  noteAll(list: unknown): void;
  get(reference: string): FormerImage | undefined;
}

export function formerImages(): FormerImages {
  const known = new Map<string, FormerImage>();

  function note(document: unknown): void {
    if (!isRecord(document)) return;
    const labels = recordAt(document, "Config", "Labels");
    const Labels = short(Object.keys(labels).length > 0 ? labels : recordAt(document, "Labels"));
    for (const tag of textsOf(document.RepoTags)) {
      const name = fullReference(tag);
      known.delete(name);
      known.set(name, { origin: originOf(name, document), Config: { Labels } });
    }
    while (known.size > mostNames) known.delete(known.keys().next().value ?? "");
  }

  return {
    note,
    noteAll: (list) => itemsOf(list).forEach(note),
    get: (reference) => known.get(fullReference(reference)),
  };
}

/** A label that names an owner is short. Without it, the name is another's. */
function short(labels: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = Object.entries(labels).filter(
    ([name, value]) => `${name}${value}`.length <= mostLabels.length,
  );
  return Object.fromEntries(kept.slice(0, mostLabels.count));
}
