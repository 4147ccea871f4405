import type { FileOrigin } from "../../model/origin.ts";
import type { Range } from "./passage.ts";

/** Turns offsets of a text into lines and columns. `\n`, `\r\n` and a lone `\r` end a line. */
export interface Lines {
  origin(range: Range): FileOrigin;
}

export function linesOf(text: string, file: string): Lines {
  const starts = [0];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 10 || (code === 13 && text.charCodeAt(index + 1) !== 10)) starts.push(index + 1);
  }
  const position = (offset: number) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
  return {
    origin(range) {
      const start = position(range.start);
      const end = position(range.end);
      return {
        file,
        startLine: start.line,
        startColumn: start.column,
        endLine: end.line,
        endColumn: end.column,
      };
    },
  };
}
