import { passage } from "../passage.ts";
import { commandsOf, isSession } from "./console.ts";
import { type Hosted, type Line, linesIn, linesPassage, pieceOf, type ShellText } from "./host.ts";
import { indentedCode } from "./indented-code.ts";
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
