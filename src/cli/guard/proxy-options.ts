import type { Command } from "commander";
import { collect, count } from "../common/common-options.ts";
import { addServiceOptions, type GuardServiceOptions } from "./options.ts";

/** What `bulkhead guard proxy` takes, as commander gives it. */
export interface GuardProxyOptions extends GuardServiceOptions {
  readonly listen: readonly string[];
  readonly admin?: string;
  readonly maxConnections: number;
  /** Seconds. */
  readonly grace: number;
}

/** Declares the options without loading what they need. */
export function addGuardProxyOptions(command: Command): Command {
  return addServiceOptions(
    command
      .summary("a socket that lets through what the policy allows")
      .description(
        "Serve a socket in front of the Engine's. The guard reads and judges every request, and writes it anew. By the policy of bulkhead.yaml it lets the request through, hardens it or denies it. It runs until SIGTERM. SIGHUP reads the policy and the certificates again and reopens the log, without ending a stream.",
      )
      .option(
        "--listen <address>",
        "unix:///PATH[,mode=0660][,owner=USER:GROUP], or tcp://HOST:PORT,ca=PATH,cert=PATH,key=PATH, or tcp://127.0.0.1:PORT,plain (repeatable; ,client=NAME for one client's policy)",
        collect,
        [],
      ),
  )
    .option(
      "--admin <address>",
      "answer POST /check there: what the guard, or a candidate policy, would do with a request; unix:///PATH (root's alone) or tcp://127.0.0.1:PORT",
    )
    .option("--max-connections <number>", "connections on each listener (default: 1000)", count, 1_000)
    .option("--grace <seconds>", "how long running streams may go on after SIGTERM (default: 10)", count, 10)
    .addHelpText("after", epilogue);
}

const epilogue = `
Node cannot see who is at the other end of a unix socket: give each client its
own socket, with its mode and owner, or a TLS certificate.

Examples:
  bulkhead guard proxy --listen unix:///run/bulkhead.sock,owner=root:docker
  bulkhead guard proxy --listen unix:///run/traefik.sock,mode=0666 --preset traefik
  DOCKER_HOST=unix:///run/bulkhead.sock docker run --rm alpine id

Exit status:
  0  ended by SIGTERM or SIGINT
  2  wrong use, a wrong bulkhead.yaml, or an address that is taken`;
