import { type Command, InvalidArgumentError, Option } from "commander";
import { parseBytes } from "../formats/values/bytes.ts";
import { presetNames } from "../guard/policy/preset-names.ts";

/** What `bulkhead guard proxy` takes, as commander gives it. */
export interface GuardProxyOptions {
  readonly listen: readonly string[];
  readonly host?: string;
  readonly context?: string;
  readonly config?: string | false;
  readonly preset?: (typeof presetNames)[number];
  readonly mode?: "enforce" | "warn" | "learn";
  readonly log: string;
  /** Bytes. */
  readonly logSize: number;
  readonly logKeep: number;
  readonly metrics?: string;
  readonly hostRoot?: string;
  readonly maxConnections: number;
  /** Seconds. */
  readonly grace: number;
}

/** Declares the options without loading what they need. */
export function addGuardProxyOptions(command: Command): Command {
  return command
    .summary("a socket that lets through what the policy allows")
    .description(
      "Stand in front of the Engine's socket: every request is read, judged and made anew. It is let through, hardened or denied by the policy of bulkhead.yaml. Runs until it gets SIGTERM; SIGHUP reads the policy, the certificates and the log file anew without ending a stream.",
    )
    .option(
      "--listen <address>",
      "unix:///PATH[,mode=0660][,owner=USER:GROUP], or tcp://HOST:PORT,ca=PATH,cert=PATH,key=PATH, or tcp://127.0.0.1:PORT,plain (repeatable; ,client=NAME for one client's policy)",
      collect,
      [],
    )
    .option("-H, --host <address>", "the Engine's address (default: the one that docker would use)")
    .option("--context <name>", "a docker context, likewise")
    .option("--config <path>", "a bulkhead.yaml (default: the nearest one here or above)")
    .option("--no-config", "read no bulkhead.yaml")
    .addOption(
      new Option("--preset <name>", `a policy for a usual tool: ${presetNames.join(", ")}`).choices(
        presetNames,
      ),
    )
    .addOption(
      new Option(
        "--mode <mode>",
        "enforce; warn lets through and logs what it would deny; learn gathers a policy",
      ).choices(["enforce", "warn", "learn"]),
    )
    .option("--log <path>", "the audit log, one line of JSON a decision; - is standard output (default)", "-")
    .option(
      "--log-size <size>",
      "the log file's size before the next begins (default: 10m; 0: no bound)",
      size,
      10 * 1024 * 1024,
    )
    .option("--log-keep <number>", "older log files that are kept (default: 5)", count, 5)
    .option("--metrics <address>", "serve /metrics and /healthz there: tcp://127.0.0.1:9323 or unix:///PATH")
    .option("--host-root <path>", "where the host's root is mounted, for a guard in a container")
    .option("--max-connections <number>", "connections on each listener (default: 1000)", count, 1_000)
    .option("--grace <seconds>", "how long running streams may go on after SIGTERM (default: 10)", count, 10)
    .addHelpText("after", epilogue);
}

const epilogue = `
Node cannot see who is at the other end of a unix socket: give each client a socket of its own, with
its mode and owner, or a TLS certificate.

Examples:
  bulkhead guard proxy --listen unix:///run/bulkhead.sock,owner=root:docker
  bulkhead guard proxy --listen unix:///run/traefik.sock,mode=0666 --preset traefik
  DOCKER_HOST=unix:///run/bulkhead.sock docker run --rm alpine id

Exit status:
  0 after SIGTERM or SIGINT; 2 for wrong use, a wrong bulkhead.yaml, or an address that is taken`;

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function size(value: string): number {
  const bytes = parseBytes(value);
  if (bytes === undefined || bytes < 0) throw new InvalidArgumentError("A size such as 10m is expected.");
  return bytes;
}

function count(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(value);
}
