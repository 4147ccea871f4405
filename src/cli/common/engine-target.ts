import { hostname } from "node:os";
import type { ConnectOptions, Endpoint } from "../../engine/connect/endpoint.ts";

type EngineTarget = ConnectOptions & {
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
