import { withEntry } from "../load/merge.ts";
import { entriesOf, get, type MapEntry, type MapNode } from "../yaml/node.ts";
import { checkConsistency } from "./consistency.ts";
import type { Issue } from "./issue.ts";
import { checkShape } from "./shape.ts";
import { projectShape, serviceShape } from "./spec-schema.ts";

/** What docker compose would refuse about everything but the services. */
export function checkProject(project: MapNode, heaviest: number, report: (issue: Issue) => void): void {
  const services = get(project, "services");
  if (services && services.kind !== "map") {
    report({ reason: "docker compose refuses this: services must be a mapping", place: services.place });
  }
  const [first, ...others] = servicesOfVersion1(project);
  if (first) {
    report({
      reason: `this is a Compose file of version 1, which docker compose no longer reads: put its ${others.length === 0 ? "service" : "services"} under services:`,
      place: first.key,
    });
    return;
  }
  let rest = withEntry(project, "services", undefined);
  for (const { name, value } of entriesOf(rest)) {
    if (value.weight > heaviest && !name.startsWith("x-")) {
      report({ reason: tooHeavy, place: value.place });
      rest = withEntry(rest, name, undefined);
    }
  }
  checkShape(rest, projectShape, [], report);
  checkContents(rest, "secrets", ["file", "environment"], report);
  checkContents(rest, "configs", ["file", "environment", "content"], report);
}

/** Version 1 had its services at the top level; empty where the file is of a later one. */
function servicesOfVersion1(project: MapNode): readonly MapEntry[] {
  if (get(project, "services")) return [];
  const entries = entriesOf(project).filter(({ name }) => !name.startsWith("x-"));
  const isService = ({ value }: MapEntry) => get(value, "image") ?? get(value, "build");
  return entries.every(isService) ? entries : [];
}

/** A secret or config has its content from exactly one place. */
function checkContents(
  project: MapNode,
  section: string,
  keys: readonly string[],
  report: (issue: Issue) => void,
): void {
  for (const { key, value } of entriesOf(get(project, section))) {
    const given = keys.filter((each) => get(value, each)).length;
    const elsewhere = get(value, "external") ?? get(value, "driver");
    if (value.kind !== "map" || given === 1 || (given === 0 && elsewhere)) continue;
    const reason = `docker compose refuses this: one of ${keys.join(", ")} must say what it holds`;
    report({ reason, place: key });
  }
}

/** What docker compose would refuse about one service. */
export function checkService(
  name: string,
  { key, value }: MapEntry,
  project: MapNode,
  report: (issue: Issue) => void,
): void {
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    report({
      reason:
        "docker compose refuses this: a service's name may hold letters, digits, dots, dashes and underscores",
      place: key,
    });
  }
  checkShape(value, serviceShape, ["services", name], report);
  checkConsistency(value, project, report);
}

export const tooHeavy =
  "its aliases stand for far more than what is written, as in an attack, so it is not read";
