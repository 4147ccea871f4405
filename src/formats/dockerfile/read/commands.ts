import { forEachChild, parse, type SyntaxNode, type Word, type WordPart } from "unbash";
import type { Span } from "../../values/positions.ts";
import { cut, type Joined, spanOf } from "./joined.ts";
import { readsStandardInput, scriptArgument, wrapped } from "./wrappers.ts";

/** A word of a shell command by its place in the script. */
interface ShellWord {
  readonly text: string;
  /** Whether the text is what the command gets: nothing in it is expanded. */
  readonly literal: boolean;
  readonly at: Span;
  /** Where the text itself stands, within its quotes; undefined where escapes or several quotes make it up. */
  readonly inside: Span | undefined;
}

interface ShellCommand {
  readonly words: readonly ShellWord[];
  /** The bodies of its heredocs. */
  readonly heredocs: readonly Span[];
}

/** Deeper nesting than this, real scripts do not have, and unbash's time is the script's length times its depth. */
const deepestScript = 24;

/**
 * Every simple command of a script, those in conditions, loops, functions, subshells and substitutions too. Where the
 * script cannot be parsed in reasonable time, it is only split at the shell's separators.
 */
function shellCommands(script: string): readonly ShellCommand[] {
  if (depthOf(script) > deepestScript) return splitCommands(script);
  try {
    const found: ShellCommand[] = [];
    visit(parse(script), script, undefined, found);
    return found;
  } catch {
    return splitCommands(script);
  }
}

/** `within` is where everything stands that belongs to a text of its own (escaped backticks), which has other offsets. */
function visit(node: SyntaxNode, source: string, within: Span | undefined, found: ShellCommand[]): void {
  const place = (at: Span): Span => within ?? { start: at.start, end: at.end };
  if (node.type === "Command" && node.name) {
    const args = node.args.flatMap((arg) => (arg.type === "Word" ? [arg] : []));
    found.push({
      words: [node.name, ...args].map((word) => shellWord(word, source, within)),
      heredocs: node.redirects.flatMap((redirect) =>
        redirect.type === "HereDoc" ? [place({ start: redirect.body.pos, end: redirect.body.end })] : [],
      ),
    });
  }
  const owned = node.type === "Script" && node.source !== undefined && node.source !== source;
  const inner = owned ? (within ?? { start: node.pos, end: node.end }) : within;
  forEachChild(node, (child) => visit(child, source, inner, found));
}

function shellWord(word: Word, source: string, within: Span | undefined): ShellWord {
  const at = within ?? { start: word.pos, end: word.end };
  const quoted = /^(["'])[\s\S]*\1$/.test(word.text) ? 1 : 0;
  const start = word.pos + quoted;
  const exact =
    !within && source.startsWith(word.value, start) && start + word.value.length === word.end - quoted;
  return {
    text: word.value,
    literal: (word.parts ?? []).every(isLiteral),
    at,
    inside: exact ? { start, end: start + word.value.length } : undefined,
  };
}

function isLiteral(part: WordPart): boolean {
  if (part.type === "DoubleQuoted") return part.parts.every((child) => child.type === "Literal");
  return ["Literal", "SingleQuoted", "AnsiCQuoted", "Glob"].includes(part.type);
}

/** How deep parentheses and braces may nest: too much rather than too little, for quotes are not looked at. */
function depthOf(script: string): number {
  let depth = 0;
  let most = 0;
  for (let index = 0; index < script.length; index += 1) {
    const char = script.charCodeAt(index);
    if (char === 40 || char === 123) most = Math.max(most, ++depth);
    else if ((char === 41 || char === 125) && depth > 0) depth -= 1;
  }
  return most;
}

/** The plain way: commands end at `;`, `&`, `|`, parentheses and newlines, words at white space. */
function splitCommands(script: string): readonly ShellCommand[] {
  const found: ShellCommand[] = [];
  for (const command of script.matchAll(/[^;&|()\n{}`]+/g)) {
    const words = [...command[0].matchAll(/[^\s"']+/g)].map((match): ShellWord => {
      const start = command.index + match.index;
      const at = { start, end: start + match[0].length };
      return { text: match[0], literal: !match[0].includes("$"), at, inside: at };
    });
    if (words.length > 0) found.push({ words, heredocs: [] });
  }
  return found;
}

/** A word of a command that a build or a container runs, by its place in the file. */
export interface CommandWord {
  readonly text: string;
  readonly literal: boolean;
  readonly span: Span;
  /** The text exactly as in the file; undefined if it has escapes. */
  readonly exact: Joined | undefined;
}

export type Command = readonly CommandWord[];

/** `sh -c "sh -c '…'"`: how deep scripts within scripts are followed. */
const deepestNested = 3;
/** `sudo env nice timeout …`: how many programs that run another are followed. */
const longestChain = 8;

/**
 * Every command that a script runs, those behind `sudo`, `env`, `xargs`, `find -exec`, `sh -c` and the like each by
 * itself too: `sudo env A=b chmod u+s /x` is three.
 */
export function commandsOf(script: Joined): readonly Command[] {
  const found: Command[] = [];
  addScript(script, undefined, 0, found);
  return found;
}

/** The commands of one that is already in words (exec form). */
export function commandsOfWords(words: Command): readonly Command[] {
  const found: Command[] = [];
  addCommand(words, 0, found);
  return found;
}

/** `within` is the place of everything in a script whose characters cannot be found in the file one by one. */
function addScript(script: Joined, within: Span | undefined, depth: number, found: Command[]): void {
  for (const { words, heredocs } of shellCommands(script.text)) {
    const command = words.map((word) => placed(word, script, within));
    addCommand(command, depth, found);
    if (heredocs.length === 0 || depth >= deepestNested || !runsInput(command)) continue;
    for (const { start, end } of heredocs) addScript(cut(script, start, end), within, depth + 1, found);
  }
}

function addCommand(words: Command, depth: number, found: Command[]): void {
  for (const command of chainOf(words)) {
    found.push(command);
    const script = scriptArgument(command);
    if (!script || depth >= deepestNested) continue;
    const inside = script.exact ?? { text: script.text, pieces: [{ at: 0, source: script.span.start }] };
    addScript(inside, script.exact ? undefined : script.span, depth + 1, found);
  }
}

/** The command, and those that it runs in turn. */
function chainOf(words: Command): readonly Command[] {
  let last: readonly Command[] = [words];
  const chain = [words];
  for (let length = 1; length < longestChain && last.length > 0; length += 1) {
    last = last.flatMap((command) => wrapped(command));
    for (const command of last) chain.push(command);
  }
  return chain;
}

function runsInput(words: Command): boolean {
  return chainOf(words).some(readsStandardInput);
}

function placed(word: ShellWord, script: Joined, within: Span | undefined): CommandWord {
  const { text, literal, at, inside } = word;
  return {
    text,
    literal,
    span: within ?? spanOf(script, at.start, at.end),
    exact: inside && !within ? cut(script, inside.start, inside.end) : undefined,
  };
}
