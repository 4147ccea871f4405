import type { Span } from "../values/positions.ts";

/** `Key=value` of a systemd unit, with where the value stands; continued lines belong to it. */
export interface UnitEntry {
  readonly section: string;
  readonly key: string;
  readonly value: Span;
}

/** Splits a unit file, or a drop-in, into its entries in order (systemd.syntax(7)). */
export function unitEntries(text: string): readonly UnitEntry[] {
  const entries: UnitEntry[] = [];
  let section = "";
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  while (offset < text.length) {
    const end = lineEnd(text, offset);
    const line = text.slice(offset, end);
    const assignment = /^[ \t]*([A-Za-z][\w-]*)[ \t]*=[ \t]*/.exec(line);
    const header = /^[ \t]*\[([^\]]*)\]/.exec(line);
    if (header) section = header[1] ?? "";
    if (!assignment) {
      offset = end + 1;
      continue;
    }
    const stop = continuedEnd(text, offset);
    entries.push({
      section,
      key: assignment[1] ?? "",
      value: { start: offset + assignment[0].length, end: Math.max(offset + assignment[0].length, stop) },
    });
    offset = stop + 1;
  }
  return entries;
}

/** The end of the last line that a backslash continues, comment lines in between left out. */
function continuedEnd(text: string, start: number): number {
  let end = lineEnd(text, start);
  while (end < text.length && text[trimReturn(text, end) - 1] === "\\") {
    let next = lineEnd(text, end + 1);
    while (next < text.length && /^[ \t]*[#;]/.test(text.slice(end + 1, end + 64))) {
      end = next;
      next = lineEnd(text, end + 1);
    }
    end = next;
  }
  return trimReturn(text, end);
}

function lineEnd(text: string, start: number): number {
  const feed = text.indexOf("\n", start);
  return feed === -1 ? text.length : feed;
}

function trimReturn(text: string, end: number): number {
  return text[end - 1] === "\r" ? end - 1 : end;
}
