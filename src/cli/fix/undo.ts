import { relative } from "node:path";
import { undoApply } from "../../fix/undo/undo.ts";
import { complain } from "../common/complain.ts";
import type { FixOptions } from "./options.ts";
import { wrongUseOf } from "./wrong-use.ts";

/** `bulkhead fix --undo [PATH…]`. Answers the exit status: 0 all is back, 2 nothing, or not all. */
export function undoFiles(targets: readonly string[], options: FixOptions): number {
  const wrong = wrongUseOf("files", options);
  if (wrong !== undefined) return complain(wrong);
  const done = undoApply(targets.length === 0 ? ["."] : targets);
  if (!done.ok) return complain(done.reason);
  if (done.value.length === 0) process.stderr.write("bulkhead: everything is as it was before --apply\n");
  for (const { path, removed } of done.value) {
    const name = relative(process.cwd(), path) || path;
    process.stderr.write(
      `bulkhead: ${name} is ${removed ? "removed: --apply had made it" : "as it was before --apply"}\n`,
    );
  }
  return 0;
}
