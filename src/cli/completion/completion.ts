import type { Command } from "commander";
import { controls } from "../../controls/registry.ts";
import { presetNames } from "../../guard/policy/presets/preset-names.ts";
import { commandTree } from "../common/command-tree.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import type { Shell } from "./options.ts";
import type { Words } from "./values.ts";
import { zshScript } from "./zsh.ts";

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
