/** A simple command of a script: enough of the shell to see which program gets which words. */
export interface Command {
  /** Unquoted. A `$` that the shell does not replace is `literalDollar`. */
  readonly words: readonly string[];
  /** The text of its here-document or here-string. */
  readonly body: string | undefined;
  /** The command whose output it reads. */
  readonly input: Command | undefined;
}

/** Stands for a `$` within single quotes, which is no variable. */
export const literalDollar = "\uE000";

export function plainText(text: string): string {
  return text.replaceAll(literalDollar, "$");
}

/** More commands than this no line that a person wrote has. */
const mostCommands = 5000;

/** The commands of a POSIX shell script in order. What it cannot split it takes as words: nothing is ever refused. */
export function commandsOf(script: string): readonly Command[] {
  const commands: Command[] = [];
  const pending: { readonly word: string; readonly command: number }[] = [];
  const bodies = new Map<number, string>();
  let words: string[] = [];
  let word: string | undefined;
  let here: string | undefined;
  let pipedFrom: Command | undefined;
  let at = 0;

  function endWord(): void {
    if (word === undefined) return;
    if (here === "<<" || here === "<<-") pending.push({ word, command: commands.length });
    else if (here === "<<<") bodies.set(commands.length, word);
    else if (here === undefined) words.push(word);
    here = undefined;
    word = undefined;
  }

  function endCommand(isPipe: boolean): void {
    endWord();
    if (words.length === 0) {
      if (!isPipe) pipedFrom = undefined;
      return;
    }
    const index = commands.length;
    // A here-document comes below: its text is put in then.
    const command: Command = {
      words,
      input: pipedFrom,
      get body() {
        return bodies.get(index);
      },
    };
    commands.push(command);
    pipedFrom = isPipe ? command : undefined;
    words = [];
  }

  while (at < script.length && commands.length < mostCommands) {
    const char = script[at] ?? "";
    const next = script[at + 1] ?? "";
    if (char === "\\") {
      if (next === "\n" || next === "\r") at += next === "\r" && script[at + 2] === "\n" ? 3 : 2;
      else {
        word = (word ?? "") + (next === "$" ? literalDollar : next);
        at += 2;
      }
    } else if (char === "'") {
      const end = script.indexOf("'", at + 1);
      const stop = end < 0 ? script.length : end;
      word = (word ?? "") + script.slice(at + 1, stop).replaceAll("$", literalDollar);
      at = stop + 1;
    } else if (char === '"') {
      at += 1;
      word ??= "";
      while (at < script.length && script[at] !== '"') {
        const escaped = script[at + 1] ?? "";
        if (script[at] === "\\" && /["\\$`\n]/.test(escaped)) {
          word += escaped === "\n" ? "" : escaped === "$" ? literalDollar : escaped;
          at += 2;
        } else if (script[at] === "$" && escaped === "(") {
          const end = substitutionEnd(script, at + 1);
          word += script.slice(at, end);
          at = end;
        } else {
          word += script[at];
          at += 1;
        }
      }
      at += 1;
    } else if ((char === "$" && next === "(") || char === "`") {
      const tick = script.indexOf("`", at + 1);
      const end = char === "$" ? substitutionEnd(script, at + 1) : tick < 0 ? script.length : tick + 1;
      word = (word ?? "") + script.slice(at, end);
      at = end;
    } else if (char === "<" && next === "<") {
      endWord();
      here = script.startsWith("<<<", at) ? "<<<" : script.startsWith("<<-", at) ? "<<-" : "<<";
      at += here.length;
    } else if (char === ">" || char === "<") {
      // A number before it is a file descriptor; the file behind it is no word of the command.
      if (word !== undefined && /^\d$/.test(word)) word = undefined;
      endWord();
      here = ">";
      at += script[at + 1] === ">" || script[at + 1] === "&" ? 2 : 1;
    } else if (char === "#" && word === undefined) {
      const end = script.indexOf("\n", at);
      at = end < 0 ? script.length : end;
    } else if (char === "\n") {
      endCommand(false);
      at += 1;
      for (const { word: delimiter, command } of pending.splice(0)) {
        const end = new RegExp(`^[ \\t]*${delimiter.replace(/[^\w]/g, "\\$&")}[ \\t]*\\r?$`, "m").exec(
          script.slice(at),
        );
        const stop = end ? at + end.index : script.length;
        bodies.set(command, script.slice(at, stop));
        at = end ? stop + end[0].length : script.length;
      }
    } else if (
      /[;&|(){}]/.test(char) &&
      !(/[{}]/.test(char) && (word !== undefined || !/[\s;]/.test(next || " ")))
    ) {
      const isPipe = char === "|" && next !== "|";
      endCommand(isPipe);
      at += char === next && /[;&|]/.test(char) ? 2 : 1;
    } else if (/\s/.test(char)) {
      endWord();
      at += 1;
    } else {
      word = (word ?? "") + char;
      at += 1;
    }
  }
  endCommand(false);
  return commands;
}

/** The end of `(…)` that begins at `start`, quotes left aside. */
function substitutionEnd(script: string, start: number): number {
  let depth = 0;
  for (let at = start; at < script.length; at += 1) {
    if (script[at] === "(") depth += 1;
    else if (script[at] === ")") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return script.length;
}
