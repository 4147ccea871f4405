import { missingReason, parseNumber, parseSize, scalar } from "../read/facts.ts";
import { asMapping } from "../read/key-values.ts";
import { at, entriesOf, get, has, itemsOf, type Node } from "../yaml/node.ts";
import type { Issue } from "./issue.ts";

/**
 * What docker compose refuses although every part is well formed: names that nothing declares, and keys that
 * contradict each other (compose-go: loader/validate.go, checkConsistency).
 */
export function checkConsistency(service: Node, project: Node, report: (issue: Issue) => void): void {
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
