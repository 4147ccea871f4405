import { type Command, Option } from "commander";
import { addColourOption } from "../common/common-options.ts";

/** What `bulkhead history` takes, as commander gives it. */
export interface HistoryOptions {
  readonly since?: string;
  readonly subject?: string;
  readonly control?: string;
  readonly open?: boolean;
  readonly format: HistoryFormat;
  readonly history?: string;
  readonly color?: boolean;
}

export const historyFormats = ["text", "json", "csv"] as const;
export type HistoryFormat = (typeof historyFormats)[number];

/** Declares the options without loading what they need. */
export function addHistoryOptions(command: Command): Command {
  command
    // The commands below have options of the same names.
    .enablePositionalOptions()
    .helpCommand(false)
    .summary("show when each finding opened and was resolved")
    .description(
      "Show the findings that bulkhead watch recorded: when each one opened, was last seen, and was resolved.",
    )
    .option(
      "--since <time>",
      "only findings that were open after this time: 24h or 7d ago, 2027-01-31 or 2027-01-31T12:00:00Z",
    )
    .option(
      "--subject <name>",
      "only findings of this subject: web, container:web, engine; * matches any characters",
    )
    .option("--control <id>", "only findings of this control")
    .option("--open", "only findings that are still open")
    .addOption(
      new Option("--format <name>", "text (default), json or csv").choices(historyFormats).default("text"),
    )
    .option("--history <path>", "the history database, if bulkhead watch keeps it elsewhere");
  return addColourOption(command).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead history --since 24h                   findings that were open in the last day
  bulkhead history --subject web --format csv    all findings of one container, for a spreadsheet

Exit status:
  0  the history was shown
  2  wrong use, or the history could not be read`;
