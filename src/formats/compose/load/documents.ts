import { secretPlaces } from "../read/environment.ts";
import { isNull, type MapNode } from "../yaml/node.ts";
import { parseCompose } from "../yaml/parse.ts";
import type { Loading, Setting } from "./loading.ts";

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
