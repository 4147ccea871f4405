import { type Command, Option } from "commander";
import { addColourOption, duration } from "../common/common-options.ts";

/** What `bulkhead why` takes, as commander gives it. */
export interface WhyOptions {
  readonly host?: string;
  readonly context?: string;
  /** Milliseconds. */
  readonly for?: number;
  /** Milliseconds. */
  readonly last?: number;
  readonly format: "text" | "json";
  readonly color?: boolean;
}

/** Declares the options without loading what they need. */
export function addWhyOptions(command: Command): Command {
  const named = command
    .summary("show which rule refused a call, and the setting to change")
    .description(
      "Show which calls of a container the kernel refuses, which rule refused each, and the setting to change, the smallest first. Refusals right before an exit or an error come first; those that the program survived follow. why changes nothing: it reads the kernel's trace of the container's own processes.",
    )
    .usage("[options] CONTAINER | --last TIME [CONTAINER] | [options] -- COMMAND [ARG...]")
    .argument("[words...]", "a running container; or, after --, a command that starts containers")
    .option("-H, --host <address>", "the Engine's address (default: the one that docker would use)")
    .option("--context <name>", "the docker context that names the Engine")
    .addOption(
      new Option(
        "--for <time>",
        "how long to watch a running container, such as 10m (default: until Ctrl-C)",
      ).argParser(duration),
    )
    .addOption(
      new Option(
        "--last <time>",
        "what the logs of the last 10m, say, show: of the container, or of all. It needs no trace",
      ).argParser(duration),
    )
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    );
  return addColourOption(named).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  sudo bulkhead why web                       until Ctrl-C
  sudo bulkhead why web --for 1m --format json
  sudo bulkhead why --last 10m                what the logs show
  sudo bulkhead why -- docker run --rm --read-only nginx
  sudo bulkhead why -- docker compose up

Exit status:
  0  nothing was refused before an exit or an error
  1  something was
  2  wrong use, no such container, or the kernel cannot be traced from here`;
