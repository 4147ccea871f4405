import type { Span } from "../../values/positions.ts";
import {
  cut,
  isBlank,
  isComment,
  type Joined,
  join,
  type Line,
  lineAt,
  type SyntaxProblem,
  trimmed,
  withoutContinuation,
} from "./joined.ts";
import { heredocWords, type RawWord } from "./shell-words.ts";
import { execForm } from "./words.ts";

export interface Heredoc extends HeredocStart {
  /** The lines between, in the file. */
  readonly body: Span;
}

export interface Instruction {
  /** In upper case: `FROM`. */
  readonly keyword: string;
  readonly keywordSpan: Span;
  /** All of it, heredocs included, without the last line's end. */
  readonly span: Span;
  readonly flags: readonly Flag[];
  /** What follows the keyword and its flags: continued lines joined, comment lines between them left out. */
  readonly rest: Joined;
  readonly heredocs: readonly Heredoc[];
  /** Of ONBUILD: the instruction that a child image runs. */
  readonly trigger: Instruction | undefined;
}

export interface Instructions {
  /** `\`, or `` ` `` where the escape directive says so. */
  readonly escapeToken: string;
  readonly instructions: readonly Instruction[];
  readonly problems: readonly SyntaxProblem[];
  /** True where there are more than anybody could build: an image has at most 127 layers. The rest was not read. */
  readonly tooMany: boolean;
}

const mostInstructions = 20_000;

/** What the scanner of BuildKit takes for one line (bufio.MaxScanTokenSize). */
const longestLine = 64 * 1024;
/** Twice what Linux takes as one argument of a program (MAX_ARG_STRLEN). */
const longestInstruction = 256 * 1024;

/** An earlier version of a text, with how many characters the two have in common from the start. */
export interface Earlier {
  readonly read: Instructions;
  readonly common: number;
}

/**
 * Splits a Dockerfile into its instructions exactly as BuildKit does (moby/buildkit,
 * frontend/dockerfile/parser/parser.go): a misjudged heredoc or continuation would hide instructions from the audit. Of an
 * earlier version the beginning is taken over that both have in common.
 */
export function readInstructions(text: string, earlier?: Earlier): Instructions {
  const known = earlier && startOf(text, earlier);
  const instructions: Instruction[] = [...(known?.instructions ?? [])];
  const directives = known ?? readDirectives(text);
  const problems: SyntaxProblem[] = [...directives.problems];
  const { escapeToken } = directives;
  let offset = directives.end;
  while (offset < text.length && instructions.length <= mostInstructions) {
    const first = lineAt(text, offset);
    offset = first.next;
    if (isBlank(first.text) || isComment(first.text)) continue;
    const taken = takeInstruction(text, first, escapeToken);
    offset = taken.next;
    if (taken.problem) problems.push(taken.problem);
    if (taken.instruction) instructions.push(taken.instruction);
  }
  return { escapeToken, instructions, problems, tooMany: instructions.length > mostInstructions };
}

/** What is known up to the end of the last instruction that another one follows before the two differ. */
function startOf(
  text: string,
  { read, common }: Earlier,
): (Instructions & { readonly end: number }) | undefined {
  const following = read.instructions.findLastIndex(({ span }) => span.start < common);
  const last = read.instructions[following - 1];
  if (!last) return undefined;
  const end = text.indexOf("\n", last.span.end) + 1;
  return {
    ...read,
    instructions: read.instructions.slice(0, following),
    problems: read.problems.filter(({ span }) => span.start < end),
    end,
  };
}

function takeInstruction(text: string, first: Line, escapeToken: string) {
  const parts: { text: string; source: number }[] = [];
  const refused = (reason: string) => ({
    instruction: undefined,
    next: line.next,
    problem: {
      reason,
      span: { start: first.start, end: first.start + first.text.trimEnd().slice(0, 80).length },
    },
  });
  let line = first;
  let { content, continued } = withoutContinuation(line.text, escapeToken);
  let end = line.start + line.text.length;
  parts.push({ text: content, source: line.start });
  while (continued && line.next < text.length) {
    line = lineAt(text, line.next);
    if (isComment(line.text) || isBlank(line.text)) continue;
    ({ content, continued } = withoutContinuation(line.text, escapeToken));
    parts.push({ text: content, source: line.start });
    end = line.start + line.text.length;
  }
  if (parts.some((part) => part.text.length >= longestLine)) {
    return refused("a line is longer than the 64 KiB that docker build takes");
  }
  if (parts.reduce((sum, part) => sum + part.text.length, 0) > longestInstruction) {
    return refused("an instruction is longer than anything that could run");
  }
  const whole = trimmed(join(parts));
  const shaped = shape(whole, escapeToken);
  if (!shaped) return { instruction: undefined, next: line.next, problem: undefined };
  const bodies = takeHeredocs(text, line.next, shaped, { start: first.start, end });
  const span = { start: firstOffset(whole), end: Math.max(end, bodies.end ?? end) };
  const instruction = finish(shaped, bodies.heredocs, span);
  return { instruction, next: bodies.next, problem: bodies.problem };
}

interface Shape {
  readonly keyword: string;
  readonly keywordSpan: Span;
  readonly flags: readonly Flag[];
  readonly rest: Joined;
  readonly trigger: Shape | undefined;
}

