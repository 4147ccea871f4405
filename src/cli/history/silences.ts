import { failed, ok, type Result } from "../../base/result.ts";
import { didYouMean } from "../../base/suggest.ts";
import { visible } from "../../base/visible.ts";
import { padEnd } from "../../base/width.ts";
import { controls, findControl } from "../../controls/registry.ts";
import {
  type Database,
  type HistoryEntry,
  type KeptSilence,
  openDatabase,
  openSilences,
  queryHistory,
  shownSilence,
  whyDatabase,
} from "../../fleet/history.ts";
import { isInForce } from "../../model/exemption.ts";
import { severities } from "../../model/severity.ts";
import { redactSource } from "../../report/secrets/redact.ts";
import { type SilenceRequest, untilForms, untilOf } from "../../watch/changes/silence.ts";
import { sayTime, sayUntil } from "../../watch/outputs/words.ts";
import { authorOf } from "../common/author.ts";
import { complain } from "../common/complain.ts";
import { historyPath, type SilenceOptions, type SilencesOptions } from "./options.ts";

/** `bulkhead history ack`. Answers the exit status: 0 done, 2 wrong use or no history that can be written. */
export async function acknowledge(
  control: string,
  subject: string,
  options: SilenceOptions,
): Promise<number> {
  const asked = readRequest(control, options);
  if (!asked.ok) return complain(asked.reason);
  if (control === "*" || subject.includes("*"))
    return complain("ack is for one finding; for patterns use bulkhead history silence");
  return await within(options, (database) => {
    const open = queryHistory(database, { since: undefined, subject, control, openOnly: true });
    if (open.length === 0)
      return failed(
        `${subject} has no open finding of ${control}; bulkhead history --open lists what is open`,
      );
    return ok(
      open.map((entry) =>
        add(database, {
          ...{ kind: "acknowledged", control, subject: entry.subject, severity: severityOf(entry) },
          ...asked.value,
        }),
      ),
    );
  });
}

/** `bulkhead history silence`. */
export async function silence(control: string, subject: string, options: SilenceOptions): Promise<number> {
  const asked = readRequest(control, options);
  if (!asked.ok) return complain(asked.reason);
  return await within(options, (database) =>
    ok([add(database, { kind: "silenced", control, subject, severity: "critical", ...asked.value })]),
  );
}

/** `bulkhead history silences`. */
export async function listSilences(options: SilencesOptions): Promise<number> {
  const database = await openDatabase(historyPath(options.history), { readonly: true });
  if (!database.ok) return complain(database.reason);
  try {
    const now = Date.now();
    const shown = openSilences(database.value)
      .all()
      .filter((each) => options.all || isCurrent(each, now));
    if (options.format === "json") {
      const silences = shown.map(shownSilence);
      process.stdout.write(`${JSON.stringify({ schemaVersion: 1, silences }, null, 2)}\n`);
    } else if (shown.length === 0) process.stdout.write("nothing is acknowledged or silenced\n");
    else for (const each of shown) process.stdout.write(`${line(each, now)}\n`);
    return 0;
  } finally {
    database.value.close();
  }
}

/** `bulkhead history end`. */
export async function endSilence(number: string, options: Pick<SilenceOptions, "history">): Promise<number> {
  const id = /^\d{1,9}$/.test(number) ? Number(number) : undefined;
  if (id === undefined) return complain(`${number} is not a number: bulkhead history silences shows them`);
  return await within(options, (database) =>
    openSilences(database).end(id, authorOf(), Date.now())
      ? ok([`ended: number ${id}`])
      : failed(`no active silence ${id}: see bulkhead history silences`),
  );
}

type Asked = Pick<SilenceRequest, "reason" | "until">;

function readRequest(control: string, { reason, until }: SilenceOptions): Result<Asked> {
  if (control !== "*" && !findControl(control)) {
    const ids = controls.map(({ id }) => id);
    return failed(
      `there is no control “${control}”${didYouMean(control, ids)}; bulkhead controls lists them`,
    );
  }
  // It goes to the history and to every screen, where a secret is for ever.
  const said = redactSource(reason.trim());
  if (said === "") return failed("--reason is empty: say why");
  const now = Date.now();
  const time = until === undefined ? undefined : untilOf(until, now);
  if (until !== undefined && time === undefined)
    return failed(`--until ${until} is not a time: ${untilForms} is expected`);
  if (time !== undefined && time <= now) return failed(`--until ${until} is over`);
  return ok({ reason: said, until: time });
}

async function within(
  { history }: Pick<SilenceOptions, "history">,
  change: (database: Database) => Result<readonly string[]>,
): Promise<number> {
  const path = historyPath(history);
  // Only a watch begins a history: a wrong path would make one that nobody reads.
  const readable = await openDatabase(path, { readonly: true });
  if (!readable.ok) return complain(readable.reason);
  readable.value.close();
  const database = await openDatabase(path);
  if (!database.ok) return complain(database.reason);
  try {
    const done = change(database.value);
    if (!done.ok) return complain(visible(done.reason));
    for (const each of done.value) process.stdout.write(`${each}\n`);
    return 0;
  } catch (error) {
    return complain(`${path} cannot be written: ${whyDatabase(error)}`);
  } finally {
    database.value.close();
  }
}

function add(database: Database, request: SilenceRequest): string {
  const { id, kind, control, subject, until } = openSilences(database).add(request, authorOf(), Date.now());
  return `${kind}: ${control} on ${visible(subject)}, ${sayUntil(until)} (number ${id})`;
}

function severityOf({ severity }: HistoryEntry): SilenceRequest["severity"] {
  return severities.find((each) => each === severity) ?? "info";
}

function isCurrent(each: KeptSilence, now: number): boolean {
  return each.ended === undefined && isInForce(each, now);
}

/** `3  acknowledged  privileged  container:web  until it is resolved  root: GPU driver (since 2027-01-31 12:00:00Z)`. */
function line(each: KeptSilence, now: number): string {
  const { id, kind, control, subject, until, by, reason, since, ended, endedBy } = each;
  const over =
    ended !== undefined
      ? `ended ${sayTime(ended)} (${visible(endedBy ?? "")})`
      : `${isCurrent(each, now) ? "" : "over: "}${sayUntil(until)}`;
  return [
    String(id).padEnd(3),
    padEnd(kind, 12),
    padEnd(control, 20),
    padEnd(visible(subject), 20),
    over,
    `${visible(by)}: ${visible(reason)} (since ${sayTime(since)})`,
  ].join("  ");
}
