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
    .summary("show what bulkhead watch saw: each finding, when it opened, when it was resolved")
    .description(
      "Show what bulkhead watch saw: each finding, when it opened, when it was last seen and when it was resolved.",
    )
    .option(
      "--since <time>",
      "what was open then or later: 24h or 7d ago, or a date, 2027-01-31 or 2027-01-31T12:00:00Z",
    )
    .option("--subject <name>", "of this subject: web, container:web, engine; * stands for any characters")
    .option("--control <id>", "of this control")
    .option("--open", "only what is open")
    .addOption(
      new Option("--format <name>", "text (default), json or csv").choices(historyFormats).default("text"),
    )
    .option(
      "--history <path>",
      "the database that bulkhead watch keeps, where that is not at its usual place",
    );
  return addColourOption(command).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead history --since 24h                   what was open within the last day
  bulkhead history --subject web --format csv    everything about one container, for a spreadsheet

Exit status:
  0  shown
  2  wrong use, or no history that could be read`;
