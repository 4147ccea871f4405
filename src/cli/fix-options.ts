import { type Command, InvalidArgumentError, Option } from "commander";
import { parseBytes } from "../formats/values/bytes.ts";

/** What `bulkhead fix` takes, as commander gives it. */
export interface FixOptions {
  readonly apply?: boolean;
  readonly interactive?: boolean;
  readonly safe?: boolean;
  readonly output?: string;
  readonly recreate?: boolean;
  readonly as?: "run" | "compose";
  readonly host?: string;
  readonly context?: string;
  readonly format: "diff" | "json" | "patch";
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly file: readonly string[];
  readonly profile: readonly string[];
  readonly envFile: readonly string[];
  readonly config?: string | false;
  /** Bytes. */
  readonly memory?: number;
  readonly cpus?: number;
  readonly pidsLimit?: number;
  readonly color?: boolean;
}

/** Declares the options without loading what they need. */
export function addFixOptions(command: Command): Command {
  return command
    .description("harden what audit finds: shows a diff, and writes it with --apply")
    .argument("[path...]", "files and folders, or container:NAME, or engine. Nothing: the files below here")
    .option("--apply", "write the changes; each file at once or not at all")
    .option("--interactive", "ask of each change, with why; then whether to write")
    .option("--safe", "only what cannot change what a sane workload does")
    .option("--only <control>", "mend only these controls' findings (repeatable, or with commas)", list, [])
    .option("--skip <control>", "leave these controls' findings (repeatable, or with commas)", list, [])
    .option("--memory <size>", "the memory limit where there is none, such as 512m", memory)
    .option("--cpus <number>", "the CPUs where there is no cap, such as 1.5", cpus)
    .option("--pids-limit <number>", "the processes and threads where there is no limit, such as 200", pids)
    .addOption(
      new Option("--format <name>", "diff (default), patch (what git apply takes) or json")
        .choices(["diff", "patch", "json"])
        .default("diff"),
    )
    .option("-o, --output <path>", "write the hardened file there, and leave the original alone")
    .option("-f, --file <path>", "a Compose file; several merge, as docker compose merges them", collect, [])
    .option("--profile <name>", "a Compose profile to turn on (repeatable)", collect, [])
    .option("--env-file <path>", "variables for Compose files, instead of .env (repeatable)", collect, [])
    .option(
      "--recreate",
      "put a hardened container in the place of container:NAME; the old one comes back where that fails",
    )
    .addOption(
      new Option(
        "--as <form>",
        "what container:NAME's new container is written as: run (default) or compose",
      ).choices(["run", "compose"]),
    )
    .option("-H, --host <address>", "the Engine's address, for container:NAME and engine")
    .option("--context <name>", "a docker context, likewise")
    .option("--config <path>", "a bulkhead.yaml (default: the nearest one here or above)")
    .option("--no-config", "read no bulkhead.yaml")
    .option("--no-color", "no colours (NO_COLOR does the same)");
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function list(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(",").map((part) => part.trim())].filter(Boolean);
}

function memory(value: string): number {
  const bytes = parseBytes(value) ?? 0;
  if (bytes <= 0) throw new InvalidArgumentError("A size such as 512m or 1.5g is expected.");
  return bytes;
}

function cpus(value: string): number {
  const number = Number(value);
  if (!(number > 0) || !Number.isFinite(number)) {
    throw new InvalidArgumentError("A number above 0 is expected.");
  }
  return number;
}

function pids(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number <= 0) {
    throw new InvalidArgumentError("A whole number above 0 is expected.");
  }
  return number;
}
