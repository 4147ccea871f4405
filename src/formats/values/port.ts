import { failed, ok, type Result } from "../../base/result.ts";
import type { Device, PublishedPort, Ulimit } from "../../model/container-values.ts";

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

/**
 * `--device HOST[:CONTAINER][:PERMISSIONS]`, or a CDI name such as `vendor.com/class=name`
 * (docker/cli: opts/device… and cli/command/container/opts.go, parseLinuxDevice).
 */
export function parseDevice(spec: string): Result<Device> {
  if (!spec.startsWith("/") && /^[\w.-]+\/[\w.-]+=.+$/.test(spec)) {
    return ok({ hostPath: spec, containerPath: spec, permissions: "rwm" });
  }
  const [hostPath, second, third, ...more] = spec.split(":");
  if (!hostPath || more.length > 0) {
    return failed(`“${spec}” is not a device: HOST[:CONTAINER][:PERMISSIONS] is expected`);
  }
  const isMode = second !== undefined && /^[rwm]{1,3}$/.test(second);
  return ok({
    hostPath,
    containerPath: second === undefined || second === "" || isMode ? hostPath : second,
    permissions: third ?? (isMode ? second : "rwm"),
  });
}

/** `--ulimit NAME=SOFT[:HARD]`; without HARD both are SOFT (docker/go-units: ParseUlimit). */
export function parseUlimit(spec: string): Result<Ulimit> {
  const match = /^([a-z]+)=(-?\d+|unlimited)(?::(-?\d+|unlimited))?$/.exec(spec.trim());
  if (!match) return failed(`“${spec}” is not a ulimit: NAME=SOFT[:HARD] is expected`);
  const soft = limit(match[2] ?? "");
  return ok({ name: match[1] ?? "", soft, hard: match[3] === undefined ? soft : limit(match[3]) });
}

function limit(text: string): number {
  return text === "unlimited" ? -1 : Number(text);
}

/** The container that a link names: of `db`, `db:alias`, and `/db:/web/alias` as inspect shows it. */
export function linkedContainer(link: string): string {
  return (link.split(":")[0] ?? link).replace(/^\//, "");
}
