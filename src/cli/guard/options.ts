import { type Command, Option } from "commander";
import { presetNames } from "../../guard/policy/presets/preset-names.ts";
import { addConfigOptions, collect, count, size } from "../common/common-options.ts";

/** What `bulkhead guard try` takes, as commander gives it. */
export interface TryOptions extends GuardPolicyOptions {
  readonly host?: string;
  readonly context?: string;
  readonly client?: string;
  readonly enforce?: boolean;
}

/** Declares the options without loading what they need. */
export function addTryOptions(command: Command): Command {
  const own = command
    .summary("run one command through a guard, and show what it would deny")
    .description(
      "Run one command with DOCKER_HOST set to a guard that lives as long as the command. The guard lets everything through and says at the end, on standard error, what the policy would deny, and which lines of bulkhead.yaml let it pass.",
    )
    .usage("[options] -- COMMAND [ARG...]")
    .argument("<command...>", "the command, with its arguments")
    .passThroughOptions()
    .option("-H, --host <address>", "the Engine's address (default: the one that docker would use)")
    .option("--context <name>", "the docker context that names the Engine");
  return addPolicyOptions(own)
    .option("--client <name>", "try this client's policy")
    .option("--enforce", "deny what the policy denies, and harden, instead of only saying it")
    .addHelpText("after", tryEpilogue);
}

const tryEpilogue = `
Examples:
  bulkhead guard try --preset testcontainers -- npm test
  bulkhead guard try --preset ci-runner --enforce -- docker compose up -d

Exit status:
  the command's own; 127 if it cannot be started; 2 for wrong use or if the guard cannot start`;

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
    .addHelpText("after", proxyEpilogue);
}

const proxyEpilogue = `
Node cannot see who is at the other end of a unix socket: give each client its
own socket, with its mode and owner, or a TLS certificate.

Examples:
  bulkhead guard proxy --listen unix:///run/bulkhead.sock,owner=root:docker
  bulkhead guard proxy --listen unix:///run/traefik.sock,mode=0666 --preset traefik
  DOCKER_HOST=unix:///run/bulkhead.sock docker run --rm alpine id

Exit status:
  0  ended by SIGTERM or SIGINT
  2  wrong use, a wrong bulkhead.yaml, or an address that is taken`;

/** What `bulkhead guard policy` takes, as commander gives it. */
export interface PolicyOptions extends GuardPolicyOptions {
  readonly check?: boolean;
  readonly client?: string;
  readonly format: "yaml" | "json";
}

/** Declares the options without loading what they need. */
export function addPolicyCommandOptions(command: Command): Command {
  return addPolicyOptions(
    command
      .summary("print the effective policy, or check it")
      .description("Print the policy that holds, with every default, or say whether bulkhead.yaml is right."),
  )
    .option("--check", "print nothing: exit 0 if the policy is right, 2 if it is not")
    .option("--client <name>", "this client's policy alone")
    .addOption(
      new Option("--format <name>", "yaml (default) or json").choices(["yaml", "json"]).default("yaml"),
    )
    .addHelpText("after", policyEpilogue);
}

const policyEpilogue = `
Examples:
  bulkhead guard policy --preset traefik     what the preset allows
  bulkhead guard policy --check              whether bulkhead.yaml is right

Exit status:
  0  the policy is right
  2  it is not, or wrong use`;

/** What `bulkhead guard check` takes, as commander gives it. */
export interface CheckOptions extends GuardPolicyOptions {
  readonly client?: string;
  readonly format: "text" | "json";
}

/** Declares the options without loading what they need. */
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
    .addHelpText("after", checkEpilogue);
}

const checkEpilogue = `
Examples:
  bulkhead guard check create.json
  echo '{"Image": "nginx", "HostConfig": {"Privileged": true}}' | bulkhead guard check -
  echo '{"method": "GET", "path": "/v1.44/info"}' | bulkhead guard check --preset traefik -

Exit status:
  0  it goes through, as it is or hardened
  1  it is denied
  2  wrong use, or a file that cannot be read`;

/** What `bulkhead guard authz` takes, as commander gives it. */
export interface AuthzOptions extends GuardServiceOptions {
  readonly listen: string;
}

const socket = "unix:///run/docker/plugins/bulkhead.sock";

/** Declares the options without loading what they need. */
export function addAuthzOptions(command: Command): Command {
  return addServiceOptions(
    command
      .summary("the guard as an authorization plugin in dockerd")
      .description(
        "Judge every request as an authorization plugin of dockerd. Start it before dockerd, and dockerd with --authorization-plugin=bulkhead. A plugin cannot change requests: it denies what the proxy would harden, and names the flags to add.",
      )
      .option(
        "--listen <address>",
        `where dockerd looks for it (default: ${socket}); the socket's name is the plugin's`,
        socket,
      ),
  ).addHelpText("after", authzEpilogue);
}

const authzEpilogue = `
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
  2  wrong use, a wrong bulkhead.yaml, or an address that is taken`;

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
    .addHelpText("after", guardEpilogue);
}

const guardEpilogue = `
Examples:
  bulkhead guard proxy --listen unix:///run/traefik.sock,mode=0666 --preset traefik
  bulkhead guard authz
  bulkhead guard run -- docker compose up
  bulkhead guard try --preset dozzle -- docker ps
  bulkhead guard check create.json
  bulkhead guard policy --preset traefik`;

function addPolicyOptions(command: Command): Command {
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

function addServiceOptions(command: Command): Command {
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
