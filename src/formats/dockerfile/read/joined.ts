import type { Span } from "../../values/positions.ts";

/**
 * A text that was put together from several stretches of a file (an instruction whose lines are continued), and
 * still knows where each part of it stands.
 */
export interface Joined {
  readonly text: string;
  /** In order: from offset `at` of the text on, its characters stand at `source` and behind in the file. */
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly at: number;
  readonly source: number;
}

/** A stretch of the file as it is. */
export function joinedOf(text: string, source: number): Joined {
  return { text, pieces: [{ at: 0, source }] };
}

export function join(parts: readonly { readonly text: string; readonly source: number }[]): Joined {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { text, source } of parts) {
    pieces.push({ at, source });
    at += text.length;
  }
  return { text: parts.map((part) => part.text).join(""), pieces };
}

/** Where `[start, end)` of the text stands in the file, from its first character to its last. */
export function spanOf(joined: Joined, start: number, end: number): Span {
  const from = sourceOf(joined, start);
  return { start: from, end: end > start ? sourceOf(joined, end - 1) + 1 : from };
}

/** The part from `start` to `end`. */
export function cut(joined: Joined, start: number, end: number = joined.text.length): Joined {
  if (start === 0 && end === joined.text.length) return joined;
  const first = pieceAt(joined, start);
  const pieces: Piece[] = [];
  for (let index = first; index < joined.pieces.length; index += 1) {
    const piece = joined.pieces[index];
    if (!piece || (piece.at >= end && pieces.length > 0)) break;
    const skipped = Math.max(0, start - piece.at);
    pieces.push({ at: Math.max(0, piece.at - start), source: piece.source + skipped });
  }
  return { text: joined.text.slice(start, end), pieces };
}

/** Without white space around it. */
export function trimmed(joined: Joined): Joined {
  const start = joined.text.length - joined.text.trimStart().length;
  return cut(joined, start, Math.max(start, joined.text.trimEnd().length));
}

function sourceOf(joined: Joined, offset: number): number {
  const piece = joined.pieces[pieceAt(joined, offset)];
  return piece ? piece.source + offset - piece.at : 0;
}

function pieceAt(joined: Joined, offset: number): number {
  let low = 0;
  let high = joined.pieces.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((joined.pieces[middle]?.at ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

/** Something that docker build would refuse. */
export interface SyntaxProblem {
  /** A clause without any of the text, which may be a secret. */
  readonly reason: string;
  readonly span: Span;
}

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
