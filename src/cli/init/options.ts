import { type Command, Option } from "commander";

export const ciNames = [
  "github",
  "gitlab",
  "forgejo",
  "woodpecker",
  "jenkins",
  "pre-commit",
  "none",
] as const;

export type CiName = (typeof ciNames)[number];

export interface InitOptions {
  readonly ci?: CiName | undefined;
  readonly dryRun?: true | undefined;
}

/** Declares what `bulkhead init` takes. */
export function addInitOptions(command: Command): Command {
  return command
    .summary("write a bulkhead.yaml, a baseline and a CI file")
    .description(
      "Write what a repository needs to stay hardened: a bulkhead.yaml with its JSON Schema, a baseline of today's findings, and a CI file. Files that exist are left alone.",
    )
    .addOption(
      new Option(
        "--ci <name>",
        "the CI to write a file for (default: each that this folder already uses)",
      ).choices(ciNames),
    )
    .option("--dry-run", "print what would be written, and write nothing")
    .addHelpText(
      "after",
      `
Examples:
  bulkhead init                 the CI that this folder uses
  bulkhead init --ci github     a GitHub workflow
  bulkhead init --ci none       no CI file

Exit status:
  0  everything is there
  2  something could not be written or read`,
    );
}
