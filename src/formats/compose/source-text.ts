import type { FileOrigin } from "../../model/origin.ts";
import type { Folder } from "./file-path.ts";

/** A text that was read, and how its offsets become lines and columns. */
export interface SourceText {
  /** The path as given. */
  readonly file: string;
  readonly text: string;
  /** What relative paths in it stand on. */
  readonly base: Folder;
  range(start: number, end: number): FileOrigin;
}

/** Lines end at a line feed, as every editor and report counts them. */
export function sourceText(file: string, text: string, base: Folder): SourceText {
  let starts: readonly number[] | undefined;
  function position(offset: number): { readonly line: number; readonly column: number } {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }
  return {
    file,
    text,
    base,
    range(start, end) {
      const from = position(start);
      const to = position(Math.max(start, end));
      return {
        file,
        startLine: from.line,
        startColumn: from.column,
        endLine: to.line,
        endColumn: to.column,
      };
    },
  };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const match of text.matchAll(/\n/g)) starts.push(match.index + match[0].length);
  return starts;
}
