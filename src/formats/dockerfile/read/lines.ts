/** A line of a file, without its end (`\n`, `\r\n`). */
export interface Line {
  readonly start: number;
  readonly text: string;
  /** Where the next line starts. */
  readonly next: number;
}

export function lineAt(text: string, start: number): Line {
  const feed = text.indexOf("\n", start);
  const next = feed === -1 ? text.length : feed + 1;
  let end = feed === -1 ? text.length : feed;
  while (end > start && text[end - 1] === "\r") end -= 1;
  return { start, text: text.slice(start, end), next };
}

/** The escape character at a line's end continues it, unless another stands in front of it. */
export function withoutContinuation(line: string, escapeToken: string) {
  let end = line.length;
  while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end -= 1;
  const continued = line[end - 1] === escapeToken && line[end - 2] !== escapeToken;
  return { content: continued ? line.slice(0, end - 1) : line, continued };
}

export function isComment(line: string): boolean {
  return /^\s*#/.test(line);
}

export function isBlank(line: string): boolean {
  return !/\S/.test(line);
}
