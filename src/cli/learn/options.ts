import { type Command, InvalidArgumentError, Option } from "commander";
import { addColourOption, addComposeOptions, addConfigOptions } from "../common/common-options.ts";
import { list } from "../common/option-values.ts";
import { addTrialOptions, type TrialOptions } from "../common/trial-options.ts";

/** What `bulkhead learn` takes, as commander gives it. */
export interface LearnOptions extends TrialOptions {
  readonly apply?: boolean;
  readonly output?: string;
  readonly format: "text" | "json" | "diff";
  readonly skip: readonly string[];
  readonly while?: string;
  /** Milliseconds. */
  readonly for?: number;
  /** A `docker run` line without a file. */
  readonly run?: string;
  readonly as?: "run" | "compose";
  readonly inPlace?: boolean;
  readonly merge?: boolean;
  readonly file: readonly string[];
  readonly profile: readonly string[];
  readonly envFile: readonly string[];
  readonly config?: string | false;
  readonly host?: string;
  readonly context?: string;
  readonly color?: boolean;
}

/** Declares the options without loading what they need. */
export function addLearnOptions(command: Command): Command {
  const named = command
    .summary("find out by runs what a workload needs, and write no more than that")
    .description(
      "Find out what a workload needs. It runs throw-away copies of it, looks what they use, leaves out one thing after another, and runs the result once more. It shows the result as a diff and writes nothing; --apply writes it.",
    )
    .argument(
      "[target]",
      "a Compose file, or one service of it as compose.yaml#web; a script, or one container of it as run.sh#web; a quoted docker run line; image:NAME; container:NAME with --in-place",
    )
    .option("--run <line>", "a docker run line to learn from, like the quoted line as the target")
    .addOption(
      new Option(
        "--as <form>",
        "how to print the hardened docker run line or image: run (default) or compose",
      ).choices(["run", "compose"]),
    )
    .option("--in-place", "only watch a container that runs, and change nothing: container:NAME")
    .option("--apply", "write what was learnt; each file at once or not at all")
    .option("--while <command>", "a load or a test suite on this machine that uses the workload in every run")
    .addOption(
      new Option(
        "--for <time>",
        "how long the untouched workload and the result are watched, such as 10m",
      ).argParser(duration),
    )
    .option("--merge", "add what is seen now to what earlier runs saw of it")
    .option(
      "--skip <control>",
      "leave these as they are: seccomp-profile, memory-limit (repeatable, or with commas)",
      list,
      [],
    )
    .addOption(
      new Option("--format <name>", "text (default), json, or diff for the diff alone")
        .choices(["text", "json", "diff"])
        .default("text"),
    )
    .option("-o, --output <path>", "write the hardened file there, and leave the original alone");
  const placed = addComposeOptions(addTrialOptions(named))
    .option("-H, --host <address>", "the Engine's address")
    .option("--context <name>", "a docker context, likewise");
  return addColourOption(addConfigOptions(placed)).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead learn compose.yaml --check-http /         what every service needs
  bulkhead learn compose.yaml#db --check-exec 'pg_isready -U app' --apply
  bulkhead learn container:web --in-place --for 10m --merge     only watch
  bulkhead learn compose.yaml#web --while 'npm run test:e2e' --apply
  bulkhead learn 'docker run -d -p 8080:80 nginx' --check-http /
  bulkhead learn image:nginx --as compose     a hardened service for your Compose file

Exit status:
  0  learnt and verified
  1  learnt and verified; something that was tried broke, or is still to be written
  2  not learnt: the untouched workload does not run, or not twice the same;
     wrong use, or a file that was not written`;

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

function duration(value: string): number {
  const [, number, unit = "s"] = /^(\d+)(s|m|h)?$/.exec(value) ?? [];
  const time = Number(number) * units[unit as keyof typeof units];
  if (!(time > 0 && time <= 24 * units.h))
    throw new InvalidArgumentError("A time such as 30s or 10m is expected.");
  return time;
}
