import type { PublishedPort } from "../../model/container-values.ts";
import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../model/fact.ts";
import { parsePublishedPorts } from "../values/port.ts";
import { missingReason, scalar } from "./facts.ts";
import { entriesOf, get, isNull, itemsOf, type Node, originOf } from "./node.ts";

/** `ports:` in the short (`127.0.0.1:8080:80/udp`) and the long syntax; a repeated one counts once. */
export function readPorts(node: Node | undefined): FactList<PublishedPort> {
  if (!node || isNull(node)) return [];
  if (node.kind !== "list") return [unresolved("a list of ports is expected here", originOf(node))];
  const found = new Map<string, SetFact<PublishedPort> | UnresolvedFact>();
  for (const each of itemsOf(node)) {
    for (const port of each.kind === "map" ? [readLong(each)] : readShort(each)) {
      found.set(port.state === "set" ? keyOf(port.value) : `?${found.size}`, port);
    }
  }
  return [...found.values()];
}

function keyOf(port: PublishedPort): string {
  return `${port.hostIp ?? ""}:${port.hostPort ?? ""}:${port.containerPort}/${port.protocol}`;
}

function readShort(node: Node): FactList<PublishedPort> {
  const origin = originOf(node);
  const missing = missingReason(node);
  if (missing !== undefined) return [unresolved(missing, origin)];
  const parsed = parsePublishedPorts(node.kind === "scalar" ? node.text : "");
  if (!parsed.ok)
    return [unresolved("this is not a port: [[IP:]HOST:]CONTAINER[/PROTOCOL] is expected", origin)];
  return parsed.value.map((port) => set(port, origin));
}

function readLong(node: Node): SetFact<PublishedPort> | UnresolvedFact {
  const origin = originOf(node);
  for (const { value } of entriesOf(node)) {
    const missing = missingReason(value);
    if (missing !== undefined) return unresolved(missing, origin);
  }
  const target = scalar(get(node, "target"))?.text;
  if (!target) return unresolved("a published port names no target", origin);
  return set(
    {
      hostIp: scalar(get(node, "host_ip"))?.text || undefined,
      hostPort: scalar(get(node, "published"))?.text || undefined,
      containerPort: target,
      protocol: scalar(get(node, "protocol"))?.text || "tcp",
    },
    origin,
  );
}
