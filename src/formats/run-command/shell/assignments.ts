import type { Assignment, Command } from "unbash";
import { type Piece, rangeAt, slice } from "../passage.ts";
import { type Word, wordOf } from "../word.ts";
import { expandValue, expandWord } from "./expand.ts";
import type { Expansion } from "./fields.ts";
import type { Binding } from "./scope.ts";

/** `NAME=value`, `NAME+=value`, `NAME=(a b)`. */
export function assign(given: Expansion, assignment: Assignment): void {
  const { name, value, append, index } = assignment;
  if (index) {
    given.scope.assign(name, severalWays(name));
    return;
  }
  const binding: Binding =
    value.type === "ArrayValue"
      ? { kind: "list", words: value.elements.flatMap((element) => expandWord(element, given)) }
      : expandValue(value, given);
  given.scope.assign(name, append ? appended(given, given.scope.get(name), binding, name) : binding);
}

export function severalWays(name: string): Binding {
  return { kind: "unknown", reason: `the variable ${name} is set in more than one way` };
}

function appended(given: Expansion, before: Binding | undefined, more: Binding, name: string): Binding {
  const size =
    before?.kind === "list" ? before.words.length : before?.kind === "text" ? before.pieces.length : 0;
  given.budget.left -= size;
  if (given.budget.left < 0)
    return { kind: "unknown", reason: `the variable ${name} is too long to be followed` };
  if (before?.kind === "list" && more.kind === "list") {
    return { kind: "list", words: [...before.words, ...more.words] };
  }
  if (before?.kind === "text" && more.kind === "text") {
    return {
      kind: "text",
      pieces: [...before.pieces, ...more.pieces],
      holes: [...before.holes, ...more.holes],
    };
  }
  const open = [before, more].find((binding) => binding?.kind === "unknown");
  return open ?? { kind: "unknown", reason: `the variable ${name} is not known here` };
}

/** The value of an assignment in front of a command; undefined where nothing of it is known. */
export function assignedWord(given: Expansion, assignment: Assignment): Word | undefined {
  if (assignment.value.type !== "Word") return undefined;
  const binding = expandValue(assignment.value, given);
  if (binding.kind !== "text") return undefined;
  const at = rangeAt(given.source, assignment.value.pos, assignment.value.end);
  return wordOf(binding.pieces, at, binding.holes);
}

/** An argument that looks like an assignment (`env A=1 …`): one word. */
export function argumentWord(given: Expansion, assignment: Assignment): Word {
  const at = rangeAt(given.source, assignment.pos, assignment.end);
  const head = slice(given.source, assignment.pos, assignment.value.pos);
  const value = assignedWord(given, assignment);
  const pieces: readonly Piece[] = [...head, ...(value?.pieces ?? [])];
  return wordOf(pieces, at, value?.holes ?? []);
}

/** What an environment passes on of a variable. */
export function exportedWord(given: Expansion, name: string): Word | undefined {
  const binding = given.scope.exported.has(name) ? given.scope.get(name) : undefined;
  if (binding?.kind !== "text") return undefined;
  const [first] = binding.pieces;
  const last = binding.pieces.at(-1);
  if (!first || !last) return undefined;
  const at = { start: first.at.start, end: Math.max(first.at.start, last.at.end) };
  return wordOf(binding.pieces, at, binding.holes);
}

/** Builtins that change variables. True where the command was one. */
export function runBuiltin(given: Expansion, command: Command, name: string): boolean {
  switch (name) {
    case "export":
    case "declare":
    case "typeset":
    case "readonly":
    case "local":
      declare(given, command, name);
      return true;
    case "unset":
      for (const { text } of command.args) {
        if (isDynamic(text)) given.scope.forgetAll("unset may have taken it away");
        else given.scope.assign(text, { kind: "text", pieces: [], holes: [], unset: true });
      }
      return true;
    case "printf": {
      const [flag, target] = command.args;
      if (flag?.text !== "-v" || target === undefined) return false;
      setFromOutside(given, target.text, "is set by printf");
      return true;
    }
    // They run another builtin.
    case "builtin":
    case "command": {
      const [next, ...args] = command.args;
      return next !== undefined && runBuiltin(given, { ...command, args } as Command, next.text);
    }
    // It runs whenever its signal comes, as a function does.
    case "trap": {
      const [code] = command.args;
      if (!code || code.text.startsWith("-")) return true;
      for (const set of namesAssignedIn(code.text)) given.scope.setByFunction(set, severalWays(set));
      if (readsMore(code.text) || isDynamic(code.text))
        given.scope.openByFunction("what a trap runs may set it");
      return true;
    }
    case "read":
    case "mapfile":
    case "readarray":
    case "getopts":
      for (const { text } of command.args) setFromOutside(given, text, "is read from outside");
      return true;
    case "source":
    case ".":
      given.scope.forgetAll("a file that is read in may have changed it");
      return true;
    case "set":
      setArguments(given, command);
      return true;
    case "shift":
      given.scope.assign("@", { kind: "unknown", reason: "the arguments of the script are not known here" });
      return true;
    default:
      return false;
  }
}

