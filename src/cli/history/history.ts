import { didYouMean } from "../../base/suggest.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd } from "../../base/width.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { type HistoryEntry, type HistorySilence, openDatabase, queryHistory } from "../../fleet/history.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import { isDate } from "../../model/exemption.ts";
import { severities } from "../../model/severity.ts";
import { styleOf } from "../../report/text/style.ts";
import { sentence } from "../../report/words.ts";
import { momentOf } from "../../watch/changes/silence.ts";
import { sayTime, sayUntil } from "../../watch/outputs/words.ts";
import { complain } from "../common/complain.ts";
import { wantsColour } from "../common/progress.ts";
import { type HistoryOptions, historyPath } from "./options.ts";

/** `bulkhead history`. Answers the exit status: 0 shown, 2 wrong use or no history that can be read. */
export async function runHistory(options: HistoryOptions): Promise<number> {
  const since = options.since === undefined ? undefined : timeOf(options.since, Date.now());
  if (options.since !== undefined && since === undefined) {
    return complain(
      `--since ${options.since} is not a time: 24h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z is expected`,
    );
  }
  if (options.control !== undefined && !findControl(options.control)) {
    const ids = controls.map(({ id }) => id);
    return complain(
      `there is no control “${options.control}”${didYouMean(options.control, ids)}; bulkhead controls lists them`,
    );
  }
  const database = await openDatabase(historyPath(options.history), { readonly: true });
  if (!database.ok) return complain(database.reason);
  try {
    const entries = queryHistory(database.value, {
      since,
      subject: options.subject,
      control: options.control,
      openOnly: options.open ?? false,
    });
    process.stdout.write(printed(entries, options));
    return 0;
  } finally {
    database.value.close();
  }
}

/** Milliseconds since 1970: a duration before `now`, a day, or a moment; undefined for anything else. */
export function timeOf(text: string, now: number): number | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  return isDate(text) ? Date.parse(`${text}T00:00:00Z`) : momentOf(text);
}

function printed(entries: readonly HistoryEntry[], options: HistoryOptions): string {
  switch (options.format) {
    case "json":
      return `${JSON.stringify({ schemaVersion: 1, findings: entries }, null, 2)}\n`;
    case "csv":
      return csv(entries);
    case "text":
      return text(entries, options.color !== false && wantsColour());
  }
}

const columns = [
  ...[
    "firstSeen",
    "lastSeen",
    "resolved",
    "severity",
    "verdict",
    "control",
    "subject",
    "level",
    "message",
    "host",
  ],
] as const satisfies readonly (keyof HistoryEntry)[];

/** RFC 4180. A cell that a spreadsheet would run as a formula is made a text. */
function csv(entries: readonly HistoryEntry[]): string {
  const rows = entries.map((entry) => columns.map((column) => cell(entry[column] ?? "")).join(","));
  return `${[columns.join(","), ...rows].join("\r\n")}\r\n`;
}

function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function text(entries: readonly HistoryEntry[], colour: boolean): string {
  if (entries.length === 0) return "nothing was seen\n";
  const { bold, dim, severity: paint } = styleOf(colour);
  const subjectWidth = Math.min(
    40,
    Math.max(...entries.map(({ subject }) => displayWidth(visible(subject)))),
  );
  const controlWidth = Math.max(...entries.map(({ control }) => control.length));
  const lines = entries.map(
    ({ firstSeen, lastSeen, resolved, severity, verdict, control, subject, message, silences }) => {
      const weight = severities.find((each) => each === severity) ?? "info";
      const period = `${sayTime(firstSeen)} – ${resolved === null ? padEnd("open", 20) : sayTime(resolved)}`;
      const seen = resolved === null ? dim(` (last seen ${sayTime(lastSeen)})`) : "";
      return [
        resolved === null ? period : dim(period),
        paint(weight, padEnd(verdict === "unknown" ? "unknown" : severity, 8)),
        bold(padEnd(control, controlWidth)),
        padEnd(visible(subject), subjectWidth),
        `${visible(sentence(message))}${seen}${dim(silences.map(saySilence).join(""))}`,
      ].join("  ");
    },
  );
  return `${lines.join("\n")}\n`;
}

/** ` (acknowledged by root until it is resolved; why: GPU driver)`. */
function saySilence({ kind, by, until, reason, ended, endedBy }: HistorySilence): string {
  const lasts =
    ended === null
      ? sayUntil(until === null ? undefined : Date.parse(until))
      : `until ${sayTime(ended)}, ended: ${visible(endedBy ?? "")}`;
  return ` (${kind} by ${visible(by)} ${lasts}; why: ${visible(reason)})`;
}
