import { recordAt, textAt } from "../../base/json.ts";

/** A device of a create request, as `--device` and a Compose file take it. */
export function spellDevice(device: unknown): string {
  const from = textAt(device, "PathOnHost") ?? "";
  const to = textAt(device, "PathInContainer") ?? from;
  const rights = textAt(device, "CgroupPermissions") ?? "rwm";
  return from === to && rights === "rwm" ? from : `${from}:${to}:${rights}`;
}

/** A port of a create request with where it is published, as `--publish` and a Compose file take it. */
export function spellPort(port: string, binding: unknown): string {
  const ip = textAt(binding, "HostIp") ?? "";
  const number = textAt(binding, "HostPort") ?? "";
  const address = ip === "" ? "" : `${ip.includes(":") ? `[${ip}]` : ip}:`;
  const from = number === "" && address === "" ? "" : `${number}:`;
  return `${address}${from}${port.replace(/\/tcp$/, "")}`;
}

/** What is exposed by itself, `80/tcp`: a port that is published is exposed by that. */
export function exposedPorts(body: unknown): readonly string[] {
  const published = recordAt(body, "HostConfig", "PortBindings");
  return Object.keys(recordAt(body, "ExposedPorts")).filter((port) => !(port in published));
}
