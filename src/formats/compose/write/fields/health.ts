import { failed, ok, type Result } from "../../../../base/result.ts";
import type { Healthcheck } from "../../../../model/container-values.ts";
import { at } from "../../yaml/node.ts";
import { type ServiceDraft, unsetValue, update } from "../yaml/draft.ts";
import { leaf, type MapTree } from "../yaml/tree.ts";

/** Turns a health check off, or on again. It never invents a command. */
export function writeHealthcheck(
  tree: MapTree,
  wanted: Healthcheck | undefined,
  draft: ServiceDraft,
): Result<MapTree> {
  if (wanted === undefined) return unsetValue(tree, draft, ["healthcheck"]);
  if (wanted === "none") return update(tree, draft, ["healthcheck", "disable"], () => leaf("true"));
  const isDisabled = at(draft.merged, "healthcheck", "disable") !== undefined;
  if (!isDisabled || at(draft.merged, "healthcheck", "test") === undefined)
    return failed("what the health check is to run is not known");
  const enabled = unsetValue(tree, draft, ["healthcheck", "disable"]);
  return enabled.ok ? ok(enabled.value) : enabled;
}
