import { type Command, Option } from "commander";
import { collect } from "../common/common-options.ts";

/** What `bulkhead guard run` takes, as commander gives it. */
export interface GuardRunOptions {
  readonly host?: string;
  readonly context?: string;
  readonly config?: string | false;
  readonly folder: readonly string[];
  readonly name?: string;
  readonly budget: string;
  readonly in?: string;
  readonly keep?: string;
  readonly clean?: boolean;
}

/** Declares the options without loading what they need. */
export function addGuardRunOptions(command: Command): Command {
  return command
    .summary("run one command with Docker on a leash: its own folder, names and budget")
    .description(
      "Run one command with DOCKER_HOST set to a guard of its own. The command sees and touches only what it made, mounts only its folder, and all of its containers together stay within one budget. When it ends, its containers and networks are removed.",
    )
    .usage("[options] -- COMMAND [ARG...]")
    .argument("[command...]", "the command, with its arguments")
    .passThroughOptions()
    .option("-H, --host <address>", "the Engine's address (default: the one that docker would use)")
    .option("--context <name>", "the docker context that names the Engine")
    .option(
      "--folder <path>",
      "a folder that containers can mount, PATH:ro to only read it (repeatable; default: the top of the git checkout, or the current folder)",
      collect,
      [],
    )
    .option("--name <name>", "what this leash is called (default: from the folder)")
    .option(
      "--budget <amounts>",
      "what all containers may have together: memory=8g,cpus=4,time=2h; also pids, containers, volumes, networks, ports and disk",
      "",
    )
    .option(
      "--in <image>",
      "run the command in a hardened container of this image, with the folder and this leash's socket: it cannot go past it",
    )
    .addOption(
      new Option("--keep <kinds>", "keep these when the command ends: volumes, images or volumes,images"),
    )
    .option(
      "--config <path>",
      "a bulkhead.yaml that may also open what a leash closes (default: the nearest one, which can only close more)",
    )
    .option("--no-config", "read no bulkhead.yaml")
    .option("--clean", "remove what leashes that did not end by themselves have left, and run nothing")
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead guard run -- docker compose up --build
  bulkhead guard run --folder . --folder ../shared:ro --budget memory=4g,time=30m -- npm test
  bulkhead guard run --keep volumes,images --name shop -- claude
  bulkhead guard run --in my-agent:1 -- agent --task review
  bulkhead guard run --clean

Exit status:
  the command's own; 124 if its time is over; 127 if it cannot be started; 2 for wrong use or if the leash cannot start`;
