import { type JoinBuilder, type RawBuilder, type Selectable, type SelectQueryBuilder, sql } from "kysely";
import { severities } from "../../../model/severity.ts";
import type { FleetDatabase } from "../open.ts";
import type { FindingTable, FleetSchema } from "../schema/schema.ts";
import { inSight, type Sight, seesTeam } from "../teams/sight.ts";

/**
 * An accepted finding is not resolved, and not counted as open while its acceptance is in force. `worse`: it is open, and got
 * worse meanwhile.
 */
export const findingStates = ["open", "worse", "accepted", "resolved"] as const;
export type FindingState = (typeof findingStates)[number];

/** When a finding came into its state. */
const timeOf = {
  open: "finding.opened",
  worse: "finding.worsened",
  accepted: "finding.accepted",
  resolved: "finding.resolved",
} as const;

/** Worst first, or by the time when they came into their state. */
export const sorts = ["worst", "newest", "oldest"] as const;

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
  /** It came into its state from this time on, and before that one; milliseconds since 1970. */
  readonly since: number | undefined;
  readonly before: number | undefined;
  /** Of its host: `env=prod`, and the number of a team in sight. */
  readonly label: string | undefined;
  readonly team: number | undefined;
  /** Who looks after it. */
  readonly assignee: string | undefined;
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
  since: undefined,
  before: undefined,
  label: undefined,
  team: undefined,
  assignee: undefined,
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
  if (query.state === "open" || query.state === "worse") {
    select = select.where("finding.acceptance", "is", null);
  }
  if (query.state === "worse") select = select.where("finding.worsened", "is not", null);
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
  if (query.since !== undefined) select = select.where(timeOf[query.state], ">=", query.since);
  if (query.before !== undefined) select = select.where(timeOf[query.state], "<", query.before);
  if (query.assignee !== undefined) {
    select = select.where(
      "finding.id",
      "in",
      database.selectFrom("assignment").select("finding").where("assignee", "=", query.assignee),
    );
  }
  return select.where(onHosts("finding.host", query));
}

/** Holds for the hosts that have the label and belong to the team; `host` names the column with a host's id. */
export function onHosts(host: string, { label, team, sight }: FindingsQuery): RawBuilder<boolean> {
  const column = sql.ref(host);
  const all = [sql`1 = 1`];
  if (label !== undefined) {
    const at = label.indexOf("=");
    // As `labelsText` writes it: a quotation mark inside a name or a value has a backslash before it.
    const written = `${JSON.stringify(label.slice(0, at))}:${JSON.stringify(label.slice(at + 1))}`;
    const like = `%${likeText(written)}%`;
    all.push(
      sql`${column} in (select labelled.id from host as labelled where labelled.labels like ${like} escape '\\')`,
    );
  }
  // A team out of sight has no host here.
  if (team !== undefined) all.push(inSight(host, seesTeam(sight, team) ? [team] : []));
  return sql<boolean>`(${sql.join(all, sql` and `)})`;
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

export function orderOf({ state }: FindingsQuery, sort: (typeof sorts)[number]): RawBuilder<unknown> {
  if (sort === "worst") return worstFirst;
  const direction = sql.raw(sort === "newest" ? "desc" : "asc");
  return sql`${sql.ref(timeOf[state])} ${direction}, finding.id ${direction}`;
}

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
