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
    .summary("docker run, with hardening options added")
    .description(
      "Run a container as docker run does, and add hardening options. bulkhead.yaml says which; without one, defaults apply. Options for bulkhead come first: the first other word and everything after it go to docker. Options that you give yourself stay as they are. An image that docker would pull is pulled first, to look at what it holds. Added options are printed to standard error, unless docker's --quiet is set.",
    )
    .usage("[--dry-run] [--config PATH] [docker run's options] IMAGE [COMMAND] [ARG...]")
    .argument("[argument...]", "the arguments of docker run")
    .option("--dry-run", "print the command instead of running it");
  return (
    addConfigOptions(own)
      .option("-H, --host <address>", "the Engine's address, passed on to docker")
      .option("--context <name>", "the docker context, passed on to docker")
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
  docker's own; 127 if docker is not installed, 2 if bulkhead.yaml is wrong`;
