import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { addColourOption } from "../common/common-options.ts";
import { holdOptionsBelow } from "../common/options-above.ts";

/** What `bulkhead history ack` and `bulkhead history silence` take, as commander gives it. */
export interface SilenceOptions {
  readonly reason: string;
  readonly until?: string;
  readonly history?: string;
}

/** What `bulkhead history silences` takes. */
export interface SilencesOptions {
  readonly all?: boolean;
  readonly format: "text" | "json";
  readonly history?: string;
}

/** What `bulkhead history proofs` takes. */
export interface ProofsOptions {
  readonly subject?: string;
  readonly format: "text" | "json";
  readonly history?: string;
}

const times = "4h or 7d from now, 2027-01-31 or 2027-01-31T12:00:00Z";
const place = "the history database, if bulkhead watch keeps it elsewhere";

/** Declares `bulkhead history ack`. */
export function addAckOptions(command: Command): Command {
  return command
    .summary("acknowledge an open finding, so that its changes stay quiet")
    .description(
      "Acknowledge an open finding: you know of it. Its changes do not go to the outputs of bulkhead watch until it gets worse or is resolved.",
    )
    .argument("<control>", "the finding's control: privileged")
    .argument("<subject>", "the finding's subject: web, container:web, engine")
    .requiredOption("--reason <text>", "why; the history shows it")
    .option("--until <time>", `only until this time: ${times} (default: until it is resolved)`)
    .option("--history <path>", place)
    .addHelpText(
      "after",
      `
Examples:
  bulkhead history ack privileged web --reason "GPU driver, ticket 12"
  bulkhead history ack engine-icc engine --until 7d --reason "moves next week"
${status}`,
    );
}

/** Declares `bulkhead history silence`. */
export function addSilenceOptions(command: Command): Command {
  return command
    .summary("keep changes from the outputs until a time")
    .description(
      "Silence a control in some subjects until a time. Its changes do not go to the outputs of bulkhead watch; they stay in the history. Findings that are still open at that time are reported then.",
    )
    .argument("<control>", "a control's id; * is every control")
    .argument("<subject>", "a subject: web, container:web, engine; * matches any characters")
    .requiredOption("--until <time>", `until this time: ${times}`)
    .requiredOption("--reason <text>", "why; the history shows it")
    .option("--history <path>", place)
    .addHelpText(
      "after",
      `
Examples:
  bulkhead history silence '*' 'ci-*' --until 2h --reason "nightly build"
  bulkhead history silence memory-limit db --until 2027-01-31 --reason "ticket 12"
${status}`,
    );
}

/** Declares `bulkhead history silences`. */
export function addSilencesOptions(command: Command): Command {
  return command
    .summary("list acknowledgements and silences")
    .description("List acknowledged and silenced findings: who asked for it, why and until when.")
    .option("--all", "also those that have ended")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("--history <path>", place)
    .addHelpText(
      "after",
      `
Examples:
  bulkhead history silences
  bulkhead history silences --all --format json
${status}`,
    );
}

/** Declares `bulkhead history proofs`. */
export function addProofsOptions(command: Command): Command {
  return command
    .summary("show what bulkhead watch --prove showed, over time")
    .description(
      "Show from when to when each probe of bulkhead watch --prove held or did not hold. Inconclusive probes are not kept.",
    )
    .option("--subject <name>", "only this container: web; * matches any characters")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("--history <path>", place)
    .addHelpText(
      "after",
      `
Examples:
  bulkhead history proofs --subject web
${status}`,
    );
}

/** Declares `bulkhead history end`. */
export function addEndOptions(command: Command): Command {
  return command
    .summary("end an acknowledgement or a silence now")
    .description("End an acknowledgement or a silence before its time. What it kept back is reported then.")
    .argument("<number>", "its number, as bulkhead history silences shows it")
    .option("--history <path>", place)
    .addHelpText(
      "after",
      `
Examples:
  bulkhead history end 3
${status}`,
    );
}

const status = `
Exit status:
  0  done
  2  wrong use, or the history could not be read or written`;

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

const historyFormats = ["text", "json", "csv"] as const;
type HistoryFormat = (typeof historyFormats)[number];

/** Declares the options without loading what they need. */
export function addHistoryOptions(command: Command): Command {
  // The commands below have options of the same names.
  holdOptionsBelow(command)
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

/** Where the history is kept unless somebody says otherwise: with the system's state for root, with the user's own for others. */
export function historyPath(said: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (said !== undefined) return resolve(said);
  if (process.getuid?.() === 0) return "/var/lib/bulkhead/history.db";
  const state = environment.XDG_STATE_HOME || join(environment.HOME ?? "/", ".local/state");
  return join(state, "bulkhead/history.db");
}
