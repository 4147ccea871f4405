import { type Command, InvalidArgumentError, Option } from "commander";
import { failed, ok, type Result } from "../../base/result.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import { severities } from "../../model/severity.ts";
import type { JobKind } from "../../watch/job-kinds.ts";
import {
  addColourOption,
  addConfigOptions,
  addEngineOptions,
  collect,
  list,
} from "../common/common-options.ts";
import { jobKind } from "../common/own-commands/own-command.ts";

/** What `bulkhead watch` takes, as commander gives it. Durations are milliseconds. */
export interface WatchOptions {
  readonly format?: WatchFormat;
  readonly output: readonly string[];
  readonly interval?: number;
  readonly cooldown?: number;
  readonly once?: boolean;
  readonly prove?: ProveWhen;
  readonly severity?: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly config?: string | false;
  readonly metrics?: string;
  readonly webhook: readonly string[];
  readonly syslog: readonly string[];
  readonly reportTo?: string;
  readonly enrolTokenFile?: string;
  readonly label: readonly string[];
  readonly acceptances: boolean;
  readonly allow: readonly JobKind[];
  readonly history?: string | false;
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
  readonly color?: boolean;
}

const watchFormats = ["text", "jsonl", "journald", "view"] as const;
export type WatchFormat = (typeof watchFormats)[number];

/** Declares the options without loading what they need. */
export function addWatchOptions(command: Command): Command {
  command
    .summary("report when the Engine or a container loses hardening")
    .description(
      "Watch the Engine and its containers. watch reports which finding opened, what caused it, and when it is resolved: within a second after an event of the Engine, a written limit or a call of the kernel, else at the next look at the kernel. It judges the same controls as bulkhead audit engine.",
    )
    .addOption(
      new Option(
        "--format <name>",
        "view (a live view; the default on a terminal), text (one line for each change; the default elsewhere), journald (text with a priority; the default under systemd) or jsonl (one JSON document for each line)",
      ).choices(watchFormats),
    )
    .option(
      "-o, --output <path>",
      "append each change to this file as a line of JSON (repeatable)",
      collect,
      [],
    )
    .addOption(
      new Option(
        "--interval <duration>",
        "how often to read the kernel, which sends no events: 10s; the default is 5s, or longer if that takes more than 0.2 % of a CPU",
      ).argParser(atLeast(1_000)),
    )
    .addOption(
      new Option(
        "--cooldown <duration>",
        "how long a finding must stay away before it is reported as resolved (default: 10s)",
      ).argParser(atLeast(0)),
    )
    .option("--once", "look once, print what changed since the last watch, and exit")
    .addOption(
      new Option(
        "--prove <when>",
        "prove the running containers every day at this time (03:30) or in this interval (24h), one after the other, and report what held before and does not hold now; as root, or as the user of a rootless Engine",
      ).argParser(proveWhen),
    )
    .addOption(
      new Option(
        "--severity <severity>",
        "watch only findings of this severity or worse: info, low (the default), medium, high or critical",
      ).choices(severities),
    )
    .option("--only <control>", "check only these controls (repeatable, or with commas)", list, [])
    .option("--skip <control>", "do not check these controls (repeatable, or with commas)", list, []);
  addConfigOptions(command)
    .option("--metrics <address>", "serve metrics for Prometheus on this address: 127.0.0.1:9317")
    .option(
      "--webhook <url>",
      "post changes to this URL as JSON, signed if BULKHEAD_WEBHOOK_SECRET is set (repeatable; set URLs with secrets, Slack, Discord and ntfy in bulkhead.yaml)",
      collect,
      [],
    )
    .option(
      "--syslog <address>",
      "send changes to a syslog server: udp://host, tcp://host, tls://host or unix:///dev/log (repeatable)",
      collect,
      [],
    )
    .option(
      "--report-to <url>",
      "report to a bulkhead serve, which shows many hosts: https://bulkhead.example.org",
    )
    .option(
      "--enrol-token-file <path>",
      "the file that holds the token by which this host enrols there, the first time (or set BULKHEAD_ENROL_TOKEN)",
    )
    .addOption(
      new Option(
        "--allow <command>",
        "let operators of that bulkhead serve start prove, learn, fix or verify for a container of this host; fix and verify show changes and make none (repeatable; default: nothing)",
      )
        .argParser(jobKind)
        .default([], ""),
    )
    .option("--no-acceptances", "keep alerting here for findings that were accepted in that bulkhead serve")
    .option(
      "--label <name=value>",
      "what this host is, by which teams see it there: env=prod (repeatable)",
      collect,
      [],
    )
    .option(
      "--history <path>",
      "where to keep the history database (default: /var/lib/bulkhead/history.db, or ~/.local/state/bulkhead/history.db without root)",
    )
    .option("--no-history", "keep no history");
  addEngineOptions(command);
  return addColourOption(command).addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead watch                            on a terminal: open findings and changes
  bulkhead watch -o changes.jsonl           also write a line of JSON for each change
  bulkhead watch --metrics 127.0.0.1:9317   also serve metrics for Prometheus
  bulkhead watch --webhook https://hooks.example.org/bulkhead --syslog unix:///dev/log
                                            also notify others; bulkhead.yaml has more ways
  bulkhead watch --report-to https://bulkhead.example.org --enrol-token-file token --label env=prod
                                            also show this host on the page of bulkhead serve
  sudo bulkhead watch --prove 03:30         also prove every night that what held still holds
  bulkhead watch --once --format jsonl      what changed since the last watch

Exit status:
  0  ended by q, Ctrl-C or SIGTERM, or --once is done
  2  wrong use, or --once could not reach the Engine`;

function proveWhen(text: string): ProveWhen {
  const when = parseProveWhen(text);
  if (!when.ok) throw new InvalidArgumentError(`${when.reason.replace(/^a/, "A")}.`);
  return when.value;
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const duration = parseDuration(text);
    if (duration === undefined) throw new InvalidArgumentError("30s, 5m or 2h is expected.");
    if (duration < least) throw new InvalidArgumentError(`${least / 1000}s is the least.`);
    return duration;
  };
}

/** When containers are proven again. */
export type ProveWhen =
  /** Every day at this time of the host's clock. */
  | { readonly kind: "daily"; readonly hour: number; readonly minute: number }
  /** So many milliseconds after the last proof. */
  | { readonly kind: "every"; readonly interval: number };

const least = 60_000;

/** `03:30` or `24h`. */
export function parseProveWhen(text: string): Result<ProveWhen> {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour !== undefined && minute !== undefined)
    return ok({ kind: "daily", hour: Number(hour), minute: Number(minute) });
  const interval = parseDuration(text);
  if (interval === undefined) return failed("a time of day (03:30) or an interval (24h) is expected");
  if (interval < least) return failed("1m is the least");
  return ok({ kind: "every", interval });
}

/**
 * When the next proof is due. A time of day that passed while nobody watched waits for the next day: it was chosen because
 * the host has little to do then. An interval that is over is due at once. Milliseconds since 1970.
 */
export function nextProof(when: ProveWhen, now: number, last: number | undefined): number {
  if (when.kind === "every") return last === undefined ? now : Math.max(now, last + when.interval);
  const next = new Date(now);
  next.setHours(when.hour, when.minute, 0, 0);
  if (next.getTime() <= now) next.setDate(next.getDate() + 1);
  return next.getTime();
}
