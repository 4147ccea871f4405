import { failed, ok, type Result } from "../../base/result.ts";
import type { PublishedPort } from "../../model/container-values.ts";

/**
 * `-p` and the short Compose syntax: `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, ports or ranges, an IPv6 address in brackets
 * or bare (docker/go-connections: nat.ParsePortSpec). A range stays one entry.
 */
export function parsePublishedPorts(spec: string): Result<readonly PublishedPort[]> {
  const [address, protocol = "tcp", ...more] = spec.trim().split("/");
  const match = /^(?:(?:(\[[^\]]*\]|[^:]*|[0-9a-fA-F:]+(?=:[^:]*:[^:]*$)):)?([\d-]*):)?(\d+(?:-\d+)?)$/.exec(
    address ?? "",
  );
  if (!match || more.length > 0) {
    return failed(`“${spec}” is not a port: [[IP:]HOST:]CONTAINER[/PROTOCOL] is expected`);
  }
  const ip = match[1]?.replace(/^\[|\]$/g, "");
  return ok([
    {
      hostIp: ip === "" ? undefined : ip,
      hostPort: match[2] === "" ? undefined : match[2],
      containerPort: match[3] ?? "",
      protocol: protocol.toLowerCase(),
    },
  ]);
}

/** Near enough to tell an address from a host's name or a mistake, which Docker refuses here. */
export function isAddress(ip: string): boolean {
  // Eight groups, or fewer with a gap; the last two may be written as an IPv4 address.
  if (ip.includes(":")) return /^[\da-f:.]{2,45}$/i.test(ip) && /::|^(?:[^:]*:){6,7}[^:]*$/.test(ip);
  return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(ip) && ip.split(".").every((part) => Number(part) < 256);
}
