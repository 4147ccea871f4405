import type { Command } from "commander";
import { addPolicyOptions, type GuardPolicyOptions } from "./options.ts";

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
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead guard try --preset testcontainers -- npm test
  bulkhead guard try --preset ci-runner --enforce -- docker compose up -d

Exit status:
  the command's own; 127 if it cannot be started; 2 for wrong use or if the guard cannot start`;
