import {
  type Assignment,
  type Command,
  forEachChild,
  type ParsedScript,
  parse,
  type SyntaxNode,
} from "unbash";
import type { Folder } from "../folder.ts";
import { invocationOf } from "../invocation.ts";
import { joinPieces, type Passage, type Piece, passage, type Range, rangeAt, slice } from "../passage.ts";
import { hole, textOf, type Word } from "../word.ts";
import { type Expansion, expandValue, expandWord } from "./expand.ts";
import { type Binding, newScope, type Scope } from "./scope.ts";

/** One `docker run` or `docker create` that a script runs. */
export interface RunCommand {
  /** What stands behind `run`. */
  readonly words: readonly Word[];
  /** From the command's first word to its last. */
  readonly at: Range;
  /** A variable of the environment that the docker CLI gets, where its value is known. */
  readonly passed: (name: string) => Word | undefined;
  /** Where it runs, if not where the rest of the file does. */
  readonly folder?: Folder | undefined;
}

export interface ScriptReading {
  readonly commands: readonly RunCommand[];
  /** Where the text is no shell, as ranges of the file with what the parser says. */
  readonly errors: readonly { readonly at: Range; readonly message: string }[];
}

export interface ScriptSurroundings {
  readonly home: string;
  readonly folder: string;
  /** What is known before the first line. */
  readonly variables?: ReadonlyMap<string, Binding> | undefined;
}

/** Payloads within payloads (`bash -c "bash -c …"`) are followed this far. */
const deepestPayload = 8;

interface Walk extends Expansion {
  readonly found: RunCommand[];
  readonly errors: { readonly at: Range; readonly message: string }[];
  readonly depth: number;
  /** Bodies of functions, which run when everything else has been assigned. */
  readonly later: (() => void)[];
}

/** Finds every `docker run` that a shell text would run. Never throws. */
export function readShell(source: Passage, around: ScriptSurroundings): ScriptReading {
  const walk = newWalk(source, around);
  walkText(walk);
  // A function's body may define further functions.
  for (let index = 0; index < walk.later.length; index += 1) walk.later[index]?.();
  const commands = walk.found.toSorted((a, b) => a.at.start - b.at.start);
  return { commands, errors: walk.errors };
}

/** The commands that a program's words run without a shell of their own: `docker run …`, or `sh -c '…'`. */
export function readCommandWords(
  words: readonly Word[],
  at: Range,
  around: ScriptSurroundings,
): readonly RunCommand[] {
  const walk = newWalk(passage([]), around);
  runWords(walk, words, at, [], undefined);
  for (let index = 0; index < walk.later.length; index += 1) walk.later[index]?.();
  return walk.found;
}

function newWalk(source: Passage, around: ScriptSurroundings): Walk {
  return {
    source,
    scope: newScope(around.variables),
    home: around.home,
    folder: around.folder,
    found: [],
    errors: [],
    depth: 0,
    later: [],
  };
}

function walkText(walk: Walk): void {
  let script: ParsedScript;
  try {
    script = parse(walk.source.text);
  } catch (error) {
    const message = error instanceof RangeError ? "it is nested too deeply" : "it cannot be parsed";
    walk.errors.push({ at: rangeAt(walk.source, 0, walk.source.text.length), message });
    return;
  }
  try {
    walkNode(walk, script);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    walk.errors.push({
      at: rangeAt(walk.source, 0, walk.source.text.length),
      message: "it is nested too deeply",
    });
  }
}

