import type { Piece, Range } from "../run-command/passage.ts";
import { type Hole, hole, type Word, wordOf } from "../run-command/word.ts";
import { type Member, openWord, type Tree } from "../run-options/tree.ts";

/** A block of Terraform's language: `resource "docker_container" "web" { … }`, with its content as a tree. */
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  /** From its type to the brace that opens it. */
  readonly at: Range;
  /** Attributes, and nested blocks as a list of maps under their type. */
  readonly body: Extract<Tree, { kind: "map" }>;
}

/** Where the text is no HCL, and why. */
export interface HclError {
  readonly at: Range;
  readonly reason: string;
}

/** How deep blocks and values may nest. */
const deepest = 100;

/**
 * Reads the blocks of a text in Terraform's language (https://developer.hashicorp.com/terraform/language/syntax/configuration).
 * Literals keep their places; every other expression is left open. The text before an error is read.
 */
export function readHcl(text: string): {
  readonly blocks: readonly Block[];
  readonly error: HclError | undefined;
} {
  const parser = new Parser(text);
  const blocks: Block[] = [];
  try {
    parser.body(blocks, 0, undefined);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { blocks, error: { at: error.at, reason: error.message } };
  }
  return { blocks, error: undefined };
}

class Broken extends Error {
  readonly at: Range;
  constructor(at: Range, reason: string) {
    super(reason);
    this.at = at;
  }
}

class Parser {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Attributes and blocks up to the brace that closes them, or the end of the file. */
  body(blocks: Block[], depth: number, opened: Range | undefined): Extract<Tree, { kind: "map" }> {
    if (depth > deepest) throw this.broken("it is nested too deeply to be read");
    const members: Member[] = [];
    const nested = new Map<string, { at: Range; items: Tree[] }>();
    const start = this.at;
    for (;;) {
      this.skipBlank();
      if (this.at >= this.text.length) {
        if (opened) throw new Broken(opened, "this { is not closed");
        break;
      }
      if (this.text[this.at] === "}") {
        if (!opened) throw this.broken("this } closes nothing");
        this.at += 1;
        break;
      }
      const from = this.at;
      const name = this.quotedOrName();
      const nameAt = { start: from, end: this.at };
      this.skipSpaces();
      if (this.text[this.at] === "=" && this.text[this.at + 1] !== "=") {
        this.at += 1;
        members.push({ key: name, at: nameAt, value: this.expression(depth + 1) });
        continue;
      }
      const labels: string[] = [];
      while (this.text[this.at] !== "{") {
        if (this.at >= this.text.length || this.text[this.at] === "\n") {
          throw new Broken(nameAt, `“${name}” is followed by neither = nor {`);
        }
        labels.push(this.quotedOrName());
        this.skipSpaces();
      }
      const brace = { start: this.at, end: this.at + 1 };
      this.at += 1;
      const inner: Block[] = [];
      const body = this.body(inner, depth + 1, brace);
      if (blocks && depth === 0)
        blocks.push({ type: name, labels, at: { start: from, end: brace.end }, body });
      const isDynamic = name === "dynamic" && labels[0] !== undefined;
      const key = isDynamic ? (labels[0] ?? name) : name;
      const value = isDynamic ? (body.members.find((each) => each.key === "content")?.value ?? body) : body;
      const group = nested.get(key) ?? { at: nameAt, items: [] };
      group.items.push(...(isDynamic && value.kind === "list" ? value.items : [value]));
      nested.set(key, group);
    }
    for (const [key, { at, items }] of nested) members.push({ key, at, value: { kind: "list", items } });
    return { kind: "map", members, at: opened ?? { start, end: this.at } };
  }

  private expression(depth: number, until?: RegExp): Tree {
    if (depth > deepest) throw this.broken("it is nested too deeply to be read");
    this.skipSpaces();
    const start = this.at;
    const value = this.literal(depth);
    if (value && this.isAtEnd()) return value;
    this.at = start;
    this.skipExpression(until);
    return unknownText(this.text.slice(start, this.at), { start, end: this.at });
  }

