import type { Command } from "commander";
import { controls } from "../../controls/registry.ts";
import { presetNames } from "../../guard/policy/presets/preset-names.ts";
import {
  type ArgumentEntry,
  type CommandTree,
  commandTree,
  type OptionEntry,
} from "../common/command-tree.ts";
import type { Shell } from "./options.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** Prints the completion script of a shell. */
export function printCompletion(program: Command, shell: Shell): number {
  const tree = commandTree(program);
  const words: Words = {
    controls: controls.map(({ id }) => id),
    presets: presetNames,
    commands: tree.commands.map(({ name }) => name),
  };
  process.stdout.write(scripts[shell](tree, words));
  return 0;
}

/** A script for bash 4 and newer; it needs no other package. */
function bashScript(tree: CommandTree, words: Words): string {
  const commands = allCommands(tree);
  return `# bash completion for bulkhead, written by: bulkhead completion bash
_bulkhead() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=${tree.name} i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${commands
        .slice(1)
        .map(({ path }) => bashQuoted(path))
        .join(" | ")}) command="$command \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $prev" in
${commands.flatMap((command) => optionCases(command, words)).join("\n")}
  esac
  case "$command" in
${commands.map((command) => commandCase(command, words)).join("\n")}
  esac
}
complete -o bashdefault -F _bulkhead bulkhead
`;
}

function optionCases(command: CommandTree, words: Words): string[] {
  return command.options
    .filter((option) => option.takesValue)
    .map((option) => {
      const names = [option.short, option.long].filter((name) => name !== undefined);
      const patterns = names.map((name) => bashQuoted(`${command.path} ${name}`)).join(" | ");
      return `    ${patterns}) ${reply(optionValue(option, words))}; return ;;`;
    });
}

function commandCase(command: CommandTree, words: Words): string {
  const options = command.options.flatMap(({ short, long }) =>
    short === undefined ? [long] : [short, long],
  );
  const value = argumentValue(command, words);
  const named = [...command.commands.map(({ name }) => name), ...value.words];
  return `    ${bashQuoted(command.path)})
      if [[ $cur == -* ]]; then ${reply({ words: options, files: false })}
      else ${reply({ words: named, files: value.files })}; fi ;;`;
}

function reply({ words, files }: Completion): string {
  if (words.length === 0 && !files) return "COMPREPLY=()";
  const list = words.length === 0 ? "" : ` -W ${bashQuoted(words.join(" "))}`;
  return `mapfile -t COMPREPLY < <(compgen${files ? " -f" : ""}${list} -- "$cur")`;
}

function bashQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A script for fish 3 and newer. */
function fishScript(tree: CommandTree, words: Words): string {
  const lines = allCommands(tree).flatMap((command) => linesOf(command, words));
  return `# fish completion for bulkhead, written by: bulkhead completion fish
complete -c bulkhead -f
${lines.join("\n")}
`;
}

function linesOf(command: CommandTree, words: Words): string[] {
  const when = condition(command);
  const value = argumentValue(command, words);
  return [
    ...command.commands.map(({ name, summary }) => line(noneBelow(command), `-a ${name}`, summary)),
    ...command.options.map((option) => line(when, optionPart(option, words), option.description)),
    ...(value.files || value.words.length > 0 ? [line(when, valuePart(value), "")] : []),
  ];
}

/** Holds when the words so far name this command. */
function condition({ path, commands }: CommandTree): string {
  const names = path.split(" ").slice(1);
  if (names.length === 0) return "__fish_use_subcommand";
  const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`);
  return commands.length > 0 ? noneBelow({ path, commands }) : seen.join("; and ");
}

/** Holds when this command is named and none of the commands below it. */
function noneBelow({ path, commands }: Pick<CommandTree, "path" | "commands">): string {
  const names = path.split(" ").slice(1);
  if (names.length === 0) return "__fish_use_subcommand";
  const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
  return `${seen}; and not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(" ")}`;
}

function optionPart({ short, long, ...option }: OptionEntry, words: Words): string {
  const names = `${short === undefined ? "" : `-s ${short.slice(1)} `}-l ${long.replace(/^--/, "")}`;
  if (!option.takesValue) return names;
  return `${names} -r ${valuePart(optionValue({ short, long, ...option }, words))}`;
}

function valuePart({ words, files }: Completion): string {
  const list = words.length === 0 ? "" : ` -a ${fishQuoted(words.join(" "))}`;
  return `${files ? "-F" : "-f"}${list}`;
}

function line(when: string, what: string, description: string): string {
  const said = description === "" ? "" : ` -d ${fishQuoted(description)}`;
  return `complete -c bulkhead -n ${fishQuoted(when)} ${what}${said}`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A script for zsh's own completion system. */
function zshScript(tree: CommandTree, words: Words): string {
  const functions = allCommands(tree).map((command) =>
    command.commands.length > 0 ? groupFunction(command, words) : commandFunction(command, words),
  );
  return `#compdef bulkhead