function walkNode(walk: Walk, node: SyntaxNode): void {
  switch (node.type) {
    case "Script":
      walkScript(walk, node);
      return;
    case "Command":
      walkCommand(walk, node);
      return;
    case "If":
      walkNode(walk, node.clause);
      walk.scope.branches([
        () => walkNode(walk, node.then),
        ...node.elif.map((branch) => () => walkNode(walk, branch)),
        ...(node.else ? [() => node.else && walkNode(walk, node.else)] : []),
      ]);
      return;
    case "Case":
      walk.scope.branches(node.items.map((item) => () => walkNode(walk, item)));
      return;
    case "AndOr":
      walkAndOr(walk, node.commands);
      return;
    case "For":
    case "Select":
      for (const word of node.wordlist ?? []) walkNode(walk, word);
      loop(walk, node.body, () => bindLoop(walk, node.name.text, node.wordlist));
      return;
    case "While":
      loop(walk, node, () => undefined);
      return;
    case "ArithmeticFor":
      loop(walk, node.body, () => undefined);
      return;
    case "Function":
      walk.later.push(() => walkFunction(walk, node.body));
      return;
    case "Subshell":
    case "Coproc":
      walk.scope.isolated(() => forEachChild(node, (child) => walkNode(walk, child)));
      return;
    case "Pipeline":
      for (const command of node.commands) walk.scope.isolated(() => walkNode(walk, command));
      return;
    default:
      forEachChild(node, (child) => walkNode(walk, child));
  }
}

/** A script, or the inside of a substitution; one in escaped backticks has a text of its own. */
function walkScript(walk: Walk, node: ParsedScript): void {
  for (const error of node.errors ?? []) {
    walk.errors.push({ at: rangeAt(walk.source, error.pos, error.pos + 1), message: error.message });
  }
  const own = node.source;
  if (own === undefined) {
    forEachChild(node, (child) => walkNode(walk, child));
    return;
  }
  const at = rangeAt(walk.source, 0, walk.source.text.length);
  const source = passage([{ text: own, at, written: undefined, exact: false }]);
  const inner: Walk = { ...walk, source };
  forEachChild(node, (child) => walkNode(inner, child));
}

/** `a && B=1`: whether the later ones run is not known. `A=1 && docker run $A` is. */
function walkAndOr(walk: Walk, commands: readonly SyntaxNode[]): void {
  const [first, ...rest] = commands;
  if (first) walkNode(walk, first);
  if (rest.length === 0) return;
  walk.scope.branches([
    () => {
      for (const command of rest) walkNode(walk, command);
    },
  ]);
}

