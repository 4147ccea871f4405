import { failed, ok, type Result } from "../../../base/result.ts";
import type { Files } from "../../../model/reading.ts";
import { type Lookup, type Substituted, substitute } from "./template.ts";

/** One `NAME=value` of an env file, with the offsets of the value as written. */
interface EnvLine extends Substituted {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Its variables make it longer than the environment of a program can hold: it has no text here. */
  readonly tooLong?: true;
}

/** Linux takes no longer variable for a program (MAX_ARG_STRLEN), so none can reach a container. */
const longestValue = 128 * 1024;

/**
 * An env file as compose-go's dotenv reads it: `NAME=value` or `NAME: value`, `export`, comments, single quotes (literal,
 * over several lines), double quotes (with escapes and variables). A bare `NAME` is taken over from the environment.
 * With `raw`, everything behind `=` is the value.
 */
export function parseEnvFile(text: string, lookup: Lookup, raw = false): Result<readonly EnvLine[]> {
  const lines: EnvLine[] = [];
  const before = new Map<string, string>();
  const tooLong = new Set<string>();
  let usesTooLong = false;
  const find: Lookup = (name) => {
    if (tooLong.has(name)) usesTooLong = true;
    return lookup(name) ?? before.get(name);
  };
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  for (at = statementStart(text, at); at < text.length; at = statementStart(text, at)) {
    const key = /^(?:export[ \t]+)?([^=:\n]*)([=:\n]|$)/.exec(lineAt(text, at));
    const name = key?.[1]?.trim() ?? "";
    if (!key || !/^[\p{L}\p{N}_.[\]-]+$/u.test(name)) {
      return failed(`line ${lineNumber(text, at)} is not NAME=value`);
    }
    const behind = at + key[0].length;
    if (key[2] === "\n" || key[2] === "") {
      const value = find(name);
      if (value !== undefined)
        lines.push({ name, ...literal(value), start: at, end: at + key[0].trimEnd().length });
      at = behind;
      continue;
    }
    const value = raw ? rawValue(text, behind) : readValue(text, behind, find);
    if (!value) return failed(`line ${lineNumber(text, at)} opens a quote that is never closed`);
    const { start, end } = value;
    tooLong.delete(name);
    if (usesTooLong || value.value.text.length > longestValue) {
      tooLong.add(name);
      before.delete(name);
      lines.push({ name, ...literal(""), start, end, tooLong: true });
    } else {
      before.set(name, value.value.text);
      lines.push({ name, ...value.value, start, end });
    }
    usesTooLong = false;
    at = value.next;
  }
  return ok(lines);
}

interface Value {
  readonly value: Substituted;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

function lineAt(text: string, at: number): string {
  const end = text.indexOf("\n", at);
  return text.slice(at, end < 0 ? text.length : end + 1);
}

function statementStart(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < text.length && /\s/.test(text[at] ?? "")) at += 1;
    if (text[at] !== "#") return at;
    const end = text.indexOf("\n", at);
    at = end < 0 ? text.length : end;
  }
}

function rawValue(text: string, from: number): Value {
  const line = lineAt(text, from).replace(/\r?\n$/, "");
  const end = from + line.length;
  return { value: literal(line), start: from, end, next: end };
}

function readValue(text: string, from: number, lookup: Lookup): Value | undefined {
  let start = from;
  while (/[ \t\v\f\r]/.test(text[start] ?? "")) start += 1;
  const quote = text[start];
  if (quote === '"' || quote === "'") return readQuoted(text, start, quote, lookup);
  const line = lineAt(text, start);
  const comment = line.indexOf(" #");
  const written = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  return {
    value: substitute(written, lookup),
    start,
    end: start + written.length,
    next: start + line.length,
  };
}

function readQuoted(text: string, start: number, quote: string, lookup: Lookup): Value | undefined {
  let value = "";
  for (let index = start + 1; index < text.length; index += 1) {
    const char = text[index];
    if (char === "\\" && index + 1 < text.length) {
      const next = text[index + 1] ?? "";
      value += next === quote ? next : char + next;
      index += 1;
    } else if (char === quote) {
      const found = quote === '"' ? substitute(expandEscapes(value), lookup) : literal(value);
      return { value: found, start, end: index + 1, next: index + 1 };
    } else value += char;
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  '"': '"',
  $: "$$",
};

function expandEscapes(text: string): string {
  return text.replace(/\\([nrtabfv"\\$]|0[0-7]{0,3})/g, (whole, code: string) =>
    code.startsWith("0") ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? whole),
  );
}

function lineNumber(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

function literal(text: string): Substituted {
  return { text, authored: text, missing: [], invalid: false };
}

/**
 * The variables of env files for interpolation, later files over earlier ones. `fail` is told of each file that cannot
 * be read or understood, and of a variable that is too long where it is asked for.
 */
export function readEnvFiles(
  files: readonly string[],
  io: Files,
  lookup: Lookup,
  fail: (file: string, reason: string) => void,
): Lookup {
  const found = new Map<string, string>();
  const tooLong = new Map<string, string>();
  const find: Lookup = (name) => {
    const file = tooLong.get(name);
    if (file !== undefined) fail(file, `the variable ${name} of ${file} grows to more than 128 KiB`);
    return found.get(name);
  };
  for (const file of files) {
    const text = io.read(file);
    if (!text.ok) {
      fail(file, `the env file ${file} cannot be read: ${text.reason}`);
      continue;
    }
    const lines = parseEnvFile(text.value, (name) => lookup(name) ?? find(name));
    if (!lines.ok) fail(file, `the env file ${file} is not understood: ${lines.reason}`);
    else {
      for (const line of lines.value) {
        found.delete(line.name);
        tooLong.delete(line.name);
        if (line.tooLong) tooLong.set(line.name, file);
        else found.set(line.name, line.text);
      }
    }
  }
  return find;
}

/** The process's environment. Names such as `constructor` are no variables unless somebody set them. */
export function processLookup(io: Files): Lookup {
  return (name) => {
    if (Object.hasOwn(io.environment, name)) return io.environment[name];
    // Every login has it (pam_systemd(8)), a CI does not. Whose it is changes nothing here.
    return name === "XDG_RUNTIME_DIR" ? "/run/user/1000" : undefined;
  };
}

/** One lookup before another. */
export function layered(first: Lookup, second: Lookup): Lookup {
  return (name) => first(name) ?? second(name);
}
