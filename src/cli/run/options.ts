import type { Command } from "commander";
import { addConfigOptions } from "../common/common-options.ts";

/** What `bulkhead run` takes for itself, in front of all that is docker's. */
export interface RunOptions {
  readonly dryRun?: boolean;
  readonly config?: string | false;
  readonly host?: string;
  readonly context?: string;
  readonly help?: boolean;
}

/** Declares the options without loading what they need. From the first word that is not ours on, all is docker's. */
export function addRunOptions(command: Command): Command {
  const own = command
    .summary("docker run, hardened by the policy of bulkhead.yaml")
    .description(
      "Run a container as docker run does, hardened by the policy of bulkhead.yaml, or of its own where there is none. Options of its own come first; from the first other word on everything is docker's. What the command line says stays as it is; what is added is told on standard error (not with docker's --quiet).",
    )
    .usage("[--dry-run] [--config PATH] [docker run's options] IMAGE [COMMAND] [ARG...]")
    .argument("[argument...]", "what docker run takes")
    .option("--dry-run", "print the command instead of running it");
  return (
    addConfigOptions(own)
      .option("-H, --host <address>", "the Engine's address, for docker")
      .option("--context <name>", "a docker context, for docker")
      // An option as any other: commander's own is found among docker's words, too. -h is docker run's --hostname.
      .helpOption(false)
      .option("--help", "print this help")
      .allowUnknownOption()
      .passThroughOptions()
      .addHelpText("after", epilogue)
  );
}

const epilogue = `
Examples:
  bulkhead run -d --name web -p 8080:80 nginx
  bulkhead run --dry-run --rm -it alpine sh

Exit status:
  docker's own; 127 where there is no docker, 2 for a wrong bulkhead.yaml`;
