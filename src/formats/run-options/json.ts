import { type Node, type ParseError, type ParseOptions, parseTree } from "jsonc-parser";
import { type Gap, gap } from "../../model/gap.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";

/** The tree of a JSON text, as far as it could be read, and where it breaks off. */
export function readJson(
  text: string,
  { file, locate }: Surroundings,
  options?: ParseOptions,
): { readonly root: Node | undefined; readonly gaps: readonly Gap[] } {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, options);
  } catch {
    // The parser recurses: a text of nothing but brackets ends its stack.
    return { root: undefined, gaps: [gap("it is nested too deeply to be read", { file })] };
  }
  const [error] = errors;
  if (!error) return { root, gaps: [] };
  const location = locate({ start: error.offset, end: error.offset + error.length });
  return { root, gaps: [gap("it is not valid JSON", { location })] };
}
