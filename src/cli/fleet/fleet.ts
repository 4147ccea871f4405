import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { didYouMean } from "../../base/suggest.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd } from "../../base/width.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { severities } from "../../model/severity.ts";
import { styleOf } from "../../report/text/style.ts";
import { sentence } from "../../report/words.ts";
import { complain } from "../common/complain.ts";
import { wantsColour } from "../common/progress.ts";
import { type FleetClient, fleetClient } from "./client.ts";
import type { FindingFilters, FleetFindingsOptions, FleetOptions } from "./options.ts";

/** Findings, or hosts, that are asked for at once. */
const part = 500;

/** `bulkhead fleet findings`. Answers the exit status: 0 listed, 2 wrong use or no answer. */
export async function listFleetFindings(options: FleetFindingsOptions): Promise<number> {
  const client = fleetClient(options, process.env);
  if (!client.ok) return complain(client.reason);
  const findings = await readFindings(client.value, options);
  if (!findings.ok) return complain(visible(findings.reason));
  return print(options, "findings", findings.value, findingLines);
}

/** `bulkhead fleet hosts`. Answers the exit status: 0 listed, 2 wrong use or no answer. */
export async function listFleetHosts(options: FleetOptions): Promise<number> {
  const client = fleetClient(options, process.env);
  if (!client.ok) return complain(client.reason);
  const hosts = await readHosts(client.value);
  if (!hosts.ok) return complain(visible(hosts.reason));
  return print(options, "hosts", hosts.value, hostLines);
}

async function readHosts(client: FleetClient): Promise<Result<readonly unknown[]>> {
  return await readParts(client, "hosts", {});
}

/** All of them, part by part. */
async function readParts(
  client: FleetClient,
  name: "hosts" | "findings",
  query: Readonly<Record<string, string | undefined>>,
): Promise<Result<readonly unknown[]>> {
  const found: unknown[] = [];
  for (;;) {
    const answer = await client.get(`/${name}`, {
      ...query,
      limit: String(part),
      offset: String(found.length),
    });
    if (!answer.ok) return answer;
    const more = itemsOf(recordAt(answer.value)[name]);
    found.push(...more);
    if (more.length < part) return ok(found);
  }
}

/** The id of a host by its name or its id. */
export async function hostNamed(client: FleetClient, name: string): Promise<Result<string>> {
  const hosts = await readHosts(client);
  if (!hosts.ok) return hosts;
  const [one, ...others] = hosts.value.filter(
    (each) => textAt(each, "id") === name || textAt(each, "name") === name,
  );
  if (others.length > 0)
    return failed(`several hosts are named ${name}: give the id, as --format json shows it`);
  const id = textAt(one, "id");
  return id === undefined ? failed(`no host is named ${name}: bulkhead fleet hosts lists them`) : ok(id);
}

export async function readFindings(
  client: FleetClient,
  { control, severity, on, subject, image, project, search, state }: FindingFilters,
): Promise<Result<readonly unknown[]>> {
  if (control !== undefined && !findControl(control)) {
    const ids = controls.map(({ id }) => id);
    return failed(
      `there is no control “${control}”${didYouMean(control, ids)}; bulkhead controls lists them`,
    );
  }
  const named = on === undefined ? ok(undefined) : await hostNamed(client, on);
  if (!named.ok) return named;
  const host = named.value;
  const query = {
    ...{ control, host, subject, image, project, q: search, state },
    severity: severity.length > 0 ? severity.join(",") : undefined,
  };
  return await readParts(client, "findings", query);
}

function print(
  options: FleetOptions,
  name: string,
  items: readonly unknown[],
  lines: (items: readonly unknown[], colour: boolean) => readonly string[],
): number {
  const text =
    options.format === "json"
      ? JSON.stringify({ schemaVersion: 1, [name]: items }, null, 2)
      : lines(items, options.color !== false && wantsColour()).join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}

export function findingLines(items: readonly unknown[], colour: boolean): readonly string[] {
  if (items.length === 0) return ["No findings match."];
  const { bold, severity: paint } = styleOf(colour);
  const of = (item: unknown, field: string) => visible(textAt(item, field) ?? "");
  const width = (field: string) =>
    Math.min(40, Math.max(...items.map((each) => displayWidth(of(each, field)))));
  const [host, control, subject] = [width("hostName"), width("control"), width("subject")];
  return items.map((item) => {
    const weight = severities.find((each) => each === textAt(item, "severity")) ?? "info";
    const shown = textAt(item, "verdict") === "unknown" ? "unknown" : weight;
    return [
      paint(weight, padEnd(shown, 8)),
      padEnd(of(item, "hostName"), host),
      bold(padEnd(of(item, "control"), control)),
      padEnd(of(item, "subject"), subject),
      sentence(of(item, "message")),
    ].join("  ");
  });
}

function hostLines(items: readonly unknown[], colour: boolean): readonly string[] {
  if (items.length === 0) return ["No host was read yet."];
  const { bold, dim, severity: paint } = styleOf(colour);
  const nameOf = (item: unknown) => visible(textAt(item, "name") ?? "");
  const width = Math.min(40, Math.max(...items.map((each) => displayWidth(nameOf(each)))));
  return items.map((item) => {
    const { connected, seen, containers, bySeverity } = recordAt(item);
    const open = severities
      .toReversed()
      .flatMap((severity) => {
        const number = recordAt(bySeverity)[severity];
        return typeof number === "number" && number > 0 ? [paint(severity, `${number} ${severity}`)] : [];
      })
      .join(", ");
    const state = connected === true ? "" : "; its Engine does not answer";
    const heard = typeof seen === "number" ? new Date(seen).toISOString().slice(0, 19).replace("T", " ") : "";
    return `${bold(padEnd(nameOf(item), width))}  ${open === "" ? "nothing open" : open}  ${dim(
      `${String(containers)} containers, heard of ${heard}${state}`,
    )}`;
  });
}
