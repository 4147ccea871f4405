import { type Command, InvalidArgumentError, Option } from "commander";
import { type Acceptance, parseAcceptance } from "../../fix/plan/step.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import { addColourOption, addComposeOptions, addConfigOptions, list } from "../common/common-options.ts";
import { addTrialOptions, type TrialOptions } from "../common/trial-options.ts";

/** What `bulkhead fix` takes, as commander gives it. */
export interface FixOptions extends TrialOptions {
  readonly verify?: boolean;
  readonly apply?: boolean;
  /** Put the guard between the Engine's socket and the services that mount it. */
  readonly guard?: boolean;
  readonly interactive?: boolean;
  readonly safe?: boolean;
  /** Decisions to make. */
  readonly accept: readonly Acceptance[];
  readonly output?: string;
  readonly recreate?: boolean;
  readonly keepLayer?: boolean;
  readonly discardLayer?: boolean;
  /** Milliseconds that the old container is kept. */
  readonly keep?: number;
  readonly confirm?: boolean;
  readonly undo?: boolean;
  readonly offline?: boolean;
  /** Milliseconds that what --apply wrote is watched after docker compose up. */
  readonly watch?: number;
  readonly resume?: boolean;
  readonly as?: "run" | "compose";
  readonly host?: string;
  readonly context?: string;
  readonly format: "diff" | "json" | "patch" | "html";
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
  const named = command
    .summary("harden what audit finds: as a diff, or written")
    .description(
      "Harden what audit finds. It shows the changes as a diff, with what could break, and writes nothing; --apply writes them. A change that affects data, secrets or reachability is a decision: it is written only if --accept names it. It never guesses memory and CPU limits: set them with --memory and --cpus.",
    )
    .argument(
      "[target...]",
      "files and folders, or container:NAME, or engine (its daemon.json); without any, the files below the current folder",
    )
    .option("--apply", "write the safe and the behavioural changes; a file is replaced whole or not at all")
    .option(
      "--accept <control[@subject]>",
      "make this decision too: published-port, or published-port@web (repeatable, or with commas)",
      acceptances,
      [],
    )
    .option("--verify", "try each step on a throw-away copy of the workload, and keep what works")
    .option(
      "--guard",
      "only this: put a guard between the Engine's socket and the Compose services that mount it",
    )
    .addOption(
      new Option(
        "--watch <time>",
        "with --apply, for Compose files: run docker compose up, watch the containers for this time, such as 10m, and take all back where one does not hold",
      ).argParser(duration),
    )
    .option("--offline", "do not ask the Engine what the project's running containers show")
    .option("--interactive", "ask about each change, including decisions, and plan again after each answer")
    .option("--safe", "make only changes that cannot break a workload")
    .option("--only <control>", "fix only these controls' findings (repeatable, or with commas)", list, [])
    .option("--skip <control>", "do not fix these controls' findings (repeatable, or with commas)", list, [])
    .option("--memory <size>", "the memory limit for containers without one, such as 512m", memory)
    .option("--cpus <number>", "the CPU limit for containers without one, such as 1.5", cpus)
    .option("--pids-limit <number>", "the process limit for containers without one, such as 200", pids)
    .addOption(
      new Option("--format <name>", "diff (default), patch (for git apply), json, or html with --verify")
        .choices(["diff", "patch", "json", "html"])
        .default("diff"),
    )
    .option("-o, --output <path>", "write the hardened file to this path, and leave the original alone");
  const placed = addComposeOptions(addTrialOptions(named))
    .option("--recreate", "replace container:NAME with a hardened one; the old one comes back if that fails")
    .option("--keep-layer", "with --recreate: start the new container from a commit of the old one")
    .option(
      "--discard-layer",
      "with --recreate, --undo and --watch: lose what the container wrote outside its volumes",
    )
    .addOption(
      new Option(
        "--keep <time>",
        "with --recreate: the first run after this time, such as 24h, removes the old container (default: you confirm)",
      ).argParser(duration),
    )
    .option("--confirm", "remove the old container that --recreate kept")
    .option("--undo", "bring back the files of the last --apply, or the old container that --recreate kept")
    .option("--resume", "undo or finish a --recreate that was cut short")
    .addOption(
      new Option(
        "--as <form>",
        "how to print container:NAME's new container: run (default) or compose",
      ).choices(["run", "compose"]),
    )
    .option("-H, --host <address>", "the Engine's address, for container:NAME and engine")
    .option("--context <name>", "the docker context, for container:NAME and engine");
  return addColourOption(addConfigOptions(placed)).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead fix                            what would change in this folder, as a diff
  bulkhead fix --apply compose.yaml       write it
  bulkhead fix --verify --check-http / --apply compose.yaml    write what was tried and works
  bulkhead fix --apply --watch 10m compose.yaml    bring it up, watch it, and go back if it does not hold
  bulkhead fix --safe --apply             only what cannot break a workload
  bulkhead fix --accept published-port@web --apply     with this decision
  bulkhead fix --format patch > hardening.patch        for git apply
  bulkhead fix container:web --memory 256m --apply     what docker update can change
  bulkhead fix container:web --recreate   a hardened container in its place
  bulkhead fix container:web --confirm    it works: remove the old one
  bulkhead fix --guard compose.yaml       a guard in front of the Docker socket
  bulkhead fix --undo                     bring back what --apply changed
  bulkhead fix engine                     the daemon.json, checked by dockerd

Exit status:
  0  there is nothing to write, or all of it was written
  1  something is still to be written, or a change was refused or declined;
     with --verify: a step broke the workload
  2  wrong use, or a file that could not be read or written;
     with --verify: the untouched workload does not run, or two runs differ`;

function acceptances(value: string, before: readonly Acceptance[]): readonly Acceptance[] {
  const named = list(value, []).map(parseAcceptance);
  const wrong = named.find(({ control, subject }) => control === "" || subject === "");
  if (wrong)
    throw new InvalidArgumentError("A control is expected, such as published-port or published-port@web.");
  return [...before, ...named];
}

function duration(value: string): number {
  const time = parseDuration(value) ?? 0;
  if (time <= 0) throw new InvalidArgumentError("A time such as 90m, 24h or 7d is expected.");
  return time;
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
