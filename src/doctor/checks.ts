import { execFileSync } from "node:child_process";
import { isRecord, textAt, textsOf } from "../base/json.ts";
import type { Result } from "../base/result.ts";
import type { ConnectOptions } from "../engine/connect/endpoint.ts";
import { connectEngine } from "../engine/connect.ts";

/** What bulkhead needs from a host, and whether it is there. */
export interface Check {
  /** What was looked at: `cgroups`, `Docker Engine`. */
  readonly name: string;
  /** `limited`: some of it works. `missing`: what needs it does not work. */
  readonly state: "ok" | "limited" | "missing";
  /** What was found, in a few words. */
  readonly found: string;
  /** What bulkhead cannot do without, and what to do about it; null where nothing is lost. */
  readonly cost: string | null;
}

export function ok(name: string, found: string): Check {
  return { name, state: "ok", found, cost: null };
}

export function limited(name: string, found: string, cost: string): Check {
  return { name, state: "limited", found, cost };
}

export function missing(name: string, found: string, cost: string): Check {
  return { name, state: "missing", found, cost };
}

/** Whether an Engine answers, and what it says of itself. Never rejects. */
export async function checkEngine(options: ConnectOptions, proc: string): Promise<readonly Check[]> {
  const client = await connectEngine(options);
  if (!client.ok)
    return [
      missing(
        "Docker Engine",
        client.reason,
        "Only files can be audited. Start the Engine, or name another one with --host or --context.",
      ),
    ];
  try {
    const { address, apiVersion, socketPath } = client.value;
    const info = await client.value.get("/info");
    if (!info.ok)
      return [
        limited(
          "Docker Engine",
          `${address}: ${info.reason}`,
          "What it runs is read, what it is set to is not.",
        ),
      ];
    const version = textAt(info.value, "ServerVersion") ?? "unknown version";
    const found = `${version} at ${address}, API ${apiVersion}`;
    return [ok("Docker Engine", found), sameMachine(info.value, socketPath, proc)];
  } finally {
    await client.value.close();
  }
}

function sameMachine(info: unknown, socketPath: string | undefined, proc: string): Check {
  const name = "Engine's kernel";
  const away =
    "Only what the Engine says is checked, not what the kernel enforces. Run bulkhead on the Engine's machine.";
  if (socketPath === undefined)
    return limited(name, "the Engine is on another machine, or reached by TCP", away);
  const options = isRecord(info) ? textsOf(info.SecurityOptions) : [];
  const rootless = options.some((option) => option.includes("name=rootless"));
  return ok(name, `this machine's, seen at ${proc}${rootless ? "; the Engine is rootless" : ""}`);
}

/** How long a tool may take to say its version, in milliseconds. */
const patience = 10_000;

/** Programs and packages that some commands need. */
export async function checkTools(
  node: string,
  tryDriver: () => Promise<Result<unknown>>,
): Promise<readonly Check[]> {
  return [nodeVersion(node), compose(), database(await tryDriver())];
}

function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  return isEnough
    ? ok("Node.js", version)
    : missing("Node.js", version, "bulkhead needs Node.js 20.19 or newer: parts of it fail without notice.");
}

function compose(): Check {
  const version = outputOf("docker", "compose", "version", "--short");
  if (version !== undefined) return ok("docker compose", version);
  const cli = outputOf("docker", "--version");
  return limited(
    "docker compose",
    cli === undefined ? "the docker command is not installed" : "the docker command has no compose plugin",
    "bulkhead fix --verify and bulkhead learn cannot start anything. Install Docker's CLI with its compose plugin.",
  );
}

function database(driver: Result<unknown>): Check {
  return driver.ok
    ? ok("history", "the database driver loads")
    : limited("history", driver.reason, "bulkhead watch keeps no history.");
}

function outputOf(program: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: patience,
    }).trim();
  } catch {
    return undefined;
  }
}