# zsh completion for bulkhead, written by: bulkhead completion zsh

${functions.join("\n\n")}

if [ "$funcstack[1]" = _bulkhead ]; then _bulkhead "$@"; else compdef _bulkhead bulkhead; fi
`;
}

function groupFunction(command: CommandTree, words: Words): string {
  const names = command.commands
    .map(({ name, summary }) => `    ${zshQuoted(`${name}:${summary}`)}`)
    .join("\n");
  const cases = command.commands
    .map(({ name, path }) => `        ${name}) ${functionOf(path)} ;;`)
    .join("\n");
  return `${functionOf(command.path)}() {
  local line state
  local -a commands=(
${names}
  )
  _arguments -C \\
${specs(command, words)}
    '1: :->command' \\
    '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      case $line[1] in
${cases}
      esac ;;
  esac
}`;
}

function commandFunction(command: CommandTree, words: Words): string {
  const value = argumentValue(command, words);
  const rest = value.words.length === 0 && !value.files ? [] : [`    ${zshQuoted(`*: :${action(value)}`)}`];
  return `${functionOf(command.path)}() {
  _arguments -s \\
${[specs(command, words), ...rest].join("\n")}
}`;
}

function specs(command: CommandTree, words: Words): string {
  return command.options
    .flatMap((option) =>
      [option.short, option.long]
        .filter((name) => name !== undefined)
        .map((name) => spec(name, option, words)),
    )
    .map((text) => `    ${zshQuoted(text)} \\`)
    .join("\n");
}

/** `*` lets an option come again; several options may. */
function spec(name: string, option: OptionEntry, words: Words): string {
  const said = option.description.replace(/[[\]:]/g, "\\$&");
  const value = option.takesValue ? `:${option.valueName}:${action(optionValue(option, words))}` : "";
  return `*${name}[${said}]${value}`;
}

function action({ words, files }: Completion): string {
  const list = words.map((word) => word.replaceAll(":", "\\:")).join(" ");
  if (files && words.length > 0) return `_alternative 'words: :(${list})' 'files: :_files'`;
  if (files) return "_files";
  return words.length > 0 ? `(${list})` : " ";
}

function functionOf(path: string): string {
  return `_${path.replace(/[ -]/g, "_")}`;
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words that are not in the commands' declarations. */
interface Words {
  readonly controls: readonly string[];
  readonly presets: readonly string[];
  readonly commands: readonly string[];
}

/** What completes a value: these words, files, both, or nothing. */
interface Completion {
  readonly words: readonly string[];
  readonly files: boolean;
}

/** Names of values that are a path. */
const paths = new Set(["path", "file", "folder", "request.json"]);

function optionValue(option: OptionEntry, words: Words): Completion {
  const choices = option.long === "--preset" ? words.presets : option.choices;
  return completionOf(option.valueName, choices, words);
}

/** What completes a command's first argument. */
function argumentValue(command: CommandTree, words: Words): Completion {
  if (command.name === "help") return { words: words.commands, files: false };
  const [first] = command.arguments;
  if (first === undefined) return { words: [], files: false };
  return first.name === "target"
    ? { words: targetsOf(first), files: true }
    : completionOf(first.name, first.choices, words);
}

/** `engine`, `container:`, `image:`: the kinds of target that the argument's description names. */
function targetsOf({ description }: ArgumentEntry): readonly string[] {
  return ["engine", "container:", "image:"].filter((kind) => description.includes(kind));
}

function completionOf(name: string, choices: readonly string[], words: Words): Completion {
  if (choices.length > 0) return { words: choices, files: false };
  if (name === "control") return { words: words.controls, files: false };
  return { words: [], files: paths.has(name) };
}

/** Every command below, the command itself first. */
export function allCommands(tree: CommandTree): readonly CommandTree[] {
  return [tree, ...tree.commands.flatMap(allCommands)];
}
