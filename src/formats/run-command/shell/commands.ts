import {
  type Assignment,
  type Command,
  type CommandExpansionPart,
  forEachChild,
  type ParsedScript,
  parse,
  type SyntaxNode,
} from "unbash";
import { type Act, actOf, isDaemonFile } from "../acts.ts";
import { invocationOf } from "../invocation.ts";
import { type Passage, passage, type Range, rangeAt, slice } from "../passage.ts";
import { sourceOf, textOf, type Word } from "../word.ts";
import {
  argumentWord,
  assign,
  assignedWord,
  exportedWord,
  namesAssignedIn,
  readsMore,
  runBuiltin,
  severalWays,
} from "./assignments.ts";
import { expandBody, expandWord, longestWord } from "./expand.ts";
import { mostArguments, mostCommands, tooMuch } from "./limits.ts";
import { newScope } from "./scope.ts";
import {
  backtickSource,
  fail,
  newWalk,
  nothingToRead,
  payloadOf,
  type RunCommand,
  type ScriptSurroundings,
  type ShellError,
  type Walk,
  within,
} from "./walk.ts";

export type { RunCommand, ScriptSurroundings } from "./walk.ts";

export interface ScriptReading {
  readonly acts: readonly Act[];
  readonly commands: readonly RunCommand[];
  readonly errors: readonly ShellError[];
}

/** Payloads within payloads (`bash -c "bash -c …"`) are followed this far. */
const deepestPayload = 8;

/** Here-documents beyond this are data. */
const longestBody = 1_000_000;

/** Finds every `docker run` that a shell text would run. Never throws. */
export function readShell(source: Passage, around: ScriptSurroundings): ScriptReading {
  const walk = newWalk(source, around);
  walkText(walk);
  // A function's body may define further functions.
  for (let index = 0; index < walk.later.length; index += 1) walk.later[index]?.();
  const commands = walk.found.toSorted((a, b) => a.at.start - b.at.start);
  return { commands, acts: walk.acts, errors: walk.errors };
}

/** The commands that a program's words run without a shell of their own: `docker run …`, or `sh -c '…'`. */
export function readCommandWords(
  words: readonly Word[],
  at: Range,
  around: ScriptSurroundings,
): readonly RunCommand[] {
  const walk = newWalk(nothingToRead, around);
  runWords(walk, words, at, [], undefined);
  for (let index = 0; index < walk.later.length; index += 1) walk.later[index]?.();
  return walk.found;
}

function walkText(walk: Walk): void {
  const refusal = tooMuch(walk.source.text);
  if (refusal !== undefined) {
    fail(walk, 0, walk.source.text.length, refusal);
    return;
  }
  let script: ParsedScript;
  try {
    script = parse(walk.source.text);
  } catch (error) {
    const reason = error instanceof RangeError ? "it is nested too deeply to be read" : "it cannot be parsed";
    fail(walk, 0, walk.source.text.length, reason);
    return;
  }
  try {
    walkNode(walk, script);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    fail(walk, 0, walk.source.text.length, "it is nested too deeply to be read");
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
      defineFunction(walk, node.body);
      return;
    case "ProcessSubstitution":
      walk.scope.isolated(() => forEachChild(node, (child) => walkNode(walk, child)));
      return;
    case "CommandExpansion":
      walkExpansion(walk, node);
      return;
    case "Subshell":
    case "Coproc":
      walk.scope.isolated(() => forEachChild(node, (child) => walkNode(walk, child)));
      return;
    case "Pipeline":
      if (walk.mayConfigure) rememberPiped(walk, node.commands);
      for (const command of node.commands) walk.scope.isolated(() => walkNode(walk, command));
      walkPiped(walk, node.commands);
      return;
    default:
      forEachChild(node, (child) => walkNode(walk, child));
  }
}

function walkScript(walk: Walk, node: ParsedScript): void {
  for (const error of node.errors ?? []) {
    fail(walk, error.pos, error.pos + 1, `it is not valid shell: ${error.message}`);
  }
  forEachChild(node, (child) => walkNode(walk, child));
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
  walk.scope.branches([
    () => {
      for (const name of assignedIn(walk, body)) walk.scope.assign(name, severalWays(name));
      if (readsMore(walk.source.text.slice(body.pos, body.end)))
        walk.scope.forgetAll("what a turn of the loop runs may set it");
      bind();
      if (body.type === "While") forEachChild(body, (child) => walkNode(walk, child));
      else walkNode(walk, body);
    },
  ]);
}

