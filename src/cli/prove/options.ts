import { type Command, InvalidArgumentError, Option } from "commander";
import { addColourOption, addEngineOptions, list } from "../common/common-options.ts";

/** What `bulkhead prove` takes, as commander gives it. */
export interface ProveOptions {
  readonly all?: boolean;
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
    .summary("test in the kernel that each control really holds")
    .description(
      "Test in the kernel that each control really holds. prove starts a throw-away twin of the container and tries forbidden things in it; the container itself is not touched. A probe holds if the attempt fails in the twin and the same attempt succeeds in a less restricted container of the same image.",
    )
    .argument(
      "[subject]",
      "a container, an image, or a service as compose.yaml#web; write container:NAME or image:NAME if a name is both",
    )
    .option("--all", "every running container, one after the other")
    .option("--in-place", "run in the container itself, but only probes that cannot disturb it")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("-o, --output <path>", "write the proof to a file")
    .option(
      "--only <probe>",
      "run only these probes, or the probes of these controls (repeatable, or with commas)",
      list,
      [],
    )
    .option("--skip <probe>", "do not run these probes (repeatable, or with commas)", list, [])
    .addOption(
      new Option("--timeout <seconds>", "how long one experiment may take (default: 10)")
        .argParser(seconds)
        .default(10),
    )
    .option("--list", "list the probes and what each one tries");
  return addColourOption(addEngineOptions(chosen)).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead prove web                    a throw-away twin of the container web
  bulkhead prove web --in-place         web itself, with probes that cannot disturb it
  bulkhead prove --all                  every running container
  bulkhead prove nginx:1.29             an image, as docker run starts it
  bulkhead prove compose.yaml#web       a service, as its file declares it
  bulkhead prove web --only pids-limit,write-root

Exit status:
  0  every probe held
  1  a probe did not hold, or was not tried because nothing restricts it
  2  wrong use, or the subject could not be tested; or a probe is inconclusive
     and none failed`;

function seconds(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 600)) throw new InvalidArgumentError("Seconds are expected, at most 600.");
  return number;
}
