import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";

/** How a field of a body is judged; every field that the Engine decodes has one. */
export type Field =
  /** By these controls, through the container's view. */
  | { readonly by: "controls"; readonly ids: readonly string[] }
  /** By rules of the guard's own; asked only where the field says something. */
  | { readonly by: "rules"; readonly judge: (value: unknown, context: CheckContext) => readonly Reason[] }
  /** By a judge that looks at more than this field: `names.ts`, `mounts.ts`. */
  | { readonly by: "judge"; readonly where: string }
  | { readonly by: "nobody"; readonly why: string };

export type Fields = Readonly<Record<string, Field>>;

export function byControls(...ids: readonly string[]): Field {
  return { by: "controls", ids };
}

export function byRule(judge: (value: unknown, context: CheckContext) => readonly Reason[]): Field {
  return { by: "rules", judge };
}

export function byJudge(where: string): Field {
  return { by: "judge", where };
}

export function harmless(why: string): Field {
  return { by: "nobody", why };
}

/** Go's zero values, null and empty containers: what a client that leaves a field alone sends. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** What the rules have against the fields of a struct. */
export function checkFields(
  struct: Readonly<Record<string, unknown>>,
  fields: Fields,
  context: CheckContext,
): readonly Reason[] {
  return Object.entries(struct).flatMap(([name, value]): readonly Reason[] => {
    if (saysNothing(value)) return [];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      return [
        { rule: "guard-unknown", message: `says ${name}, which this version of the guard cannot judge` },
      ];
    }
    return field.by === "rules" ? field.judge(value, context) : [];
  });
}
