import type { CommandTree, OptionEntry } from "../common/command-tree.ts";
import { allCommands, argumentValue, type Completion, optionValue, type Words } from "./values.ts";

/** A script for fish 3 and newer. */
export function fishScript(tree: CommandTree, words: Words): string {
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
  const list = words.length === 0 ? "" : ` -a ${quoted(words.join(" "))}`;
  return `${files ? "-F" : "-f"}${list}`;
}

function line(when: string, what: string, description: string): string {
  const said = description === "" ? "" : ` -d ${quoted(description)}`;
  return `complete -c bulkhead -n ${quoted(when)} ${what}${said}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
