/** A key as the live view takes it. */
export type Key =
  | { readonly name: KeyName }
  /** A character that was typed. */
  | { readonly name: "text"; readonly text: string };

type KeyName =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "tab"
  | "backspace"
  /** Ctrl-U: all that was typed goes. */
  | "clear"
  /** Ctrl-C, Ctrl-D. */
  | "interrupt";

/** What terminals send for a key, xterm's and the Linux console's. */
const sequences: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  OA: "up",
  "[B": "down",
  OB: "down",
  "[5~": "pageUp",
  "[6~": "pageDown",
  "[H": "home",
  OH: "home",
  "[1~": "home",
  "[7~": "home",
  "[F": "end",
  OF: "end",
  "[4~": "end",
  "[8~": "end",
  "[Z": "tab",
};

const controls: Readonly<Record<string, KeyName>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0015": "clear",
  "\u0003": "interrupt",
  "\u0004": "interrupt",
};

/** An escape with what belongs to it: a control sequence (ECMA-48), one of three characters, or nothing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send control characters
const pattern = /\u001b(\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z])?|[\s\S]/gu;

/** The keys in what a terminal sent at once; sequences of other keys are left out. */
export function keysOf(sent: string): readonly Key[] {
  return [...sent.matchAll(pattern)].flatMap(([text, sequence]): readonly Key[] => {
    if (text.startsWith("\u001b")) {
      if (sequence === undefined) return [{ name: "escape" }];
      const name = sequences[sequence];
      return name === undefined ? [] : [{ name }];
    }
    const name = controls[text];
    if (name !== undefined) return [{ name }];
    return /\p{Cc}/u.test(text) ? [] : [{ name: "text", text }];
  });
}
