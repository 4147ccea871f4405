import type { FileOrigin } from "../../src/model/origin.ts";

/** The text that stands at a place. */
export function textAt(text: string, place: FileOrigin): string {
  const lines = text.split("\n");
  const offset = (line: number, column: number) =>
    lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  return text.slice(offset(place.startLine, place.startColumn), offset(place.endLine, place.endColumn));
}
