import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { ConnectOptions, Endpoint } from "../../engine/connect/endpoint.ts";

export type EngineTarget = ConnectOptions & {
  readonly host: string | undefined;
  readonly context: string | undefined;
};

/** The Engine that the command line names, in this process's environment. */
export function engineTarget({
  host,
  context,
}: {
  readonly host?: string | undefined;
  readonly context?: string | undefined;
}): EngineTarget {
  return { host, context, environment: process.env, home: process.env.HOME ?? "/" };
}

/** The name of the machine that the Engine runs on. */
export function hostName(endpoint: Endpoint): string {
  if (endpoint.kind === "tcp") return endpoint.hostname;
  return endpoint.kind === "ssh" ? endpoint.destination : hostname();
}

/** The name of the Engine's host, and an id of the two that stays the same when the name changes. The machine's own id is a secret, so it is hashed. */
export function identify(endpoint: Endpoint): { readonly id: string; readonly name: string } {
  const name = hostName(endpoint);
  const isLocal = endpoint.kind !== "tcp" && endpoint.kind !== "ssh";
  const machine = isLocal ? (machineId() ?? name) : "";
  const id = createHash("sha256").update(`bulkhead host ${machine} ${endpoint.address}`).digest("hex");
  return { id: id.slice(0, 32), name };
}

function machineId(): string | undefined {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

interface Places {
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
}

/** The same Engine for docker, or another command of this bulkhead. */
export function engineArgs({ host, context }: Pick<Places, "host" | "context">): readonly string[] {
  return [
    ...(host === undefined ? [] : ["--host", host]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
}

/** The same kernel. */
export function kernelArgs({ proc, cgroup }: Places): readonly string[] {
  return ["--proc", proc, "--cgroup", cgroup];
}
