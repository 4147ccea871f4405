import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Labels } from "../../../base/labels.ts";

/** Which hosts somebody may see: every one, or those of these teams. No team is no host. */
export type Sight = "all" | readonly number[];

/** Holds for the hosts in sight; `host` names the column with a host's id. */
export function inSight(host: string, sight: Sight): RawBuilder<SqlBool> {
  if (sight === "all") return sql<SqlBool>`1 = 1`;
  if (sight.length === 0) return sql<SqlBool>`1 = 0`;
  return sql<SqlBool>`${sql.ref(host)} in (select team_host.host from team_host where team_host.team in (${sql.join(sight)}))`;
}

/** What both see: a token never sees more than its account. */
export function narrower(one: Sight, other: Sight): Sight {
  if (one === "all") return other;
  if (other === "all") return one;
  return one.filter((team) => other.includes(team));
}

/** Whether something that is limited to this team is all in sight; null: it is limited to none. */
export function seesTeam(sight: Sight, team: number | null): boolean {
  return sight === "all" || (team !== null && sight.includes(team));
}

/** Whether a host with these labels belongs to a team with those. A team without a label has no host. */
export function belongs(labels: Labels, wanted: readonly string[]): boolean {
  const names = new Set(wanted.map((each) => each.slice(0, each.indexOf("="))));
  const has = (name: string) => Object.hasOwn(labels, name) && wanted.includes(`${name}=${labels[name]}`);
  return names.size > 0 && [...names].every(has);
}

/** The order of names tells nothing. */
export function labelsText(labels: Labels): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))),
  );
}

export function parseLabels(text: string): Labels {
  return JSON.parse(text);
}
