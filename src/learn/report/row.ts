import { visible } from "../../base/visible.ts";
import { wrap } from "../../base/width.ts";
import type { Look } from "../../fix/describe.ts";

const indent = " ".repeat(16);

/** Lines behind a name, wrapped to the width. */
export function row(name: string, lines: readonly string[], { width }: Look): readonly string[] {
  const wrapped = lines.flatMap((line) => wrap(visible(line), Math.max(40, width - indent.length)));
  return wrapped.map((line, at) => `${at === 0 ? `  ${name}`.padEnd(indent.length) : indent}${line}\n`);
}
