import { type Command, Option } from "commander";
import { addEngineOptions } from "../common/common-options.ts";

export interface DoctorOptions {
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
  readonly format: "text" | "json";
}

/** Declares what `bulkhead doctor` takes. */
export function addDoctorOptions(command: Command): Command {
  const named = command
    .summary("show what this host lets bulkhead see, and what that costs")
    .description(
      "Show what this host lets bulkhead see: the Engine, the kernel, and the tools that some commands need. For each gap it says what does not work, and how to close it.",
    );
  return addEngineOptions(named)
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      `
Examples:
  sudo bulkhead doctor
  bulkhead doctor --host ssh://ops@server

Exit status:
  0  everything can be seen
  1  something is missing or limited
  2  wrong use`,
    );
}
