import type { Device } from "../../model/container-values.ts";
import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../model/fact.ts";
import { parseDevice } from "../values/device.ts";
import { missingReason, scalar } from "./facts.ts";
import type { Issue } from "./issue.ts";
import { at, entriesOf, get, isNull, itemsOf, type Node, originOf } from "./node.ts";

type Report = (issue: Issue) => void;

/** `devices:`, and the GPUs that `gpus:` and `deploy.resources.reservations.devices` ask for. */
export function readDevices(service: Node, report: Report): FactList<Device> {
  return [
    ...readList(get(service, "devices"), report),
    ...readRequests(get(service, "gpus")),
    ...readRequests(at(service, "deploy", "resources", "reservations", "devices")),
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

/** A request names a driver and ids or a count; written as the CDI names that the toolkits use. */
function readRequests(node: Node | undefined): FactList<Device> {
  if (!node || isNull(node)) return [];
  if (node.kind === "scalar") {
    const missing = missingReason(node);
    return [
      missing === undefined ? set(gpu("nvidia", "all"), originOf(node)) : unresolved(missing, originOf(node)),
    ];
  }
  return itemsOf(node).flatMap((each) => {
    const driver = scalar(get(each, "driver"))?.text || "nvidia";
    const ids = itemsOf(get(each, "device_ids")).flatMap((id) => (id.kind === "scalar" ? [id.text] : []));
    const devices = ids.length > 0 ? ids : ["all"];
    return devices.map((id) => set(gpu(driver, id), originOf(each)));
  });
}

function gpu(driver: string, id: string): Device {
  const name = driver === "cdi" || id.includes("=") ? id : `${driver}.com/gpu=${id}`;
  return { hostPath: name, containerPath: name, permissions: "rwm" };
}
