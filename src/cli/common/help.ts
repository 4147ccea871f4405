import type { Command } from "commander";
import { didYouMean } from "../../base/suggest.ts";

/** What `bulkhead --help` says; the commands' own help takes its form from it. Called before they are added. */
export function addProgramHelp(program: Command): Command {
  return (
    program
      .description(
        "Hardens Docker: audits Compose files, docker run lines, Dockerfiles, daemon.json, the live Engine and what the kernel enforces; fixes what it finds, enforces it, watches it, and proves that it holds.",
      )
      .helpOption("-h, --help", "print this help")
      // commander's own help prints the whole help for a command that it does not know.
      .helpCommand(false)
      // Descriptions say choices and defaults themselves, in words; for lists commander would print “(default: [])”.
      .configureHelp({
        optionDescription: (option) => option.description,
        subcommandTerm: (command) => command.name(),
      })
      .addHelpText("after", epilogue)
  );
}

const epilogue = `
Start with:
  bulkhead audit                 what is not hardened below here, and on the Engine
  bulkhead fix                   what would mend it, as a diff; nothing is written
  bulkhead COMMAND --help        the options of a command, with examples`;

/** `bulkhead help guard proxy`: prints that command's help, or complains that there is none. */
export function addHelpCommand(program: Command): void {
  program
    .command("help")
    .summary("the same as COMMAND --help")
    .description(
      "Print the help of a command, as COMMAND --help does; without a command, the help of bulkhead itself.",
    )
    .argument("[command...]", "the command, in as many words as it has")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", "\nExamples:\n  bulkhead help audit\n  bulkhead help guard proxy")
    .action((words: readonly string[]) => {
      let found = program;
      for (const word of words) {
        const next = found.commands.find((each) => each.name() === word);
        if (!next) {
          const names = found.commands.map((each) => each.name());
          return found.error(`unknown command '${word}'${didYouMean(word, names)}`);
        }
        found = next;
      }
      found.help();
    });
}

/** Says which of the choices was likely meant. */
function meant(_: string, typed: string, choices: string): string {
  return `argument '${typed}' is invalid${didYouMean(typed, choices.split(", "))}: it takes ${choices}`;
}

/** Makes each command say wrong use in one line that ends with where to look. */
export function complainInOneLine(command: Command, path = command.name()): void {
  command.configureOutput({
    outputError(text, write) {
      const said = text
        .trim()
        .replace(/^error: /, "")
        .replace(/\n\(Did you mean (.+)\?\)$/, " (did you mean $1?)")
        .replace(/argument '([^']*)' is invalid\. Allowed choices are (.+)\.$/, meant);
      write(`bulkhead: ${said.replace(/\.$/, "")}; see ${path} --help\n`);
    },
  });
  for (const each of command.commands) complainInOneLine(each, `${path} ${each.name()}`);
}
