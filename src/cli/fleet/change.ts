import { isRecord, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import { complain } from "../common/complain.ts";
import { type FleetClient, fleetClient } from "./client.ts";
import { findingLines, hostNamed, readFindings } from "./fleet.ts";
import type { FleetAcceptOptions, FleetAssignOptions, FleetEnrolOptions, FleetOptions } from "./options.ts";

/** What was changed: as a document, and as lines. */
interface Changed {
  readonly document: object;
  readonly lines: readonly string[];
}

type Change<T> = (client: FleetClient, options: T) => Promise<Result<Changed>>;

/** Runs one change of `bulkhead fleet`. Answers the exit status: 0 changed, 2 wrong use or refused. */
export async function changeFleet<T extends FleetOptions>(change: Change<T>, options: T): Promise<number> {
  const client = fleetClient(options, process.env);
  if (!client.ok) return complain(client.reason);
  const done = await change(client.value, options);
  if (!done.ok) return complain(visible(done.reason));
  const { document, lines } = done.value;
  const text =
    options.format === "json" ? JSON.stringify({ schemaVersion: 1, ...document }, null, 2) : lines.join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}

function numberAt(value: unknown, field: string): number | undefined {
  const found = isRecord(value) ? value[field] : undefined;
  return typeof found === "number" ? found : undefined;
}

interface Chosen {
  readonly ids: readonly number[];
  /** As `bulkhead fleet findings` shows them. */
  readonly lines: readonly string[];
}

/** The open findings that the filters choose; without --all exactly one. */
async function chosen(
  client: FleetClient,
  options: FleetAcceptOptions | FleetAssignOptions,
): Promise<Result<Chosen>> {
  const found = await readFindings(client, { ...options, state: "open" });
  if (!found.ok) return found;
  const ids = found.value.flatMap((each) => numberAt(each, "id") ?? []);
  if (ids.length === 0) return failed("no open finding matches");
  if (ids.length > 1 && !options.all)
    return failed(`${ids.length} open findings match: name a single one, or give --all`);
  return ok({ ids, lines: findingLines(found.value, false) });
}

export const accept: Change<FleetAcceptOptions> = async (client, options) => {
  const some = await chosen(client, options);
  if (!some.ok) return some;
  const { reason, until } = options;
  const acceptances: unknown[] = [];
  const lines: string[] = [];
  for (const [index, finding] of some.value.ids.entries()) {
    const body = { scope: "finding", finding, reason, until };
    const answer = await client.send("POST", "/acceptances", body);
    if (!answer.ok) return failed(`${answer.reason}${soFar(index, some.value.ids.length)}`);
    const state = textAt(answer.value, "state");
    acceptances.push({ finding, id: numberAt(answer.value, "id"), state });
    lines.push(
      `${state === "waiting" ? "waits for a review" : `accepted until ${until}`}  ${some.value.lines[index]}`,
    );
  }
  return ok({ document: { acceptances }, lines });
};

function soFar(done: number, all: number): string {
  return done === 0 ? "" : `; ${done} of ${all} are accepted`;
}

/** Findings that one request assigns at most. */
const atOnce = 500;

export const assign: Change<FleetAssignOptions> = async (client, options) => {
  const some = await chosen(client, options);
  if (!some.ok) return some;
  const { to, due = null, comment = "" } = options;
  const assigned: unknown[] = [];
  for (let at = 0; at < some.value.ids.length; at += atOnce) {
    const findings = some.value.ids.slice(at, at + atOnce);
    const body = { findings, assignee: to === "" ? null : to, due, comment };
    const answer = await client.send("POST", "/assignments", body);
    if (!answer.ok)
      return failed(`${answer.reason}${at === 0 ? "" : `; ${at} of ${some.value.ids.length} are assigned`}`);
    assigned.push(...findings);
  }
  const who = to === "" ? "nobody" : visible(to);
  const by = due === null ? "" : ` until ${due}`;
  return ok({
    document: { assigned, to: to === "" ? null : to, due },
    lines: some.value.lines.map((line) => `${who}${by}  ${line}`),
  });
};

export const enrol: Change<FleetEnrolOptions> = async (client, { hours, label }) => {
  const answer = await client.send("POST", "/enrolments", { hours, labels: label.length > 0 ? label : null });
  if (!answer.ok) return answer;
  const token = textAt(answer.value, "token") ?? "";
  return ok({ document: { token, expires: numberAt(answer.value, "expires") }, lines: [token] });
};

export const remove =
  (name: string): Change<FleetOptions> =>
  async (client) => {
    const id = await hostNamed(client, name);
    if (!id.ok) return id;
    const answer = await client.send("DELETE", `/hosts/${encodeURIComponent(id.value)}`);
    return answer.ok
      ? ok({ document: { removed: id.value }, lines: [`${visible(name)} is removed`] })
      : answer;
  };
