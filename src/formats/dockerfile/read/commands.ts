import type { Span } from "../../values/positions.ts";
import { cut, type Joined, spanOf } from "./joined.ts";
import { type ShellWord, shellCommands } from "./shell.ts";
import { readsStandardInput, scriptArgument, wrapped } from "./wrappers.ts";

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
const deepest = 3;
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
    if (heredocs.length === 0 || depth >= deepest || !runsInput(command)) continue;
    for (const { start, end } of heredocs) addScript(cut(script, start, end), within, depth + 1, found);
  }
}

function addCommand(words: Command, depth: number, found: Command[]): void {
  for (const command of chainOf(words)) {
    found.push(command);
    const script = scriptArgument(command);
    if (!script || depth >= deepest) continue;
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
