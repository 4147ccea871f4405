import type { Piece } from "../passage.ts";
import { type Line, pieceOf } from "./host.ts";

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
