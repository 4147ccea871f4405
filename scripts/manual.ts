// Writes the manual pages into a folder: `tsx scripts/manual.ts FOLDER` makes bulkhead.1, bulkhead-audit.1, ….
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandTree, commandTree } from "../src/cli/common/command-tree.ts";
import { allCommands } from "../src/cli/completion/completion.ts";
import { buildProgram } from "../src/cli/program.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: tsx scripts/manual.ts FOLDER");
mkdirSync(folder, { recursive: true });
const tree = commandTree(buildProgram());
for (const command of allCommands(tree)) {
  writeFileSync(join(folder, `${pageName(command)}.1`), page(command));
}

function pageName({ path }: CommandTree): string {
  return path.replaceAll(" ", "-");
}

/** A page in man(7)'s macros. */
function page(command: CommandTree): string {
  const name = pageName(command);
  const below = command.commands.map((each) => `.TP\n.BR ${pageName(each)} (1)\n${text(each.summary)}`);
  const options = command.options.map((each) => `.TP\n.B ${text(each.flags)}\n${text(each.description)}`);
  const operands = command.arguments.map((each) => `.TP\n.I ${text(each.name)}\n${text(each.description)}`);
  const summary =
    command.commands.length > 0 && command.path === command.name ? "harden Docker" : command.summary;
  return [
    `.TH ${name.toUpperCase()} 1 "" "bulkhead" "bulkhead manual"`,
    ".SH NAME",
    `${name} \\- ${text(summary)}`,
    ".SH SYNOPSIS",
    `.B ${text(command.path)}`,
    text(command.usage),
    ".SH DESCRIPTION",
    text(command.description),
    ...section("COMMANDS", below),
    ...section("ARGUMENTS", operands),
    ...section("OPTIONS", options),
    ...epilogue(command.epilogue),
    ".SH SEE ALSO",
    command.path === command.name ? "The guides below docs/ in the package." : ".BR bulkhead (1)",
    "",
  ].join("\n");
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`.SH ${title}`, ...entries];
}

/** `Examples:` and its like begin a section; the lines below keep their shape. */
function epilogue(written: string): string[] {
  const lines = written.split("\n").flatMap((line) => {
    const title = /^([A-Z][A-Za-z ]+)(?: with)?:$/.exec(line)?.[1];
    return title === undefined ? [text(line)] : [".fi", `.SH ${title.toUpperCase()}`, ".nf"];
  });
  if (written === "") return [];
  return lines[0] === ".fi" ? [...lines.slice(1), ".fi"] : [".SH NOTES", ".nf", ...lines, ".fi"];
}

/** Escapes what troff would read as its own: a backslash, a hyphen in an option, a leading dot or quote. */
function text(written: string): string {
  return written
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}