function shape(line: Joined, escapeToken: string, nested = false): Shape | undefined {
  const keyword = /^[^\t\v\f\r ]+/.exec(line.text)?.[0] ?? "";
  if (keyword === "") return undefined;
  const { flags, rest } = takeFlags(trimmed(cut(line, keyword.length)));
  const upper = keyword.toUpperCase();
  return {
    keyword: upper,
    keywordSpan: { start: firstOffset(line), end: firstOffset(line) + keyword.length },
    flags,
    rest,
    trigger: upper === "ONBUILD" && !nested ? shape(rest, escapeToken, true) : undefined,
  };
}

function finish(shaped: Shape, heredocs: readonly Heredoc[], span: Span): Instruction {
  const trigger = shaped.trigger && finish(shaped.trigger, heredocs, span);
  return { ...shaped, heredocs, span, trigger };
}

function takeHeredocs(text: string, next: number, shaped: Shape, span: Span) {
  const { keyword, rest } = shaped.trigger ?? shaped;
  let problem: SyntaxProblem | undefined;
  const heredocs: Heredoc[] = [];
  let offset = next;
  let end: number | undefined;
  if (!["ADD", "COPY", "RUN"].includes(keyword) || execForm(rest)) {
    return { heredocs, next: offset, end, problem };
  }
  for (const start of heredocsIn(rest.text)) {
    const from = offset;
    let closed = false;
    let bodyEnd = offset;
    while (offset < text.length && !closed) {
      const line = lineAt(text, offset);
      bodyEnd = line.start;
      offset = line.next;
      end = line.start + line.text.length;
      closed = (start.chomp ? line.text.replace(/^\t+/, "") : line.text) === start.name;
    }
    if (!closed) {
      bodyEnd = text.length;
      problem ??= { reason: "a heredoc is not closed", span };
    }
    heredocs.push({ ...start, body: { start: from, end: Math.max(from, bodyEnd) } });
  }
  return { heredocs, next: offset, end, problem };
}

function firstOffset(joined: Joined): number {
  return joined.pieces[0]?.source ?? 0;
}

/**
 * The parser directives that a Dockerfile begins with (`# syntax=`, `# check=`, `# escape=`); only `escape` changes how
 * the rest is read. `end` is where the rest begins. Source: moby/buildkit, frontend/dockerfile/parser/directives.go.
 */
function readDirectives(text: string) {
  const problems: SyntaxProblem[] = [];
  const seen = new Set<string>();
  let escapeToken = "\\";
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  while (offset < text.length) {
    const line = lineAt(text, offset);
    const match = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$/.exec(line.text.trim());
    const name = match?.[1]?.toLowerCase() ?? "";
    if (!["syntax", "check", "escape"].includes(name)) break;
    const span = { start: line.start, end: line.start + line.text.length };
    if (seen.has(name)) problems.push({ reason: `the parser directive ${name} is given twice`, span });
    seen.add(name);
    if (name === "escape") {
      const value = match?.[2] ?? "";
      if (value === "\\" || value === "`") escapeToken = value;
      else problems.push({ reason: "the escape directive takes a backslash or a backtick", span });
    }
    offset = line.next;
  }
  return { escapeToken, end: offset, problems };
}

/** `<<NAME` as a line announces it. */
interface HeredocStart {
  readonly name: string;
  /** `<<-`: leading tabs are taken off. */
  readonly chomp: boolean;
  readonly word: RawWord;
}

/**
 * The heredocs that an ADD, COPY or RUN announces, in order. As BuildKit has it, only a word that begins with `<<`
 * (or a descriptor's number and `<<`) is one: not `cat<<EOF`, not `<< EOF`, not `<<<EOF`, not one in quotes.
 */
function heredocsIn(line: string): readonly HeredocStart[] {
  if (!line.includes("<<")) return [];
  return (heredocWords(line) ?? []).flatMap((word) => {
    const match = /^\d*<<(-?)\s*([^<]+)$/.exec(word.text);
    const name = match?.[2] === undefined ? undefined : unquoted(match[2]);
    return name ? [{ name, chomp: match?.[1] === "-", word }] : [];
  });
}

/** Without quotes and escapes. */
function unquoted(word: string): string {
  let text = "";
  let quote = "";
  for (let index = 0; index < word.length; index += 1) {
    const char = word[index] ?? "";
    if (char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === "\\" && quote !== "'") {
      index += 1;
      text += word[index] ?? "";
    } else text += char;
  }
  return text;
}

/** `--name=value` in front of an instruction's arguments. */
interface Flag {
  readonly name: string;
  /** Without quotes and escapes. */
  readonly value: string;
  /** The value as it stands in the file. */
  readonly source: Joined;
}

/** Takes the flags off; the rest is what the instruction is about. */
function takeFlags(line: Joined): { readonly flags: readonly Flag[]; readonly rest: Joined } {
  const flags: Flag[] = [];
  const pattern = /--((?:\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'\\])*)(?:\s+|$)/y;
  let end = 0;
  for (let match = pattern.exec(line.text); match; match = pattern.exec(line.text)) {
    end = pattern.lastIndex;
    const word = match[1] ?? "";
    if (word === "") break;
    const equals = word.indexOf("=");
    const from = match.index + 2 + (equals === -1 ? word.length : equals + 1);
    flags.push({
      name: word.slice(0, equals === -1 ? undefined : equals).toLowerCase(),
      value: equals === -1 ? "" : word.slice(equals + 1).replace(/\\(.)|["']/g, "$1"),
      source: cut(line, from, match.index + 2 + word.length),
    });
  }
  return { flags, rest: trimmed(cut(line, end)) };
}
