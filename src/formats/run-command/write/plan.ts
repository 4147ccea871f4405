import type { Result } from "../../../base/result.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Reader } from "./facts.ts";
import type { Line } from "./line.ts";
import { planAdd, planRemove, planReplace } from "./plan-item.ts";
import { planSet, planUnset } from "./plan-scalar.ts";

/** The line with the patch made, or why it cannot be. */
export function planPatch(line: Line, patch: ContainerPatch, reader: Reader): Result<Line> {
  if (patch.op === "set") return planSet(line, patch, reader);
  if (patch.op === "unset") return planUnset(line, patch, reader);
  if (patch.op === "add") return planAdd(line, patch, reader);
  return patch.op === "remove" ? planRemove(line, patch, reader) : planReplace(line, patch, reader);
}
