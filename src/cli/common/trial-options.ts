import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { codeOf } from "../../base/error-words.ts";
import { failed, type Result } from "../../base/result.ts";
import { type BarrierName, barrierNames } from "../../trial/barriers.ts";
import { type HttpCheck, parseHttpCheck } from "../../trial/http.ts";
import { checksOfSession } from "../../trial/recorded.ts";
import { collect, size } from "./common-options.ts";

/** How trials run, as commander gives it. */
export interface TrialOptions {
  readonly checkCmd: readonly string[];
  readonly checkExec: readonly string[];
  readonly checkHttp: readonly HttpCheck[];
  readonly checkService: readonly string[];
  /** Seconds. */
  readonly checkTimeout: number;
  readonly settle: number;
  readonly startTimeout: number;
  readonly withData?: boolean;
  /** Bytes. */
  readonly dataLimit: number;
  readonly allow: readonly BarrierName[];
}

/** What counts as working, and what a trial may touch. */
export function addTrialOptions(command: Command): Command {
  return command
    .option(
      "--check, --check-cmd <command>",
      "a shell command on this machine that succeeds if the workload works (repeatable)",
      (value, before: readonly string[]) => collect(shellCommand(value), before),
      [],
    )
    .option(
      "--check-exec <command>",
      "a shell command that runs in the container, or SERVICE=COMMAND (repeatable)",
      (value, before: readonly string[]) => collect(shellCommand(value), before),
      [],
    )
    .option(
      "--check-http <request>",
      "an HTTP path that must answer as it did untouched: /, web/health (a service), :8080/ (a port), '/ => Welcome' (a text or sha256:DIGEST in it), 'POST /upload @FILE' 'PUT /blob +100m' (a body), or @SESSION, which learn --record wrote (repeatable)",
      (value, before: readonly HttpCheck[]) => [...before, ...httpChecks(value)],
      [],
    )
    .option(
      "--check-service <service>",
      "a service of the Compose file that tests the others, and ends with status 0 if they work (repeatable)",
      collect,
      [],
    )
    .addOption(
      new Option("--check-timeout <seconds>", "how long one check may take (default: 30)")
        .argParser(seconds)
        .default(30),
    )
    .addOption(
      new Option("--settle <seconds>", "how long each run must stay up (default: 5)")
        .argParser(seconds)
        .default(5),
    )
    .addOption(
      new Option(
        "--start-timeout <seconds>",
        "how long the untouched workload may take to start (default: 60)",
      )
        .argParser(seconds)
        .default(60),
    )
    .option("--with-data", "give trials copies of the named volumes instead of empty ones")
    .addOption(
      new Option("--data-limit <size>", "the most that --with-data may copy (default: 1g)")
        .argParser(size)
        .default(1024 ** 3),
    )
    .addOption(
      new Option(
        "--allow <name>",
        `start a workload although this cannot be isolated: ${barrierNames.join(", ")} (repeatable)`,
      )
        .argParser(barrier)
        .default([]),
    );
}

function httpChecks(value: string): readonly HttpCheck[] {
  if (value.startsWith("@")) {
    const read = readSession(value.slice(1));
    if (!read.ok) throw new InvalidArgumentError(`A recorded session is expected: ${read.reason}.`);
    return read.value;
  }
  const parsed = parseHttpCheck(value);
  if (!parsed.ok) throw new InvalidArgumentError(`A request is expected: ${parsed.reason}.`);
  return [parsed.value];
}

function readSession(path: string): Result<readonly HttpCheck[]> {
  try {
    return checksOfSession(readFileSync(path, "utf8"));
  } catch (error) {
    return failed(`${path} cannot be read (${codeOf(error) || "it is not a file"})`);
  }
}

/** Bytes; undefined for fresh volumes. */
export function dataLimitOf({ withData, dataLimit }: TrialOptions): number | undefined {
  return withData === true ? dataLimit : undefined;
}

/** An empty command succeeds, and shows nothing. */
export function shellCommand(value: string): string {
  if (/^(?:[\w.-]+=)?\s*$/.test(value)) throw new InvalidArgumentError("A command is expected.");
  return value;
}

function seconds(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 3600)) throw new InvalidArgumentError("Seconds are expected, at most 3600.");
  return number;
}

function barrier(value: string, before: readonly BarrierName[]): readonly BarrierName[] {
  const known = barrierNames.find((name) => name === value);
  if (!known) throw new InvalidArgumentError(`One of ${barrierNames.join(", ")} is expected.`);
  return [...before, known];
}
