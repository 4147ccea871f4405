import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../formats/values/duration.ts";
import { severities } from "../../model/severity.ts";
import { addColourOption, addConfigOptions, addEngineOptions } from "../common/common-options.ts";
import { collect, list } from "../common/option-values.ts";

/** What `bulkhead watch` takes, as commander gives it. Durations are milliseconds. */
export interface WatchOptions {
  readonly format?: WatchFormat;
  readonly output: readonly string[];
  readonly interval?: number;
  readonly cooldown?: number;
  readonly once?: boolean;
  readonly severity?: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly config?: string | false;
  readonly metrics?: string;
  readonly webhook: readonly string[];
  readonly syslog: readonly string[];
  readonly history?: string | false;
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
  readonly color?: boolean;
}

export const watchFormats = ["text", "jsonl", "journald", "view"] as const;
export type WatchFormat = (typeof watchFormats)[number];

/** Declares the options without loading what they need. */
export function addWatchOptions(command: Command): Command {
  command
    .summary("watch the Engine: tell within a second when something stops being hardened")
    .description(
      "Watch the Engine and what it runs: tell within a second when something stops being hardened, by what, and when it is well again. Findings are those of bulkhead audit engine.",
    )
    .addOption(
      new Option(
        "--format <name>",
        "view (a live view, the default on a terminal), text (a line a change, the default elsewhere), journald (text with a priority, the default where systemd's journal reads it) or jsonl (one JSON document a line)",
      ).choices(watchFormats),
    )
    .option("-o, --output <path>", "append each change to a file as a line of JSON (repeatable)", collect, [])
    .addOption(
      new Option(
        "--interval <duration>",
        "the time between two looks at the kernel, for what no event tells: 10s; by default 5s, or as much more as keeps them below 0.2 % of a CPU",
      ).argParser(atLeast(1_000)),
    )
    .addOption(
      new Option(
        "--cooldown <duration>",
        "what got better is told once it has stayed so for this long: 10s is the default",
      ).argParser(atLeast(0)),
    )
    .option("--once", "look once, tell what changed since the last watch, and end")
    .addOption(
      new Option(
        "--severity <severity>",
        "watch only findings of this severity or worse: info, low (the default), medium, high or critical",
      ).choices(severities),
    )
    .option("--only <control>", "judge only these controls (repeatable, or with commas)", list, [])
    .option("--skip <control>", "leave these controls out (repeatable, or with commas)", list, []);
  addConfigOptions(command)
    .option("--metrics <address>", "serve metrics for Prometheus there: 127.0.0.1:9317")
    .option(
      "--webhook <url>",
      "post changes there as JSON, signed where BULKHEAD_WEBHOOK_SECRET is set (repeatable; what holds a secret, Slack, Discord and ntfy: in bulkhead.yaml)",
      collect,
      [],
    )
    .option(
      "--syslog <address>",
      "tell a syslog: udp://host, tcp://host, tls://host or unix:///dev/log (repeatable)",
      collect,
      [],
    )
    .option(
      "--history <path>",
      "the database of findings over time; by default /var/lib/bulkhead/history.db, or below ~/.local/state for who is not root",
    )
    .option("--no-history", "keep no history");
  addEngineOptions(command);
  return addColourOption(command).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead watch                            on a terminal: what is open, and what changes
  bulkhead watch -o changes.jsonl           and a line of JSON for each change
  bulkhead watch --metrics 127.0.0.1:9317   and metrics for Prometheus
  bulkhead watch --webhook https://hooks.example.org/bulkhead --syslog unix:///dev/log
                                            and tell others; more of them in bulkhead.yaml
  bulkhead watch --once --format jsonl      what changed since the last watch

Exit status:
  0  ended by q, Ctrl-C, SIGTERM, or --once
  2  wrong use, or an Engine that --once could not reach`;

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const duration = parseDuration(text);
    if (duration === undefined) throw new InvalidArgumentError("30s, 5m or 2h is expected.");
    if (duration < least) throw new InvalidArgumentError(`${least / 1000}s is the least.`);
    return duration;
  };
}
