import { type Command, InvalidArgumentError, Option } from "commander";
import { addColourOption, addEngineOptions } from "../common/common-options.ts";
import { list } from "../common/option-values.ts";

/** What `bulkhead prove` takes, as commander gives it. */
export interface ProveOptions {
  readonly inPlace?: boolean;
  readonly format: "text" | "json";
  readonly output?: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Seconds. */
  readonly timeout: number;
  readonly list?: boolean;
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
  readonly color?: boolean;
}

/** Declares the options without loading what they need. */
export function addProveOptions(command: Command): Command {
  const chosen = command
    .summary("prove by experiment in the kernel that each control really holds")
    .description(
      "Prove by experiment in the kernel that each control really holds: in a throw-away twin of the container, so that the container itself is not touched. A probe holds only where it fails as it should and succeeds in a looser container of the same image.",
    )
    .argument(
      "[subject]",
      "a container, an image, or a service as compose.yaml#service; container:NAME and image:NAME say which",
    )
    .option("--in-place", "run in the container itself, and only the probes that cannot disturb it")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("-o, --output <path>", "write the proof to a file")
    .option(
      "--only <probe>",
      "run only these probes, or those of these controls (repeatable, or with commas)",
      list,
      [],
    )
    .option("--skip <probe>", "leave these out (repeatable, or with commas)", list, [])
    .addOption(
      new Option("--timeout <seconds>", "the longest that one experiment may take (default: 10)")
        .argParser(seconds)
        .default(10),
    )
    .option("--list", "list the probes, and what each tries");
  return addColourOption(addEngineOptions(chosen)).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead prove web                    the container web, in a throw-away twin of it
  bulkhead prove web --in-place         in web itself, what cannot disturb it
  bulkhead prove nginx:1.29             an image, as docker run starts it
  bulkhead prove compose.yaml#web       a service, as its file declares it
  bulkhead prove web --only pids-limit,write-root

Exit status:
  0  every probe held
  1  one did not hold, or was not tried because nothing would have held it
  2  wrong use, or what could not be proven; or nothing failed to hold, and
     something is inconclusive`;

function seconds(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 600)) throw new InvalidArgumentError("Seconds are expected, at most 600.");
  return number;
}
