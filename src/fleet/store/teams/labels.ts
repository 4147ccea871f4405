import type { Labels } from "../../../base/labels.ts";

/** Whether a host with these labels belongs to a team with those. A team without a label has no host. */
export function belongs(labels: Labels, wanted: readonly string[]): boolean {
  const names = new Set(wanted.map((each) => each.slice(0, each.indexOf("="))));
  const has = (name: string) => Object.hasOwn(labels, name) && wanted.includes(`${name}=${labels[name]}`);
  return names.size > 0 && [...names].every(has);
}

/** The order of names tells nothing. */
export function labelsText(labels: Labels): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))),
  );
}

export function parseLabels(text: string): Labels {
  return JSON.parse(text);
}
