import { isRecord } from "../../base/json.ts";
import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";

type FieldCheck = (value: unknown, context: CheckContext) => readonly Reason[];

/** How a field of a body is judged; every field that the Engine decodes has one. */
export type Field =
  /** By controls, through the container's view: fields.test.ts observes which. */
  | { readonly by: "controls" }
  /** By a check of the guard's own; asked only where the field has a value. */
  | { readonly by: "check"; readonly check: FieldCheck }
  /** Field by field: a struct, or each item of a list or map. */
  | { readonly by: "fields"; readonly fields: Fields; readonly each: boolean }
  /** By this function, which looks at more than the field. */
  | { readonly by: "function"; readonly judge: (...given: never[]) => unknown }
  | { readonly by: "nobody"; readonly why: string };

export type Fields = Readonly<Record<string, Field>>;

export const byControls: Field = { by: "controls" };

export function byCheck(check: FieldCheck): Field {
  return { by: "check", check };
}

export function within(fields: Fields): Field {
  return { by: "fields", fields, each: false };
}

export function eachOf(fields: Fields): Field {
  return { by: "fields", fields, each: true };
}

export function judgedBy(judge: (...given: never[]) => unknown): Field {
  return { by: "function", judge };
}

export function harmless(why: string): Field {
  return { by: "nobody", why };
}

/** Go's zero values, null and empty containers: what a client that leaves a field alone sends. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** What the checks have against the fields of a struct, and of the structs in it. */
export function checkFields(struct: unknown, fields: Fields, context: CheckContext): readonly Reason[] {
  if (!isRecord(struct)) return [];
  return Object.entries(struct).flatMap(([name, value]): readonly Reason[] => {
    if (saysNothing(value)) return [];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      const message = `sets ${name}, which this version of the guard cannot judge`;
      return [{ rule: "guard-unknown", message }];
    }
    if (field.by === "check") return field.check(value, context);
    if (field.by !== "fields") return [];
    const structs = field.each ? Object.values(value as object) : [value];
    return structs.flatMap((each) => checkFields(each, field.fields, context));
  });
}
