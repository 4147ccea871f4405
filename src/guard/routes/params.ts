import { filters as filterShape } from "../shapes/shape.ts";
import type { QueryParam } from "./route.ts";

export const text = { kind: "string" } as const satisfies QueryParam;
export const flag = { kind: "bool" } as const satisfies QueryParam;
/** As strconv.ParseBool reads it. */
export const strictFlag = { kind: "bool", strict: true } as const satisfies QueryParam;
/** Unset is true here, and the versions of the Engine differ about what stands there without a value. */
export const plainFlag = { kind: "bool", blank: "denied" } as const satisfies QueryParam;
export const number = { kind: "int" } as const satisfies QueryParam;
export const texts = { kind: "strings" } as const satisfies QueryParam;
export const unread = { kind: "ignored" } as const satisfies QueryParam;
export const filters = { kind: "json", shape: filterShape } as const satisfies QueryParam;
