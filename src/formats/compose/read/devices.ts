import type { Device } from "../../../model/container-values.ts";
import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { parseDevice } from "../../values/port.ts";
import type { Issue } from "../check/report.ts";
import { at, entriesOf, get, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { missingReason, scalar } from "./facts.ts";

type Report = (issue: Issue) => void;

/** `devices:`, and the GPUs that `gpus:` and `deploy.resources.reservations.devices` ask for. */
export function readDevices(service: Node, report: Report): FactList<Device> {
  return [
    ...readList(get(service, "devices"), report),
    ...readRequests(get(service, "gpus"), ["gpu"]),
    ...readRequests(at(service, "deploy", "resources", "reservations", "devices"), []),
  ];
}

function readList(node: Node | undefined, report: Report): FactList<Device> {
  if (!node || isNull(node)) return [];
  if (node.kind !== "list") return [unresolved("a list of devices is expected here", originOf(node))];
  const found = new Map<string, SetFact<Device> | UnresolvedFact>();
  for (const each of itemsOf(node)) {
    const device = readDevice(each, report);
    found.set(device.state === "set" ? device.value.containerPath : `?${found.size}`, device);
  }
  return [...found.values()];
}

function readDevice(node: Node, report: Report): SetFact<Device> | UnresolvedFact {
  const origin = originOf(node);
  const missing = [node, ...entriesOf(node).map((entry) => entry.value)].map(missingReason).find(Boolean);
  if (missing !== undefined) return unresolved(missing, origin);
  const text = node.kind === "scalar" ? node.text : "";
  // The Docker CLI reads HOST:rw as permissions, Compose as a path in the container.
  const [hostPath, containerPath, permissions, ...more] =
    node.kind === "map"
      ? ["source", "target", "permissions"].map((key) => scalar(get(node, key))?.text)
      : text.split(":");
  if (!hostPath || more.length > 0) {
    const reason = "this is not a device: HOST[:CONTAINER[:PERMISSIONS]] is expected";
    report({ reason: `docker compose refuses this: ${reason}`, place: node.place });
    return unresolved(reason, origin);
  }
  const cdi = containerPath === undefined ? parseDevice(hostPath) : undefined;
  if (cdi?.ok) return set(cdi.value, origin);
  return set(
    { hostPath, containerPath: containerPath || hostPath, permissions: permissions || "rwm" },
    origin,
  );
}

/**
 * A request for devices of a driver, named as it is read from the Engine's API: what they can do, and which or how many
 * (docker/compose: pkg/compose/create.go, getDeviceRequests). `gpus` always asks for what can do `gpu`.
 */
function readRequests(node: Node | undefined, also: readonly string[]): FactList<Device> {
  if (!node || isNull(node)) return [];
  if (node.kind === "scalar") {
    const missing = missingReason(node);
    const count = node.text === "-1" ? "all" : node.text;
    return [
      missing === undefined
        ? set(request(`${also.join(",")}=${count}`), originOf(node))
        : unresolved(missing, originOf(node)),
    ];
  }
  return itemsOf(node).map((each) => {
    const driver = scalar(get(each, "driver"))?.text ?? "";
    const ids = textsIn(get(each, "device_ids"));
    if (driver === "cdi") return set(request(ids.join(",")), originOf(each));
    const abilities = [...textsIn(get(each, "capabilities")), ...also].join(",");
    const count = scalar(get(each, "count"))?.text ?? "all";
    const chosen = ids.length > 0 ? ids.join(",") : count === "-1" ? "all" : count;
    return set(request(`${abilities || driver || "device"}=${chosen}`), originOf(each));
  });
}

function textsIn(node: Node | undefined): readonly string[] {
  return itemsOf(node).flatMap((each) => (each.kind === "scalar" ? [each.text] : []));
}

function request(name: string): Device {
  return { hostPath: name, containerPath: name, permissions: "rwm" };
}
