import type { CommandTree } from "../common/command-tree.ts";
import { allCommands, argumentValue, type Completion, optionValue, type Words } from "./values.ts";

/** A script for bash 4 and newer; it needs no other package. */
export function bashScript(tree: CommandTree, words: Words): string {
  const commands = allCommands(tree);
  return `# bash completion for bulkhead, written by: bulkhead completion bash
_bulkhead() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=${tree.name} i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${commands
        .slice(1)
        .map(({ path }) => quoted(path))
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
      const patterns = names.map((name) => quoted(`${command.path} ${name}`)).join(" | ");
      return `    ${patterns}) ${reply(optionValue(option, words))}; return ;;`;
    });
}

function commandCase(command: CommandTree, words: Words): string {
  const options = command.options.flatMap(({ short, long }) =>
    short === undefined ? [long] : [short, long],
  );
  const value = argumentValue(command, words);
  const named = [...command.commands.map(({ name }) => name), ...value.words];
  return `    ${quoted(command.path)})
      if [[ $cur == -* ]]; then ${reply({ words: options, files: false })}
      else ${reply({ words: named, files: value.files })}; fi ;;`;
}

function reply({ words, files }: Completion): string {
  if (words.length === 0 && !files) return "COMPREPLY=()";
  const list = words.length === 0 ? "" : ` -W ${quoted(words.join(" "))}`;
  return `mapfile -t COMPREPLY < <(compgen${files ? " -f" : ""}${list} -- "$cur")`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
