import { type Command, InvalidArgumentError } from "commander";
import { parseBytes } from "../../formats/values/bytes.ts";

/** Which bulkhead.yaml holds. */
export function addConfigOptions(command: Command): Command {
  return command
    .option("--config <path>", "a bulkhead.yaml (default: the nearest one, here or above)")
    .option("--no-config", "read no bulkhead.yaml");
}

/** Which Compose files, and how they are read. */
export function addComposeOptions(command: Command): Command {
  return command
    .option("-f, --file <path>", "a Compose file; several merge, as docker compose merges them", collect, [])
    .option("--profile <name>", "a Compose profile to turn on (repeatable)", collect, [])
    .option("--env-file <path>", "variables for Compose files, instead of .env (repeatable)", collect, []);
}

/** Which Engine is meant, and where its host is seen. */
export function addEngineOptions(command: Command): Command {
  return command
    .option("-H, --host <address>", "the Engine's address: unix://, tcp:// or ssh://")
    .option("--context <name>", "the docker context that names the Engine")
    .option(
      "--proc <path>",
      "where the host's /proc is, for bulkhead in a container (default: /proc)",
      "/proc",
    )
    .option(
      "--cgroup <path>",
      "where the host's cgroups are, for bulkhead in a container (default: /sys/fs/cgroup)",
      "/sys/fs/cgroup",
    );
}

export function addColourOption(command: Command): Command {
  return command.option("--no-color", "no colours (NO_COLOR does the same)");
}

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** The same, each with one or several, with commas between. */
export function list(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(",").map((part) => part.trim())].filter(Boolean);
}

/** A size such as 64m, in bytes; 0 is one. */
export function size(value: string): number {
  const bytes = parseBytes(value);
  if (bytes === undefined || bytes < 0) throw new InvalidArgumentError("A size such as 64m is expected.");
  return bytes;
}

/** A whole number from 0 to 999,999. */
export function count(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(value);
}

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A time such as 30s or 10m, a day at most, in milliseconds. */
export function duration(value: string): number {
  const [, number, unit = "s"] = /^(\d+)(s|m|h)?$/.exec(value) ?? [];
  const time = Number(number) * units[unit as keyof typeof units];
  if (!(time > 0 && time <= 24 * units.h))
    throw new InvalidArgumentError("A time such as 30s or 10m is expected.");
  return time;
}
