import { type Piece, passage } from "../passage.ts";
import { type Hosted, type Line, linesIn, linesPassage, pieceOf, type ShellText } from "./host.ts";
import { fillTemplates } from "./templates.ts";

const shells = new Set(["", "bash", "sh", "shell", "zsh", "dash", "ksh", "ash"]);
const consoles = new Set([
  "console",
  "shell-session",
  "shellsession",
  "sh-session",
  "bash-session",
  "terminal",
  "session",
]);

/** `<your image>`: what a reader is to put in, and no redirection. */
const placeholder = /(?<![<\d&])<[A-Za-z](?:[^<>\n|&;$`"']{0,60}[^<>\n|&;$`"'\s])?>/g;

/**
 * The code of a Markdown text that is shell, or says nothing of its language: fenced
 * (https://spec.commonmark.org/0.31.2/#fenced-code-blocks), also in lists and quotes, and indented.
 */
export function readMarkdown(text: string): Hosted {
  const texts: ShellText[] = [];
  for (const { language, lines } of codeIn(text)) {
    const isConsole = consoles.has(language) || (shells.has(language) && isSession(lines));
    if (!isConsole && !shells.has(language)) continue;
    const session = isConsole && (isSession(lines) || commandsOf(lines, true).length > 0);
    const shown = session ? commandsOf(lines, consoles.has(language)) : lines.map((line) => [pieceOf(line)]);
    const { pieces, variables } = fillTemplates(linesPassage(shown).pieces, placeholder, "placeholder");
    texts.push({ source: passage(pieces), variables, prose: true });
  }
  return { texts, commands: [], gaps: [] };
}

/** A block of code. */
interface Code {
  readonly language: string;
  readonly lines: readonly Line[];
}

interface OpenFence {
  readonly language: string;
  readonly marker: string;
  /** How far content is indented with it. */
  readonly indent: number;
  readonly quoted: boolean;
  readonly lines: Line[];
}

const opening = /^((?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*)(`{3,}|~{3,})[ \t]*([^\n]*)$/;

function codeIn(text: string): readonly Code[] {
  const blocks: Code[] = [];
  const indented = indentedCode();
  let open: OpenFence | undefined;
  for (const line of linesIn(text)) {
    if (!open) {
      open = openedBy(line);
      const block = indented(line);
      if (block) blocks.push(block);
      continue;
    }
    if (closes(open, line.text)) {
      blocks.push(open);
      open = undefined;
    } else open.lines.push(contentOf(open, line));
  }
  // A fence that is never closed goes to the end.
  if (open) blocks.push(open);
  return blocks;
}

function openedBy(line: Line): OpenFence | undefined {
  const match = opening.exec(line.text);
  if (!match) return undefined;
  const [, lead = "", marker = "", info = ""] = match;
  if (marker.startsWith("`") && info.includes("`")) return undefined;
  return { language: languageOf(info), marker, indent: lead.length, quoted: lead.includes(">"), lines: [] };
}

/** `bash`, `Bash title="x"`, `{.bash .numbered}`, `sh{1,2}`. */
function languageOf(info: string): string {
  const word = /^\{?\s*\.?([\w-]*)/.exec(info.trim())?.[1] ?? "";
  return word.toLowerCase();
}

function closes(open: OpenFence, text: string): boolean {
  const bare = text.replace(/^(?:[ \t]*>)*[ \t]*/, "").trimEnd();
  if (bare.length < open.marker.length) return false;
  const [first] = open.marker;
  return first !== undefined && bare === first.repeat(bare.length);
}

function contentOf(open: OpenFence, line: Line): Line {
  const quote = open.quoted ? (/^(?:[ \t]*>)*/.exec(line.text)?.[0].length ?? 0) : 0;
  let from = quote;
  while (from < open.indent && /[ \t]/.test(line.text[from] ?? "")) from += 1;
  return { text: line.text.slice(from), start: line.start + from };
}

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
function indentedCode(): (line: Line) => IndentedCode | undefined {
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

/** `$ `, `% `, `user@host:~$ `, `[root@host ~]# `, `root@host:/# `. */
const prompt = /^\s*(?:\(\w+\)\s*)?(?:\[?[\w.-]+@[\w.-]+(?:[ :][^\s$#%]*)?\]?\s?)?[$%][ \t]+(?=\S)/;
const rootPrompt =
  /^\s*\[?[\w.-]+@[\w.-]+(?:[ :][^\s$#%]*)?\]?\s?#[ \t]+(?=\S)|^\s*#[ \t]+(?=(?:sudo[ \t]+)?docker[ \t])/;

/** Whether the lines show a session: commands behind prompts, with their output. */
export function isSession(lines: readonly Line[]): boolean {
  return lines.some((line) => prompt.test(line.text));
}

/**
 * The commands of a session, without prompts and output. A `#` prompt counts only where the block says that it is a
 * console; elsewhere it starts a comment.
 */
export function commandsOf(lines: readonly Line[], isConsole: boolean): readonly (readonly Piece[])[] {
  const commands: (readonly Piece[])[] = [];
  let continued = false;
  for (const line of lines) {
    const shown = prompt.exec(line.text) ?? (isConsole ? rootPrompt.exec(line.text) : null);
    const more = /^\s*>[ \t]?/.exec(line.text);
    if (shown) commands.push([pieceOf(line, shown[0].length)]);
    else if (continued) commands.push([pieceOf(line, more ? more[0].length : 0)]);
    else continue;
    continued = /(?<!\\)(?:\\\\)*\\$/.test(line.text);
  }
  return commands;
}
