import type { Line } from "./host.ts";

/** A block of indented code while its lines are read. */
interface IndentedCode {
  readonly language: "";
  readonly lines: Line[];
}

const listItem = /^([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(?=\S)/;

/**
 * Finds indented code (https://spec.commonmark.org/0.31.2/#indented-code-blocks), line by line: four columns more than
 * the text around it, which in a list begins behind the item's mark, and after a blank line, for else the line goes on
 * with a paragraph. Answers a block with its first line; later lines are added to it.
 */
export function indentedCode(): (line: Line) => IndentedCode | undefined {
  /** Where the text of each open list item begins. */
  let items: readonly number[] = [];
  let afterBlank = true;
  let open: IndentedCode | undefined;
  return (line) => {
    if (line.text.trim() === "") {
      afterBlank = true;
      return undefined;
    }
    const isFirst = afterBlank;
    afterBlank = false;
    const indent = columns(/^[ \t]*/.exec(line.text)?.[0] ?? "");
    if (isFirst) items = items.filter((from) => from <= indent);
    const needed = (items.at(-1) ?? 0) + 4;
    if (indent >= needed && (isFirst || open)) {
      const content = withoutColumns(line, needed);
      if (open) {
        open.lines.push(content);
        return undefined;
      }
      open = { language: "", lines: [content] };
      return open;
    }
    open = undefined;
    const item = listItem.exec(line.text);
    if (item) items = [...items.filter((from) => from <= indent), columns(item[0])];
    return undefined;
  };
}

/** A tab goes to the next column that four divides. */
function columns(text: string): number {
  let width = 0;
  for (const character of text) width += character === "\t" ? 4 - (width % 4) : 1;
  return width;
}

function withoutColumns(line: Line, wanted: number): Line {
  let from = 0;
  while (from < line.text.length && columns(line.text.slice(0, from + 1)) <= wanted) from += 1;
  return { text: line.text.slice(from), start: line.start + from };
}
