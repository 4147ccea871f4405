import { execFileSync } from "node:child_process";
import type { Result } from "../base/result.ts";
import { type Check, limited, missing, ok } from "./check.ts";

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