/** Whether which variable is meant hangs on another one: `"$NAME"`. */
function isDynamic(text: string): boolean {
  return /[$`]/.test(text);
}

function setFromOutside(given: Expansion, text: string, how: string): void {
  const name = /^["']?([A-Za-z_]\w*)(?:\[.*\])?["']?$/s.exec(text)?.[1];
  if (name !== undefined)
    given.scope.assign(name, { kind: "unknown", reason: `the variable ${name} ${how}` });
  else if (!text.startsWith("-") && isDynamic(text))
    given.scope.forgetAll("a variable whose name is not known here is set");
}

/** The names that a part of a script may assign, by the look of it. */
export function namesAssignedIn(text: string): ReadonlySet<string> {
  const found = text.matchAll(
    /(?:^|[\s;(&|"'])([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=|\$\{([A-Za-z_]\w*):?=|\bprintf\s+-v\s*["']?([A-Za-z_]\w*)/g,
  );
  const lists = text.matchAll(
    /\b(?:read|readarray|mapfile|unset|getopts|export|declare|local|typeset|readonly|for|select)\b([^;\n&|]*)/g,
  );
  return new Set([
    ...[...found].map(([, set, byDefault, printed]) => set ?? byDefault ?? printed ?? ""),
    ...[...lists].flatMap(([, words = ""]) => words.match(/[A-Za-z_]\w*/g) ?? []),
  ]);
}

/** Whether a part of a script runs what this reader does not follow, and what may set any variable. */
export function readsMore(text: string): boolean {
  const runs = /(?:^|[\s;(&|"'])(?:\.|source|eval)\s/;
  // Which variable it sets depends on another variable, or it sets one under a second name.
  const named =
    /\b(?:printf\s+-v|read|readarray|mapfile|unset|export|declare|local|typeset|readonly)\s+(?:-\w+\s+)*["']?\$|\b(?:declare|local|typeset)\s+-\w*n/;
  return runs.test(text) || named.test(text);
}

function declare(given: Expansion, command: Command, name: string): void {
  const has = (flag: string) => command.args.some(({ text }) => new RegExp(`^-[a-zA-Z]*${flag}`).test(text));
  const exports = name === "export" || (name !== "local" && has("x"));
  // `declare -n R=OPTS`: from here on R is another name of OPTS.
  const isReference = name !== "export" && has("n");
  for (const argument of command.args) {
    if (argument.type === "Assignment" && isReference)
      for (const each of [argument.name, argument.value.type === "Word" ? argument.value.text : ""])
        given.scope.setByFunction(each, severalWays(each));
    else if (argument.type === "Assignment") assign(given, argument);
    else {
      // `declare "OPTS=$X"` is one word to the parser.
      const set = /^["']?([A-Za-z_]\w*)(?:\[.*?\])?\+?=/s.exec(argument.text)?.[1];
      if (set !== undefined) given.scope.assign(set, severalWays(set));
      else if (isDynamic(argument.text))
        given.scope.forgetAll("a variable whose name is not known here is set");
    }
    if (exports) given.scope.exported.add(argument.type === "Assignment" ? argument.name : argument.text);
  }
}

/** `set -- a b` gives the script new arguments. */
function setArguments(given: Expansion, command: Command): void {
  const dashes = command.args.findIndex(({ text }) => text === "--");
  if (dashes < 0) return;
  const words = command.args
    .slice(dashes + 1)
    .flatMap((part) => (part.type === "Word" ? expandWord(part, given) : [argumentWord(given, part)]));
  given.scope.assign("@", { kind: "list", words });
}