/** The names that a part of a script may assign, by the look of it. */
function assignedIn(walk: Walk, node: SyntaxNode): ReadonlySet<string> {
  return namesAssignedIn(walk.source.text.slice(node.pos, node.end));
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

/**
 * A function's body is read when everything else has been. What it assigns may change with every call of it, so that it
 * is known nowhere else.
 */
function defineFunction(walk: Walk, body: SyntaxNode): void {
  for (const name of assignedIn(walk, body)) walk.scope.setByFunction(name, severalWays(name));
  if (readsMore(walk.source.text.slice(body.pos, body.end)))
    walk.scope.openByFunction("what a function runs may set it");
  walk.later.push(() =>
    walk.scope.inFunction(() => {
      walk.scope.assign("@", { kind: "unknown", reason: "the arguments of the function are not known here" });
      walkNode(walk, body);
    }),
  );
}

function walkCommand(walk: Walk, command: Command): void {
  if (walk.found.length > mostCommands) return;
  if (command.suffix.length > mostArguments) {
    fail(walk, command.pos, command.end, `a command has more than ${mostArguments} arguments`);
    return;
  }
  forEachChild(command, (child) => {
    if (child.end - child.pos > longestWord) {
      fail(walk, child.pos, child.pos, "a part of a command is too long to be read");
    } else if (child.type !== "Word" || /[$`<>]/.test(child.text)) walkSubstitutions(walk, child);
  });
  const assignments = command.prefix.filter((part): part is Assignment => part.type === "Assignment");
  if (!command.name) {
    for (const assignment of assignments) assign(walk, assignment);
    return;
  }
  const words = wordsOf(walk, command);
  if (runBuiltin(walk, command, textOf(words[0] ?? emptyWord) ?? "")) return;
  if (walk.mayConfigure) noteWrittenFiles(walk, command, words);
  const last = command.args.at(-1) ?? command.name;
  runWords(walk, words, rangeAt(walk.source, command.pos, last.end), assignments, command);
}

function wordsOf(walk: Walk, command: Command): readonly Word[] {
  const name = command.name ? expandWord(command.name, walk) : [];
  const args = command.args.flatMap((part) =>
    part.type === "Word" ? expandWord(part, walk) : [argumentWord(walk, part)],
  );
  return [...name, ...args];
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
    walk.found.push({
      words: invocation.words,
      at,
      passed: passedOn(walk, invocation.words, assignments),
      dialect: invocation.dialect,
    });
  } else if (invocation.kind === "script") {
    walkPayload(walk, invocation.script, assignments, invocation.sharesScope);
  } else if (invocation.kind === "shell" && command) walkInput(walk, command);
  else if (invocation.kind === "other") {
    // An alias is a part of a command: bash knows it only where it was told to, sh always.
    if (
      words[0]?.text === "alias" &&
      words.some(({ text }) => /=.*\b(?:docker|podman)\b.*\b(?:run|create)\b/s.test(text))
    )
      fail(walk, at.start, at.end, "an alias starts docker here: which commands use it was not read");
    const act = actOf(invocation.words, at);
    if (act && walk.acts.length < mostCommands) walk.acts.push(act);
  }
}

/** dockerd's configuration that a command writes: `cat > FILE`, `tee FILE`. */
function noteWrittenFiles(walk: Walk, command: Command, words: readonly Word[]): void {
  const invocation = invocationOf(words);
  const program = invocation.kind === "other" ? invocation.words.map(sourceOf) : [];
  const files = command.redirects.flatMap((redirect) =>
    redirect.type === "Redirect" && redirect.target && /^&?>/.test(redirect.operator)
      ? expandWord(redirect.target, walk).map(sourceOf)
      : [],
  );
  const name = (program[0] ?? "a command").replace(/^.*\//, "");
  if (name === "tee") files.push(...program.slice(1));
  const path = files.find(isDaemonFile);
  if (path === undefined || walk.acts.length >= mostCommands) return;
  const content = printedBy(walk, command, words) ?? walk.piped.get(command.pos);
  const at = rangeAt(walk.source, command.pos, command.end);
  walk.acts.push({ kind: "file", path, program: name, content, at });
}

/** What `cat` and `tee` print of a here-document, and `echo` and `printf` of their arguments. */
function printedBy(walk: Walk, command: Command, words: readonly Word[]): Passage | undefined {
  const invocation = invocationOf(words);
  const [first, ...rest] = invocation.kind === "other" ? invocation.words : [];
  const name = textOf(first ?? emptyWord)?.replace(/^.*\//, "");
  if (name === "cat" || name === "tee") {
    const input = command.redirects.find(({ type }) => type === "HereDoc" || type === "HereString");
    if (input?.type === "HereDoc")
      return input.delimiter?.quoted
        ? passage(slice(walk.source, input.body.pos, input.body.end))
        : expandBody(input.body, walk);
    if (input?.type !== "HereString" || !input.target) return undefined;
    return passage(expandWord(input.target, walk).flatMap(({ pieces }) => pieces));
  }
  if (name !== "echo" && name !== "printf") return undefined;
  const given = rest.filter(({ text }) => !/^-[neE]+$/.test(text));
  const shown = name === "printf" && /%s/.test(given[0]?.text ?? "") ? given.slice(1) : given;
  // `\n` becomes a line feed of the same length.
  return passage(
    shown.flatMap(({ pieces, at }) => [
      ...pieces.map((piece) => ({ ...piece, text: piece.text.replaceAll(/\\[nt]/g, " \n") })),
      { text: " ", at: { start: at.end, end: at.end }, written: undefined, exact: false },
    ]),
  );
}

/** `echo '…' | sudo tee FILE`. */
function rememberPiped(walk: Walk, commands: readonly SyntaxNode[]): void {
  const [first, ...more] = commands;
  const last = more.at(-1);
  if (first?.type !== "Command" || last?.type !== "Command") return;
  const printed = printedBy(walk, first, wordsOf(walk, first));
  if (printed) walk.piped.set(last.pos, printed);
}

/** The environment that a command gets: its own assignments, then what was exported; only what its words name is looked up. */
function passedOn(walk: Walk, words: readonly Word[], assignments: readonly Assignment[]) {
  const known = new Map(assignments.map((each) => [each.name, assignedWord(walk, each)]));
  for (const { text } of words) {
    const name = /^(?:-\w*?e=?|--env=)?([A-Za-z_]\w*)$/.exec(text)?.[1];
    if (name !== undefined && !known.has(name)) known.set(name, exportedWord(walk, name));
  }
  return (name: string): Word | undefined => known.get(name);
}

/** Looks for substitutions in a command's parts; they run before it. */
function walkSubstitutions(walk: Walk, node: SyntaxNode): void {
  if (node.type === "HereDocBody" && (node.end - node.pos > longestBody || !/docker/i.test(node.text)))
    return;
  if (node.type === "CommandExpansion" || node.type === "ProcessSubstitution") walkNode(walk, node);
  else forEachChild(node, (child) => walkSubstitutions(walk, child));
}

/** The inside of `$(…)` or backticks; escaped backticks have a text of their own. */
function walkExpansion(walk: Walk, node: CommandExpansionPart): void {
  const { script } = node;
  if (!script) return;
  const own = script.source;
  const inner = own === undefined ? walk : within(walk, backtickSource(own, walk.source, node.pos, node.end));
  walk.scope.isolated(() => walkNode(inner, script));
}

/** A script in an argument is parsed separately; its parts keep their places in the file. */
function walkPayload(
  walk: Walk,
  script: Word,
  assignments: readonly Assignment[],
  sharesScope: boolean,
): void {
  // What eval runs may set any variable; it is followed where all of it is known.
  if (sharesScope && (walk.depth >= deepestPayload || script.holes.length > 0))
    walk.scope.forgetAll("what eval runs is not known here");
  if (walk.depth >= deepestPayload || !(sharesScope || /docker/i.test(script.text))) return;
  const { source, variables } = payloadOf(script);
  for (const each of assignments) {
    const value = assignedWord(walk, each);
    if (value) variables.set(each.name, { kind: "text", pieces: value.pieces, holes: value.holes });
  }
  if (sharesScope) {
    for (const [name, binding] of variables) walk.scope.assign(name, binding);
    walkInner(walk, { ...walk, source, depth: walk.depth + 1 });
    return;
  }
  for (const name of walk.scope.exported) {
    const binding = walk.scope.get(name);
    if (binding && !variables.has(name)) variables.set(name, binding);
  }
  walkInner(walk, { ...walk, source, scope: newScope(variables), depth: walk.depth + 1 });
}

/** What is read again and again, through variables and payloads, uses the budget up. */
function walkInner(walk: Walk, inner: Walk): void {
  walk.budget.left -= inner.source.text.length;
  if (walk.budget.left >= 0) walkText(inner);
}

/** `bash <<EOF`, `sh <<< '…'`. */
function walkInput(walk: Walk, command: Command): void {
  for (const redirect of command.redirects) {
    if (redirect.type === "HereString" && redirect.target) {
      for (const word of expandWord(redirect.target, walk)) walkPayload(walk, word, [], false);
    }
    if (redirect.type !== "HereDoc" || walk.depth >= deepestPayload) continue;
    const source = passage(slice(walk.source, redirect.body.pos, redirect.body.end));
    const quoted = redirect.delimiter?.quoted ?? false;
    // Without quotes, the outer shell puts its variables in.
    const scope = quoted ? newScope() : walk.scope;
    walk.scope.isolated(() => walkInner(walk, { ...walk, source, scope, depth: walk.depth + 1 }));
  }
}

/** `cat <<EOF | bash`, `echo '…' | sh`: the shell at the end reads what the first command prints. */
function walkPiped(walk: Walk, commands: readonly SyntaxNode[]): void {
  const [first, ...more] = commands;
  const last = more.at(-1);
  if (first?.type !== "Command" || last?.type !== "Command" || !first.name || !last.name) return;
  if (invocationOf(wordsOf(walk, last)).kind !== "shell") return;
  const words = wordsOf(walk, first);
  const name = textOf(words[0] ?? emptyWord);
  if (name === "cat") walkInput(walk, first);
  if (name !== "echo" && name !== "printf") return;
  for (const word of words.slice(1)) walkPayload(walk, word, [], false);
}
