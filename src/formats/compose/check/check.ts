import { withEntry } from "../load/merge.ts";
import { missingReason, parseNumber, parseSize, scalar } from "../read/facts.ts";
import { asMapping } from "../read/key-values.ts";
import { at, entriesOf, get, has, itemsOf, type MapEntry, type MapNode, type Node } from "../yaml/node.ts";
import type { Issue } from "./report.ts";
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
  const entries = entriesOf(project).filter(({ name }) => !/^(?:x-.*|version|name)$/.test(name));
  const isService = ({ value }: MapEntry) => ["image", "build", "extends"].some((key) => get(value, key));
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

/**
 * What docker compose refuses although every part is well formed: names that nothing declares, and keys that
 * contradict each other (compose-go: loader/validate.go, checkConsistency).
 */
function checkConsistency(service: Node, project: Node, report: (issue: Issue) => void): void {
  const refuse = (reason: string, { place }: Node) =>
    report({ reason: `docker compose refuses this: ${reason}`, place });
  const image = get(service, "image");
  const isEmpty = image?.kind === "scalar" && image.text === "" && image.missing.length === 0;
  if ((!image || isEmpty) && !get(service, "build") && !get(service, "provider")) {
    refuse("the service has neither image nor build", service);
  }
  const build = get(service, "build");
  const inline = get(build, "dockerfile_inline");
  if (inline && get(build, "dockerfile"))
    refuse("dockerfile and dockerfile_inline exclude each other", inline);
  checkNetworks(service, project, refuse);
  for (const [key, top] of [
    ["secrets", "secrets"],
    ["configs", "configs"],
  ] as const) {
    for (const each of itemsOf(get(service, key))) {
      const name = scalar(each.kind === "map" ? get(each, "source") : each);
      if (name && !isDeclared(project, top, name.text)) refuse(`nothing under ${top} has this name`, name);
    }
  }
  checkDependencies(service, get(project, "services"), report);
  const test = at(service, "healthcheck", "test");
  const first = scalar(itemsOf(test)[0]);
  if (first && !["CMD", "CMD-SHELL", "NONE"].includes(first.text)) {
    refuse("a health check's list starts with CMD, CMD-SHELL or NONE", first);
  }
  checkLimits(service, refuse);
}

/** The services that `depends_on`, `links` and `volumes_from` name. */
function checkDependencies(service: Node, services: Node | undefined, report: (issue: Issue) => void): void {
  const direct = entriesOf(asMapping(get(service, "depends_on"))).map(({ name, key }) => ({
    name,
    place: key,
  }));
  const implied = [...itemsOf(get(service, "links")), ...itemsOf(get(service, "volumes_from"))]
    .flatMap((each) => scalar(each) ?? [])
    .filter((each) => each.missing.length === 0 && !each.text.startsWith("container:"))
    .map(({ text, place }) => ({ name: text.split(":")[0] ?? "", place }));
  for (const { name, place } of [...direct, ...implied]) {
    if (has(services, name)) continue;
    report({ reason: "docker compose refuses this: it depends on a service that is not there", place });
  }
}

type Refuse = (reason: string, node: Node) => void;

function checkNetworks(service: Node, project: Node, refuse: Refuse): void {
  const mode = scalar(get(service, "network_mode"));
  const networks = asMapping(get(service, "networks"));
  if (mode && networks && networks.entries.size > 0)
    refuse("network_mode and networks exclude each other", mode);
  for (const { name, value } of entriesOf(networks)) {
    if (name !== "default" && !isDeclared(project, "networks", name)) {
      refuse("no network of this name is declared under the top-level networks", value);
    }
  }
  const services = get(project, "services");
  for (const key of ["network_mode", "pid", "ipc"]) {
    const peer = scalar(get(service, key));
    const name = /^service:(.*)$/s.exec(peer?.text ?? "")?.[1];
    if (peer && name !== undefined && peer.missing.length === 0 && !has(services, name)) {
      refuse("it joins a service that is not there", peer);
    }
  }
}

/** The same limit in both places must be the same. */
function checkLimits(service: Node, refuse: Refuse): void {
  const limits = at(service, "deploy", "resources", "limits");
  const reservations = at(service, "deploy", "resources", "reservations");
  const pairs = [
    ["cpus", limits, "cpus", parseNumber],
    ["mem_limit", limits, "memory", parseSize],
    ["mem_reservation", reservations, "memory", parseSize],
    ["pids_limit", limits, "pids", parseNumber],
  ] as const;
  for (const [key, section, other, parse] of pairs) {
    const own = scalar(get(service, key));
    if (!own || !section || missingReason(own)) continue;
    const deployed = scalar(get(section, other));
    if (deployed && missingReason(deployed)) continue;
    const values = [parse(own.text, own), deployed ? parse(deployed.text, deployed) : 0];
    if (values[0] !== 0 && values[0] !== values[1]) {
      refuse(`${key} and deploy.resources say different things about ${other}`, deployed ?? own);
    }
  }
}

function isDeclared(project: Node, section: string, name: string): boolean {
  return has(get(project, section), name);
}
