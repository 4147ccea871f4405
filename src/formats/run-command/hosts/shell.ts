import { passage, written } from "../passage.ts";
import { type Hosted, linesIn, linesPassage, pieceOf } from "./host.ts";

/** A shell script. Windows line ends are taken for plain ones, so that a command is still seen for what it is. */
export function readShellScript(text: string): Hosted {
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  const source = text.includes("\r")
    ? linesPassage(linesIn(text).map((line) => [pieceOf(line, line.start === 0 ? start : 0)]))
    : passage([written(text.slice(start), start)]);
  return { texts: [{ source }], commands: [], gaps: [] };
}
