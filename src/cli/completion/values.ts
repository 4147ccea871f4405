import type { ArgumentEntry, CommandTree, OptionEntry } from "../common/command-tree.ts";

/** Words that are not in the commands' declarations. */
export interface Words {
  readonly controls: readonly string[];
  readonly presets: readonly string[];
  readonly commands: readonly string[];
}

/** What completes a value: these words, files, both, or nothing. */
export interface Completion {
  readonly words: readonly string[];
  readonly files: boolean;
}

/** Names of values that are a path. */
const paths = new Set(["path", "file", "folder", "request.json"]);

export function optionValue(option: OptionEntry, words: Words): Completion {
  const choices = option.long === "--preset" ? words.presets : option.choices;
  return completionOf(option.valueName, choices, words);
}

/** What completes a command's first argument. */
export function argumentValue(command: CommandTree, words: Words): Completion {
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
