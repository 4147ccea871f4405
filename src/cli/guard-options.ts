import { type Command, Option } from "commander";
import { presetNames } from "../guard/policy/preset-names.ts";
import { count, size } from "./option-values.ts";

/** What every part of `bulkhead guard` takes to come to its policies. */
export interface GuardPolicyOptions {
  readonly config?: string | false;
  readonly preset?: (typeof presetNames)[number];
  readonly mode?: "enforce" | "warn" | "learn";
}

/** What `bulkhead guard authz` takes, as commander gives it. */
export interface AuthzOptions extends GuardPolicyOptions {
  readonly listen: string;
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

export interface CheckOptions extends GuardPolicyOptions {
  readonly client?: string;
  readonly format: "text" | "json";
}

export interface PolicyOptions extends GuardPolicyOptions {
  readonly check?: boolean;
  readonly client?: string;
  readonly format: "yaml" | "json";
}

export const authzSocket = "unix:///run/docker/plugins/bulkhead.sock";

/** What `bulkhead guard --help` says above its commands. */
export function addGuardHelp(command: Command): Command {
  return command
    .summary("enforce the rules at the Engine's API, as a proxy or a plugin")
    .description(
      "Enforce the rules at the Engine's API, by the policy of bulkhead.yaml: allow a request, harden what a create request leaves out, or deny it. As a socket in front of the Engine's (proxy), or as an authorization plugin in dockerd (authz).",
    )
    .helpCommand(false)
    .addHelpText(
      "after",
      `
Examples:
  bulkhead guard proxy --listen unix:///run/traefik.sock,mode=0666 --preset traefik
  bulkhead guard authz
  bulkhead guard check create.json
  bulkhead guard policy --preset traefik`,
    );
}

export function addPolicyOptions(command: Command): Command {
  return command
    .option("--config <path>", "a bulkhead.yaml (default: the nearest one, here or above)")
    .option("--no-config", "read no bulkhead.yaml")
    .addOption(
      new Option("--preset <name>", `start from what a tool needs: ${presetNames.join(", ")}`).choices([
        ...presetNames,
      ]),
    );
}

export function addModeOption(command: Command): Command {
  return command.addOption(
    new Option(
      "--mode <mode>",
      "enforce (default unless bulkhead.yaml says); warn: let through and tell; learn: let through and write the policy that it takes",
    ).choices(["enforce", "warn", "learn"]),
  );
}

export function addAuthzOptions(command: Command): Command {
  const described = command
    .summary("the guard as an authorization plugin in dockerd")
    .description(
      "Judge every request as an authorization plugin of dockerd. Start it before dockerd, and dockerd with --authorization-plugin=bulkhead. A plugin can change no request: what the proxy would harden is denied, with the flags to add.",
    )
    .option(
      "--listen <address>",
      `where dockerd looks for it (default: ${authzSocket}); the socket's name is the plugin's`,
      authzSocket,
    );
  return addModeOption(addPolicyOptions(described))
    .option("-H, --host <address>", "the Engine's address, for the guard's own questions")
    .option("--context <name>", "a docker context, likewise")
    .option("--log <path>", "the audit log, one JSON line a decision (default: standard output)", "-")
    .option(
      "--log-size <size>",
      "a file's size before the next one begins (default: 64m; 0: no bound)",
      size,
      64 * 1024 ** 2,
    )
    .option("--log-keep <number>", "older files that are kept (default: 5)", count, 5)
    .option("--host-root <path>", "where the host's root is seen, for a guard whose own is another one")
    .option("--metrics <address>", "serve /metrics and /healthz there: tcp://127.0.0.1:9323 or unix:///PATH")
    .option(
      "--learn <path>",
      "the file that mode learn writes (default: bulkhead.learnt.yaml)",
      "bulkhead.learnt.yaml",
    )
    .addHelpText(
      "after",
      `
Signals:
  SIGHUP   reads bulkhead.yaml again (a wrong one changes nothing), opens the
           log anew, writes what was learnt
  SIGTERM  answers what was asked, and ends

While it does not run, dockerd refuses every request.

Examples:
  bulkhead guard authz --log /var/log/bulkhead.jsonl
  dockerd --authorization-plugin=bulkhead

Exit status:
  0  ended by SIGTERM or SIGINT
  2  wrong use, a wrong bulkhead.yaml, or an address that is taken`,
    );
}

export function addCheckOptions(command: Command): Command {
  return addPolicyOptions(
    command
      .summary("explain what the guard would do with a request")
      .description("Explain offline what the guard would do with a request: allow, harden or deny, and why.")
      .argument(
        "<request.json>",
        "a request (method, path, headers, body, known), or the body of a create request; - for standard input",
      ),
  )
    .option("--client <name>", "judge by this client's policy")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      `
Examples:
  bulkhead guard check create.json
  echo '{"Image": "nginx", "HostConfig": {"Privileged": true}}' | bulkhead guard check -
  echo '{"method": "GET", "path": "/v1.44/info"}' | bulkhead guard check --preset traefik -

Exit status:
  0  it goes through, as it is or hardened
  1  it is denied
  2  wrong use, or a file that cannot be read`,
    );
}

export function addPolicyCommandOptions(command: Command): Command {
  return addPolicyOptions(
    command
      .summary("print the effective policy, or check it")
      .description("Print the policy that holds, with every default, or say whether bulkhead.yaml is right."),
  )
    .option("--check", "print nothing: exit 0 where the policy is right, 2 where it is not")
    .option("--client <name>", "this client's policy alone")
    .addOption(
      new Option("--format <name>", "yaml (default) or json").choices(["yaml", "json"]).default("yaml"),
    )
    .addHelpText(
      "after",
      `
Examples:
  bulkhead guard policy --preset traefik     what the preset allows
  bulkhead guard policy --check              whether bulkhead.yaml is right

Exit status:
  0  the policy is right
  2  it is not, or wrong use`,
    );
}
