import { type JoinBuilder, type RawBuilder, type Selectable, type SelectQueryBuilder, sql } from "kysely";
import { severities } from "../../../model/severity.ts";
import type { FleetDatabase } from "../open.ts";
import type { FindingTable, FleetSchema } from "../schema/schema.ts";
import { inSight, type Sight } from "../teams/sight.ts";

/** An accepted finding is not resolved, and not counted as open while its acceptance is in force. */
export const findingStates = ["open", "accepted", "resolved"] as const;
export type FindingState = (typeof findingStates)[number];

/** What findings are asked for, and by whom. */
export interface FindingsQuery extends FindingsFilter {
  /** On these hosts alone. */
  readonly sight: Sight;
}

/** All that is given has to hold. */
interface FindingsFilter {
  readonly state: FindingState;
  readonly severities: readonly string[];
  readonly control: string | undefined;
  readonly host: string | undefined;
  readonly subject: string | undefined;
  readonly image: string | undefined;
  readonly project: string | undefined;
  readonly area: string | undefined;
  /** Part of a control's id, a subject, a host's name, an image or the message. */
  readonly text: string | undefined;
  readonly verdict: "fail" | "unknown" | undefined;
  /** Milliseconds since 1970. */
  readonly openedSince: number | undefined;
}

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** A filter that leaves nothing out. */
export const everything: FindingsFilter = {
  state: "open",
  severities: [],
  control: undefined,
  host: undefined,
  subject: undefined,
  image: undefined,
  project: undefined,
  area: undefined,
  text: undefined,
  verdict: undefined,
  openedSince: undefined,
};

/** The name of the container that the subject in this column is about; null for another subject. */
function containerName(subject: string): RawBuilder<string> {
  const column = sql.ref(subject);
  return sql<string>`(case when ${column} like 'container:%' then substr(${column}, 11)
    when ${column} like 'exec:%' then substr(${column}, 6) end)`;
}

/** The container that a finding is about. */
export function ofContainer<J extends JoinBuilder<FleetSchema, "finding" | "container">>(join: J) {
  return join
    .onRef("container.host", "=", "finding.host")
    .on("container.name", "=", containerName("finding.subject"));
}

/** The container that a subject is. */
export function ofSubject<J extends JoinBuilder<FleetSchema, "open_subject" | "container">>(join: J) {
  return join
    .onRef("container.host", "=", "open_subject.host")
    .on("container.name", "=", containerName("open_subject.subject"));
}

/** Findings for which all holds but the text; no other table is joined, so that an index gives the worst first. */
export function matching(database: FleetDatabase, query: FindingsQuery) {
  let select = database
    .selectFrom("finding")
    .where("finding.resolved", query.state === "resolved" ? "is not" : "is", null)
    .where(inSight("finding.host", query.sight));
  if (query.state === "open") select = select.where("finding.acceptance", "is", null);
  if (query.state === "accepted") select = select.where("finding.acceptance", "is not", null);
  if (query.severities.length > 0) {
    // The weight says the same, and indexes begin with it.
    select = select.where("finding.weight", "in", query.severities.map(weightOf));
  }
  if (query.control !== undefined) select = select.where("finding.control", "=", query.control);
  if (query.host !== undefined) select = select.where("finding.host", "=", query.host);
  if (query.subject !== undefined) select = select.where("finding.subject", "=", query.subject);
  if (query.image !== undefined) select = select.where(aboutContainer("image", query.image));
  if (query.project !== undefined) select = select.where(aboutContainer("project", query.project));
  if (query.area !== undefined) select = select.where("finding.area", "=", query.area);
  if (query.verdict !== undefined) select = select.where("finding.verdict", "=", query.verdict);
  if (query.openedSince !== undefined) select = select.where("finding.opened", ">=", query.openedSince);
  return select;
}

/** -1, which no finding has, for what is no severity. */
function weightOf(severity: string): number {
  return (severities as readonly string[]).indexOf(severity);
}

/** Holds for findings of containers of this image or project. */
function aboutContainer(column: "image" | "project", value: string): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from container where container.host = finding.host
    and container.name = ${containerName("finding.subject")} and ${sql.ref(`container.${column}`)} = ${value})`;
}

type Findings = SelectQueryBuilder<FleetSchema, "finding", Selectable<FindingTable>>;

/** Findings with what is known of their container and host; the text has to hold, too. */
export function found(database: FleetDatabase, query: FindingsQuery) {
  return holding(query, named(database, matching(database, query).selectAll("finding")));
}

/** So many of the worst findings behind the first `offset`; of them those for which the text holds. */
export function foundAmongWorst(database: FleetDatabase, query: FindingsQuery, { offset, limit }: Page) {
  const some = matching(database, query).selectAll("finding").orderBy(worstFirst).offset(offset).limit(limit);
  const text = query.text ?? "";
  // The image last, and looked up for each: PostgreSQL would answer a join or an `exists` by reading the containers of all hosts.
  const image = sql`(select lower(container.image) from container where container.host = finding.host
    and container.name = ${containerName("finding.subject")}) like ${likeContaining(text)} escape '\\'`;
  return database
    .selectFrom(some.as("finding"))
    .innerJoin("host", "host.id", "finding.host")
    .where(
      sql<boolean>`(${contains(text, ["finding.control", "finding.subject", "finding.message", "host.name"])} or ${image})`,
    );
}

/** These findings with what is known of their container and host. */
export function named(database: FleetDatabase, findings: Findings) {
  return database
    .selectFrom(findings.as("finding"))
    .innerJoin("host", "host.id", "finding.host")
    .leftJoin("container", ofContainer);
}

function holding(query: FindingsQuery, select: ReturnType<typeof named>) {
  const columns = ["finding.control", "finding.subject", "finding.message", "host.name", "container.image"];
  return hasText(query) ? select.where(contains(query.text ?? "", columns)) : select;
}

/** The worst first, then the newest: the order of the index `finding_worst`. */
export const worstFirst = sql`finding.weight desc, finding.opened desc, finding.id desc`;

export function hasText({ text = "" }: FindingsQuery): boolean {
  return text !== "";
}

/** Holds where one of these columns contains the text, in capital or small letters. */
export function contains(text: string, columns: readonly string[]): RawBuilder<boolean> {
  const like = likeContaining(text);
  const each = columns.map((column) => sql`lower(${sql.ref(column)}) like ${like} escape '\\'`);
  return sql<boolean>`(${sql.join(each, sql` or `)})`;
}

/** A text as a pattern of LIKE that stands for itself, with `escape '\\'`. */
export function likeText(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** The pattern of LIKE, with `escape '\\'`, for what contains the text; small letters alone. */
function likeContaining(text: string): string {
  return `%${likeText(text.toLowerCase())}%`;
}
