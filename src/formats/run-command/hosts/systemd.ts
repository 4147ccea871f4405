import { basename } from "node:path";
import { folder } from "../folder.ts";
import { type Piece, passage, rangeAt } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import { type RunCommand, readCommandWords } from "../shell/commands.ts";
import { mostCommands } from "../shell/limits.ts";
import type { Binding } from "../shell/scope.ts";
import type { Word } from "../word.ts";
import { type Hosted, type Line, linesIn, pieceOf } from "./host.ts";
import { splitSystemdCommand, type UnitValues } from "./systemd-words.ts";

/**
 * The commands of a unit: `ExecStart=` and its siblings, which run without a shell
 * (https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines).
 */
export function readSystemdUnit(text: string, around: Surroundings): Hosted {
  const settings = settingsIn(text);
  const values: UnitValues = {
    specifiers: specifiersOf(around),
    variables: around.io.exists(`${around.file}.d`)
      ? opened(environmentOf(settings), "a drop-in of the unit may change it")
      : environmentOf(settings),
    budget: { left: 4_000_000 },
  };
  const folderOfUnit = folder(workingFolder(settings));
  const commands: RunCommand[] = [];
  for (const { name, value } of settings) {
    if (commands.length > mostCommands) break;
    if (!/^Exec(?:Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)$/.test(name)) continue;
    for (const words of splitSystemdCommand(value, values)) {
      const at = spanOf(words, value);
      const found = readCommandWords(words, at, { home: around.io.home, folder: folderOfUnit.absolute });
      commands.push(...found.map((command) => ({ ...command, folder: folderOfUnit })));
    }
  }
  return { texts: [], commands, gaps: [], variables: environmentOf(settings, false) };
}

interface Setting {
  readonly name: string;
  /** The value; lines that a backslash joins are joined by a space. */
  readonly value: readonly Piece[];
}

function settingsIn(text: string): readonly Setting[] {
  const settings: Setting[] = [];
  const lines = linesIn(text);
  let index = 0;
  while (index < lines.length) {
    const line = lines[index];
    index += 1;
    const match = line && /^\s*([A-Za-z]+)\s*=\s*/.exec(line.text);
    if (!line || !match) continue;
    const value: Piece[] = [];
    let current: Line | undefined = line;
    let from = match[0].length;
    while (current) {
      const continued: boolean = current.text.endsWith("\\");
      value.push(pieceOf(current, from, current.text.length - (continued ? 1 : 0)));
      if (!continued) break;
      const end: number = current.start + current.text.length;
      value.push({ text: " ", at: { start: end, end }, written: undefined, exact: false });
      // Comments between continued lines are skipped.
      while (/^\s*[#;]/.test(lines[index]?.text ?? "")) index += 1;
      current = lines[index];
      from = 0;
      index += 1;
    }
    settings.push({ name: match[1] ?? "", value });
  }
  return settings;
}

function textOf(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join("");
}

/** What is known of the unit by its file: a system unit has its folders in fixed places. */
function specifiersOf(around: Surroundings): ReadonlyMap<string, string> {
  const unit = basename(around.file);
  const name = unit.replace(/\.[a-z]+$/, "");
  const known = new Map([["%", "%"]]);
  if (!name.includes("@")) {
    for (const letter of ["N", "p"]) known.set(letter, name);
    known.set("n", unit);
  }
  if (/(?:^|\/)user\//.test(around.file)) return known;
  for (const [letter, path] of [
    ["t", "/run"],
    ["S", "/var/lib"],
    ["C", "/var/cache"],
    ["L", "/var/log"],
    ["E", "/etc"],
    ["T", "/tmp"],
    ["V", "/var/tmp"],
  ] as const) {
    known.set(letter, path);
  }
  return known;
}

/** `Environment=A=1 "B=two words"`. An EnvironmentFile wins over all of it, and is not looked at. */
function environmentOf(settings: readonly Setting[], mayChange = true): ReadonlyMap<string, Binding> {
  const variables = new Map<string, Binding>();
  const nothing: UnitValues = { specifiers: new Map([["%", "%"]]), variables, budget: { left: 0 } };
  for (const { name, value } of settings) {
    if (name !== "Environment") continue;
    for (const word of splitSystemdCommand(value, nothing, true).flat()) {
      const equals = word.text.indexOf("=");
      if (equals <= 0) continue;
      variables.set(word.text.slice(0, equals), valueAfter(word, equals + 1));
    }
  }
  const hasFile = mayChange && settings.some(({ name }) => name === "EnvironmentFile");
  return hasFile ? opened(variables, "the EnvironmentFile may change it") : variables;
}

function opened(variables: ReadonlyMap<string, Binding>, why: string): ReadonlyMap<string, Binding> {
  const reason = (name: string) => `the variable ${name} is not known here: ${why}`;
  return new Map([...variables.keys()].map((name) => [name, { kind: "unknown", reason: reason(name) }]));
}

function valueAfter(word: Word, from: number): Binding {
  if (word.holes.length > 0) return { kind: "unknown", reason: "a specifier in it is not known here" };
  const source = passage(word.pieces);
  const pieces = source.pieces.flatMap((piece, index) => {
    const start = source.starts[index] ?? 0;
    const cut = Math.max(0, from - start);
    if (cut >= piece.text.length) return [];
    if (cut === 0 || !piece.exact) return [{ ...piece, text: piece.text.slice(cut) }];
    return [
      { ...piece, text: piece.text.slice(cut), at: { start: piece.at.start + cut, end: piece.at.end } },
    ];
  });
  return { kind: "text", pieces, holes: [] };
}

function workingFolder(settings: readonly Setting[]): string {
  const last = settings.findLast((setting) => setting.name === "WorkingDirectory");
  const path = last ? textOf(last.value).replace(/^-/, "").trim() : "/";
  return path.startsWith("/") ? path : "/";
}

function spanOf(words: readonly Word[], value: readonly Piece[]) {
  const first = words[0]?.at;
  const last = words.at(-1)?.at;
  if (first && last) return { start: first.start, end: last.end };
  const source = passage(value);
  return rangeAt(source, 0, source.text.length);
}
