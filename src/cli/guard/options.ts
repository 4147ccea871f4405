import { type Command, Option } from "commander";
import { presetNames } from "../../guard/policy/presets/preset-names.ts";
import { addConfigOptions, count, size } from "../common/common-options.ts";

/** What every part of `bulkhead guard` takes to come to its policies. */
export interface GuardPolicyOptions {
  readonly config?: string | false;
  readonly preset?: (typeof presetNames)[number];
  readonly mode?: "enforce" | "warn" | "learn";
  /** A public key in PEM by which the configuration must be signed, and the signature's path. */
  readonly policyKey?: string;
  readonly policySignature?: string;
}

/** What both forms of the guard take, the proxy and the plugin. */
export interface GuardServiceOptions extends GuardPolicyOptions {
  readonly host?: string;
  readonly context?: string;
  readonly log: string;
  /** Bytes. */
  readonly logSize: number;
  readonly logKeep: number;
  readonly learn: string;
  readonly metrics?: string;
  readonly hostRoot?: string;
}

/** What `bulkhead guard --help` says above its commands. */
export function addGuardHelp(command: Command): Command {
  return command
    .summary("enforce the rules at the Engine's API, as a proxy or a plugin")
    .description(
      "Enforce the rules at the Engine's API, by the policy of bulkhead.yaml: allow a request, harden what a create request leaves out, or deny it. As a socket in front of the Engine's (proxy), or as an authorization plugin in dockerd (authz).",
    )
    .helpCommand(false)
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead guard proxy --listen unix:///run/traefik.sock,mode=0666 --preset traefik
  bulkhead guard authz
  bulkhead guard run -- docker compose up
  bulkhead guard try --preset dozzle -- docker ps
  bulkhead guard check create.json
  bulkhead guard policy --preset traefik`;

export function addPolicyOptions(command: Command): Command {
  return addConfigOptions(command)
    .addOption(
      new Option("--preset <name>", `start from what a tool needs: ${presetNames.join(", ")}`).choices(
        presetNames,
      ),
    )
    .option("--policy-key <path>", "use bulkhead.yaml only if it is signed by this key (cosign.pub)")
    .option(
      "--policy-signature <path>",
      "its signature, as cosign sign-blob writes it (default: bulkhead.yaml.sig, beside it)",
    );
}

export function addServiceOptions(command: Command): Command {
  const named = command
    .option("-H, --host <address>", "the Engine's address (default: the one that docker would use)")
    .option("--context <name>", "the docker context that names the Engine");
  return addPolicyOptions(named)
    .addOption(
      new Option(
        "--mode <mode>",
        "enforce (default unless bulkhead.yaml says); warn: let through and report; learn: let through and write the policy that allows it",
      ).choices(["enforce", "warn", "learn"]),
    )
    .option("--log <path>", "the audit log: a line of JSON for each decision (default: standard output)", "-")
    .option(
      "--log-size <size>",
      "begin a new log file at this size (default: 64m; 0: never)",
      size,
      64 * 1024 ** 2,
    )
    .option("--log-keep <number>", "how many older log files to keep (default: 5)", count, 5)
    .option(
      "--learn <path>",
      "the file that mode learn writes (default: bulkhead.learnt.yaml)",
      "bulkhead.learnt.yaml",
    )
    .option("--metrics <address>", "serve /metrics and /healthz there: tcp://127.0.0.1:9323 or unix:///PATH")
    .option("--host-root <path>", "where the host's root is mounted, for a guard in a container");
}
