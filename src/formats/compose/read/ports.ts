import type { PublishedPort } from "../../../model/container-values.ts";
import { type FactList, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { isAddress, parsePublishedPorts } from "../../values/port.ts";
import type { Issue } from "../check/report.ts";
import { entriesOf, get, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { missingReason, scalar } from "./facts.ts";

type PortFact = FactList<PublishedPort>[number];
type Report = (issue: Issue) => void;

/** `ports:` in the short (`127.0.0.1:8080:80/udp`) and the long syntax; a repeated one counts once. A range stays one. */
export function readPorts(node: Node | undefined, report: Report): FactList<PublishedPort> {
  if (!node || isNull(node)) return [];
  if (node.kind !== "list") return [unresolved("a list of ports is expected here", originOf(node))];
  const found = new Map<string, PortFact>();
  for (const each of itemsOf(node)) {
    for (const port of each.kind === "map" ? [readLong(each, report)] : readShort(each, report)) {
      found.set(port.state === "set" ? keyOf(port.value) : `?${found.size}`, port);
    }
  }
  return [...found.values()];
}

function keyOf(port: PublishedPort): string {
  return `${port.hostIp ?? ""}:${port.hostPort ?? ""}:${port.containerPort}/${port.protocol}`;
}

function readShort(node: Node, report: Report): FactList<PublishedPort> {
  const missing = missingReason(node);
  if (missing !== undefined) return [unresolved(missing, originOf(node))];
  // docker run takes an IPv6 address without brackets, docker compose does not.
  const isPort = node.kind === "scalar" && !/\s|^[^[]*:[^:]*:[^:]*:/.test(node.text);
  const parsed = parsePublishedPorts(isPort ? node.text : "");
  return parsed.ok ? parsed.value.map((port) => checked(port, node, report)) : [refused(node, report)];
}

function readLong(node: Node, report: Report): PortFact {
  for (const { value } of entriesOf(node)) {
    const missing = missingReason(value);
    if (missing !== undefined) return unresolved(missing, originOf(node));
  }
  const text = (key: string) => scalar(get(node, key))?.text || undefined;
  const port = {
    hostIp: text("host_ip"),
    hostPort: text("published"),
    containerPort: text("target") ?? "",
    protocol: text("protocol") ?? "tcp",
  };
  return checked(port, node, report);
}

function checked(port: PublishedPort, node: Node, report: Report): PortFact {
  const container = portCount(port.containerPort);
  const host = port.hostPort === undefined ? container : portCount(port.hostPort);
  const fits = container > 0 && host > 0 && (container === 1 || container === host);
  const address = port.hostIp === undefined || isAddress(port.hostIp);
  return fits && address ? set(port, originOf(node)) : refused(node, report);
}

/** How many ports a port or range has; 0 if it is not valid. */
function portCount(range: string): number {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  if (!match) return 0;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return last > 65535 ? 0 : Math.max(0, last - first + 1);
}

function refused(node: Node, report: Report): UnresolvedFact {
  const reason = "this is not a port: [[IP:]HOST:]CONTAINER[/PROTOCOL] is expected";
  report({ reason: `docker compose refuses this: ${reason}`, place: node.place });
  return unresolved(reason, originOf(node));
}