/** What a loop assigns is uncertain from its start, since it may not be the first turn. */
function loop(walk: Walk, body: SyntaxNode, bind: () => void): void {
  const text = "pos" in body ? walk.source.text.slice(body.pos, body.end) : "";
  walk.scope.branches([
    () => {
      for (const [, name] of text.matchAll(/(?:^|[\s;(])([A-Za-z_]\w*)\+?=/g)) {
        if (name) uncertain(walk, name);
      }
      bind();
      if (body.type === "While") forEachChild(body, (child) => walkNode(walk, child));
      else walkNode(walk, body);
    },
  ]);
}

function uncertain(walk: Walk, name: string): void {
  walk.scope.assign(name, { kind: "unknown", reason: `the variable ${name} is set in more than one way` });
}

function bindLoop(walk: Walk, name: string, wordlist: readonly SyntaxNode[] | undefined): void {
  const [only, ...more] = wordlist ?? [];
  if (only?.type === "Word" && more.length === 0) {
    const words = expandWord(only, walk);
    const [word] = words;
    if (word && words.length === 1 && textOf(word) !== undefined && !/[*?[]/.test(word.text)) {
      walk.scope.assign(name, { kind: "text", pieces: word.pieces, holes: [] });
      return;
    }
  }
  walk.scope.assign(name, { kind: "unknown", reason: `the variable ${name} takes several values` });
}

/** A function has its own arguments. */
function walkFunction(walk: Walk, body: SyntaxNode): void {
  walk.scope.isolated(() => {
    walk.scope.assign("@", { kind: "unknown", reason: "the arguments of the function are not known here" });
    walkNode(walk, body);
  });
}

function walkCommand(walk: Walk, command: Command): void {
  forEachChild(command, (child) => walkSubstitutions(walk, child));
  const assignments = command.prefix.filter((part): part is Assignment => part.type === "Assignment");
  if (!command.name) {
    for (const assignment of assignments) assign(walk, assignment);
    return;
  }
  const args = command.suffix.filter((part) => part.type === "Word" || part.type === "Assignment");
  const words = [
    ...expandWord(command.name, walk),
    ...args.flatMap((part) => (part.type === "Word" ? expandWord(part, walk) : assignmentWord(walk, part))),
  ];
  if (builtin(walk, command, textOf(words[0] ?? emptyWord) ?? "")) return;
  const last = args.at(-1) ?? command.name;
  const at = rangeAt(walk.source, command.pos, last.end);
  runWords(walk, words, at, assignments, command);
}

const emptyWord: Word = { text: "", pieces: [], at: { start: 0, end: 0 }, holes: [], many: false };

function runWords(
  walk: Walk,
  words: readonly Word[],
  at: Range,
  assignments: readonly Assignment[],
  command: Command | undefined,
): void {
  const invocation = invocationOf(words);
  if (invocation.kind === "docker-run") {
    const own = new Map(assignments.map((each) => [each.name, valueWord(walk, each)]));
    walk.found.push({ words: invocation.words, at, passed: passedOn(walk.scope, own) });
  } else if (invocation.kind === "script") walkPayload(walk, invocation.script, assignments);
  else if (invocation.kind === "shell" && command) walkInput(walk, command);
}

/** The environment that a command gets: its own assignments, then what was exported. Looked up when it is asked for. */
function passedOn(scope: Scope, own: ReadonlyMap<string, Word | undefined>) {
  const exported = new Map(
    [...scope.exported].flatMap((name) => {
      const binding = scope.get(name);
      return binding ? [[name, binding] as const] : [];
    }),
  );
  return (name: string): Word | undefined => {
    if (own.has(name)) return own.get(name);
    const binding = exported.get(name);
    if (binding?.kind !== "text") return undefined;
    const [first] = binding.pieces;
    const last = binding.pieces.at(-1);
    if (!first || !last) return undefined;
    const text = binding.pieces.map((piece) => piece.text).join("");
    return {
      text,
      pieces: binding.pieces,
      at: { start: first.at.start, end: Math.max(first.at.start, last.at.end) },
      holes: binding.holes,
      many: false,
    };
  };
}

function valueWord(walk: Walk, assignment: Assignment): Word | undefined {
  if (assignment.value.type !== "Word") return undefined;
  const binding = expandValue(assignment.value, walk);
  if (binding.kind !== "text") return undefined;
  const at = rangeAt(walk.source, assignment.value.pos, assignment.value.end);
  const text = binding.pieces.map((piece) => piece.text).join("");
  return { text, pieces: binding.pieces, at, holes: binding.holes, many: false };
}

/** An argument that looks like an assignment (`env A=1`, `--flag` has none of these): one word. */
function assignmentWord(walk: Walk, assignment: Assignment): readonly Word[] {
  const at = rangeAt(walk.source, assignment.pos, assignment.end);
  const head = slice(walk.source, assignment.pos, assignment.value.pos);
  const value = valueWord(walk, assignment);
  const pieces: readonly Piece[] = [...head, ...(value?.pieces ?? [])];
  return [
    { text: pieces.map((piece) => piece.text).join(""), pieces, at, holes: value?.holes ?? [], many: false },
  ];
}

/** Looks for substitutions in a command's words; they run before it. */
function walkSubstitutions(walk: Walk, node: SyntaxNode): void {
  if (node.type === "CommandExpansion" || node.type === "ProcessSubstitution") {
    walk.scope.isolated(() => forEachChild(node, (child) => walkNode(walk, child)));
    return;
  }
  if (node.type === "Script") walkNode(walk, node);
  else forEachChild(node, (child) => walkSubstitutions(walk, child));
}

function assign(walk: Walk, assignment: Assignment): void {
  const { name, value, append, index } = assignment;
  if (index) {
    uncertain(walk, name);
    return;
  }
  const binding: Binding =
    value.type === "ArrayValue"
      ? { kind: "list", words: value.elements.flatMap((element) => expandWord(element, walk)) }
      : expandValue(value, walk);
  walk.scope.assign(name, append ? appended(walk.scope.get(name), binding, name) : binding);
}

function appended(before: Binding | undefined, more: Binding, name: string): Binding {
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
  if (open?.kind === "unknown") return open;
  return { kind: "unknown", reason: `the variable ${name} is not known here` };
}

/** Builtins that change variables. True where the command was one. */
function builtin(walk: Walk, command: Command, name: string): boolean {
  switch (name) {
    case "export":
    case "declare":
    case "typeset":
    case "readonly":
    case "local":
      for (const argument of command.args) {
        if (argument.type === "Assignment") assign(walk, argument);
        const named = argument.type === "Assignment" ? argument.name : argument.text;
        const exports =
          name === "export" || (name === "declare" && command.args.some((each) => /^-\w*x/.test(each.text)));
        if (exports) walk.scope.exported.add(named);
      }
      return true;
    case "unset":
      for (const argument of command.args) {
        walk.scope.assign(argument.text, { kind: "text", pieces: [], holes: [] });
      }
      return true;
    case "read":
    case "mapfile":
    case "readarray":
    case "getopts":
      for (const argument of command.args) {
        if (/^[A-Za-z_]\w*$/.test(argument.text)) {
          walk.scope.assign(argument.text, {
            kind: "unknown",
            reason: `the variable ${argument.text} is read from outside`,
          });
        }
      }
      return true;
    case "source":
    case ".":
      walk.scope.forgetAll("a file that is read in may have changed it");
      return true;
    case "set":
      setArguments(walk, command);
      return true;
    case "shift":
      walk.scope.assign("@", { kind: "unknown", reason: "the arguments of the script are not known here" });
      return true;
    default:
      return false;
  }
}

/** `set -- a b` gives the script new arguments. */
function setArguments(walk: Walk, command: Command): void {
  const dashes = command.args.findIndex((argument) => argument.text === "--");
  if (dashes < 0) return;
  const words = command.args
    .slice(dashes + 1)
    .flatMap((part) => (part.type === "Word" ? expandWord(part, walk) : assignmentWord(walk, part)));
  walk.scope.assign("@", { kind: "list", words });
}

/** A script in an argument is parsed by itself; its parts keep their places in the file. */
function walkPayload(walk: Walk, script: Word, assignments: readonly Assignment[]): void {
  if (walk.depth >= deepestPayload || !/docker/i.test(script.text)) return;
  const variables = new Map<string, Binding>();
  const pieces: Piece[] = [];
  for (const piece of script.pieces) {
    if (piece.text !== hole) {
      pieces.push(piece);
      continue;
    }
    // A part that is not known stays one for the shell that reads the payload.
    const name = `unknown_${variables.size}`;
    variables.set(name, {
      kind: "unknown",
      reason: script.holes[variables.size]?.reason ?? "a part is not known",
    });
    pieces.push({ ...piece, text: `\${${name}}` });
  }
  for (const each of assignments) {
    const value = valueWord(walk, each);
    if (value) variables.set(each.name, { kind: "text", pieces: value.pieces, holes: value.holes });
  }
  walkText({
    ...walk,
    source: passage(joinPieces(pieces)),
    scope: newScope(variables),
    depth: walk.depth + 1,
  });
}

/** `bash <<EOF`, `sh <<< '…'`. */
function walkInput(walk: Walk, command: Command): void {
  for (const redirect of command.redirects) {
    if (redirect.type === "HereString" && redirect.target) {
      for (const word of expandWord(redirect.target, walk)) walkPayload(walk, word, []);
    }
    if (redirect.type === "HereDoc") walkHeredoc(walk, redirect.body.pos, redirect.body.end);
  }
}

function walkHeredoc(walk: Walk, start: number, end: number): void {
  if (walk.depth >= deepestPayload) return;
  walkText({
    ...walk,
    source: passage(slice(walk.source, start, end)),
    scope: newScope(),
    depth: walk.depth + 1,
  });
}