  /** A string, a number, true, false, null, a list or an object; undefined for any other expression. */
  private literal(depth: number): Tree | undefined {
    const next = this.text[this.at] ?? "";
    if (next === '"') return { kind: "text", word: this.template() };
    if (next === "[") return this.list(depth);
    if (next === "{") return this.object(depth);
    if (this.isHeredoc()) return this.heredoc();
    const word = /^(?:-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.([])/.exec(
      this.text.slice(this.at, this.at + 60),
    );
    if (!word) return undefined;
    const at = { start: this.at, end: this.at + word[0].length };
    this.at = at.end;
    const said = word[0] === "null" ? "" : word[0];
    return { kind: "text", word: wordOf([{ text: said, at, written: undefined, exact: said !== "" }], at) };
  }

  private list(depth: number): Tree | undefined {
    const opened = { start: this.at, end: this.at + 1 };
    this.at += 1;
    this.skipBlank();
    if (/^for\b/.test(this.text.slice(this.at, this.at + 4))) return undefined;
    const items: Tree[] = [];
    for (;;) {
      this.skipBlank();
      if (this.at >= this.text.length) throw new Broken(opened, "this [ is not closed");
      if (this.text[this.at] === "]") break;
      const from = this.at;
      // In brackets an expression may go on in the next line.
      items.push(this.expression(depth + 1, /,/));
      this.skipBlank();
      if (this.text[this.at] === ",") this.at += 1;
      else if (this.text[this.at] !== "]" || this.at === from) {
        throw this.at >= this.text.length
          ? new Broken(opened, "this [ is not closed")
          : this.broken("a , or ] is expected here");
      }
    }
    this.at += 1;
    return { kind: "list", items };
  }

  private object(depth: number): Tree | undefined {
    const opened = { start: this.at, end: this.at + 1 };
    this.at += 1;
    this.skipBlank();
    if (/^for\b/.test(this.text.slice(this.at, this.at + 4))) return undefined;
    const members: Member[] = [];
    for (;;) {
      this.skipBlank();
      if (this.text[this.at] === ",") this.at += 1;
      this.skipBlank();
      if (this.at >= this.text.length) throw new Broken(opened, "this { is not closed");
      if (this.text[this.at] === "}") break;
      const from = this.at;
      const isComputed = this.text[this.at] === "(";
      if (isComputed) this.skipExpression(/[=:]/);
      const key = isComputed ? hole : this.quotedOrName();
      const at = { start: from, end: this.at };
      this.skipSpaces();
      if (!/[=:]/.test(this.text[this.at] ?? "")) throw this.broken("a = is expected here");
      this.at += 1;
      members.push({ key, at, value: this.expression(depth + 1) });
    }
    this.at += 1;
    return { kind: "map", members, at: opened };
  }

  /** A quoted template: its literal parts, and a hole for each `${…}` and `%{…}`. */
  private template(): Word {
    const start = this.at;
    this.at += 1;
    const pieces: Piece[] = [];
    const holes: Hole[] = [];
    let from = this.at;
    const flush = () => {
      if (this.at > from) pieces.push(exact(this.text.slice(from, this.at), from));
    };
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined || next === "\n")
        throw new Broken({ start, end: start + 1 }, "this quote is not closed");
      if (next === '"') break;
      const two = this.text.slice(this.at, this.at + 2);
      if (next === "\\" || this.text.startsWith("$${", this.at) || this.text.startsWith("%%{", this.at)) {
        flush();
        const width = next === "\\" ? escapeWidth(this.text, this.at) : 3;
        const text =
          next === "\\"
            ? escaped(this.text.slice(this.at, this.at + width))
            : this.text.slice(this.at + 1, this.at + 3);
        pieces.push({ text, at: { start: this.at, end: this.at + width }, written: undefined, exact: false });
        this.at += width;
        from = this.at;
      } else if (two === "${" || two === "%{") {
        flush();
        const begun = this.at;
        this.skipInterpolation();
        const source = this.text.slice(begun, this.at);
        pieces.push({ text: hole, at: { start: begun, end: this.at }, written: undefined, exact: false });
        holes.push({ source, reason: `${source.slice(0, 80)} is not known here` });
        from = this.at;
      } else this.at += 1;
    }
    flush();
    this.at += 1;
    return wordOf(pieces, { start: start + 1, end: this.at - 1 }, holes);
  }

  private isHeredoc(): boolean {
    return heredocHead.test(this.text.slice(this.at, this.at + 200));
  }

  private heredoc(): Tree {
    const start = this.at;
    const [head = "", marker = ""] = heredocHead.exec(this.text.slice(start, start + 200)) ?? [];
    const body = start + head.length;
    const closing = new RegExp(`^[ \\t]*${marker}[ \\t]*\\r?$`, "m").exec(this.text.slice(body));
    if (!closing)
      throw new Broken(
        { start, end: start + head.trimEnd().length },
        `this text is not closed: no line says ${marker}`,
      );
    const end = body + closing.index;
    this.at = end + closing[0].length;
    const text = this.text.slice(body, end);
    if (/[$%]\{/.test(text)) return unknownText(text, { start: body, end });
    return {
      kind: "text",
      word: wordOf([{ ...exact(text, body), exact: !head.startsWith("<<-") }], { start: body, end }),
    };
  }

  /** Whether the value is all of the expression: nothing is added to it or asked of it. */
  private isAtEnd(): boolean {
    this.skipSpaces();
    const next = this.text[this.at];
    return next === undefined || /[\r\n,\]})]/.test(next);
  }

  /** An expression that is not evaluated, up to the end of its line, or to what closes what stands around it. */
  private skipExpression(until = /[\r\n,]/): void {
    let depth = 0;
    while (this.at < this.text.length) {
      const next = this.text[this.at] ?? "";
      if (next === '"') {
        this.template();
        continue;
      }
      if (this.isHeredoc()) {
        this.heredoc();
        continue;
      }
      if (this.isComment()) {
        if (depth === 0) return;
        this.skipBlank();
        continue;
      }
      if (/[([{]/.test(next)) depth += 1;
      else if (/[)\]}]/.test(next)) {
        if (depth === 0) return;
        depth -= 1;
      } else if (depth === 0 && until.test(next)) return;
      this.at += 1;
    }
  }

  private skipInterpolation(): void {
    const start = this.at;
    this.at += 2;
    let depth = 1;
    while (depth > 0) {
      const next = this.text[this.at];
      if (next === undefined) throw new Broken({ start, end: start + 2 }, "this ${ is not closed");
      if (next === '"') {
        this.template();
        continue;
      }
      if (next === "{") depth += 1;
      if (next === "}") depth -= 1;
      this.at += 1;
    }
  }

  private quotedOrName(): string {
    if (this.text[this.at] === '"') return this.template().text;
    const name = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*/u.exec(this.text.slice(this.at, this.at + 300))?.[0];
    if (name === undefined) throw this.broken("the name of an attribute or a block is expected here");
    this.at += name.length;
    return name;
  }

  private isComment(): boolean {
    const two = this.text.slice(this.at, this.at + 2);
    return this.text[this.at] === "#" || two === "//" || two === "/*";
  }

  /** Blanks and comments on the line. */
  private skipSpaces(): void {
    for (;;) {
      while (/[ \t]/.test(this.text[this.at] ?? "")) this.at += 1;
      if (this.text.startsWith("/*", this.at)) this.skipComment();
      else if (this.text[this.at] === "#" || this.text.startsWith("//", this.at)) {
        const end = this.text.indexOf("\n", this.at);
        this.at = end < 0 ? this.text.length : end;
      } else return;
    }
  }

  private skipComment(): void {
    const end = this.text.indexOf("*/", this.at + 2);
    if (end < 0) throw new Broken({ start: this.at, end: this.at + 2 }, "this comment is not closed");
    this.at = end + 2;
  }

  private skipBlank(): void {
    for (;;) {
      this.skipSpaces();
      if (!/[\s\uFEFF]/.test(this.text[this.at] ?? "")) return;
      this.at += 1;
    }
  }

  private broken(reason: string): Broken {
    return new Broken({ start: this.at, end: Math.min(this.at + 1, this.text.length) }, reason);
  }
}

function exact(text: string, start: number): Piece {
  return { text, at: { start, end: start + text.length }, written: undefined, exact: true };
}

function unknownText(source: string, at: Range): Tree {
  const said = source.trim().replaceAll(/\s+/g, " ").slice(0, 80);
  return { kind: "text", word: openWord(at, said, `${said} is not known here`) };
}

const heredocHead = /^<<-?([A-Za-z_]\w*)[ \t]*\r?\n/;

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

function escapeWidth(text: string, at: number): number {
  const letter = text[at + 1];
  return letter === "u" ? 6 : letter === "U" ? 10 : 2;
}

function escaped(source: string): string {
  const letter = source[1] ?? "";
  if (letter !== "u" && letter !== "U") return escapes[letter] ?? letter;
  const code = Number.parseInt(source.slice(2), 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\uFFFD";
}
