import type { CommandTree, OptionEntry } from "../common/command-tree.ts";
import { allCommands, argumentValue, type Completion, optionValue, type Words } from "./values.ts";

/** A script for zsh's own completion system. */
export function zshScript(tree: CommandTree, words: Words): string {
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
  const names = command.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n");
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
  const rest = value.words.length === 0 && !value.files ? [] : [`    ${quoted(`*: :${action(value)}`)}`];
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
    .map((text) => `    ${quoted(text)} \\`)
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

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
