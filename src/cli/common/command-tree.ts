import type { Command, Option } from "commander";

/** A command as its manual page and its completion need it. */
export interface CommandTree {
  /** `bulkhead guard proxy`. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description: string;
  readonly arguments: readonly ArgumentEntry[];
  readonly options: readonly OptionEntry[];
  readonly commands: readonly CommandTree[];
  /** What follows the options in the help: examples, exit status. */
  readonly epilogue: string;
}

export interface ArgumentEntry {
  readonly name: string;
  readonly description: string;
  readonly choices: readonly string[];
}

export interface OptionEntry {
  /** `-o, --output <path>`. */
  readonly flags: string;
  /** `-o`, or undefined. */
  readonly short: string | undefined;
  /** `--output`. */
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The value's name: `path`, `severity`. Empty where it takes none. */
  readonly valueName: string;
  readonly choices: readonly string[];
}

/** Reads a commander program into plain data. */
export function commandTree(command: Command, above: readonly string[] = []): CommandTree {
  const path = [...above, command.name()];
  const help = command.createHelp();
  return {
    path: path.join(" "),
    name: command.name(),
    summary: command.summary() || command.description(),
    usage: command.usage(),
    description: command.description(),
    arguments: command.registeredArguments.map((each) => ({
      name: each.name(),
      description: each.description,
      choices: each.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map(optionEntry),
    commands: command.commands.map((each) => commandTree(each, path)),
    epilogue: epilogueOf(command),
  };
}

function optionEntry(option: Option): OptionEntry {
  const value = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? "";
  return {
    flags: option.flags,
    short: option.short,
    long: option.long ?? option.flags,
    description: option.description,
    takesValue: option.required || option.optional,
    valueName: value.replace(/\.\.\.$/, ""),
    choices: option.argChoices ?? [],
  };
}

/** commander gives the text after the help only as it prints it. */
function epilogueOf(command: Command): string {
  let printed = "";
  const before = command.configureOutput();
  command.configureOutput({ ...before, writeOut: (text) => (printed += text) });
  command.outputHelp();
  command.configureOutput(before);
  return printed.slice(command.helpInformation().length).trim();
}
