import type { Command } from "commander";
import { collect } from "./option-values.ts";

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
