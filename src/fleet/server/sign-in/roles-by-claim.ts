import { type Role, roles } from "../../store/accounts/roles.ts";

/** Which value of a claim gives which role; `*` is for everybody whom the provider signs in. */
export type RolesByValue = ReadonlyMap<string, Role>;

/** The highest role that the claims give; undefined where they give none. */
export function roleByClaims(
  claims: Readonly<Record<string, unknown>>,
  claim: string,
  byValue: RolesByValue,
): Role | undefined {
  const values = ["*", ...valuesOf(claimOf(claims, claim))];
  const given = values.flatMap((value) => byValue.get(value) ?? []);
  return roles.findLast((role) => given.includes(role));
}

/** Which value of a claim makes somebody a member of which team, by its name; `*` likewise. */
export type TeamsByValue = readonly (readonly [value: string, team: string])[];

/** The teams that the claims give. */
export function teamsByClaims(
  claims: Readonly<Record<string, unknown>>,
  claim: string,
  byValue: TeamsByValue,
): readonly string[] {
  const values = ["*", ...valuesOf(claimOf(claims, claim))];
  return byValue.flatMap(([value, team]) => (values.includes(value) ? team : []));
}

/** `groups`, or `realm_access.roles` within another claim. A name with dots in it is tried as it is first. */
export function claimOf(claims: Readonly<Record<string, unknown>>, claim: string): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim];
  let found: unknown = claims;
  for (const part of claim.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = Reflect.get(found, part);
  }
  return found;
}

function valuesOf(found: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  return list.filter((value) => typeof value === "string" && value !== "*") as string[];
}
