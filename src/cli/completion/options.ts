import { Argument, type Command } from "commander";

/** Shells that `bulkhead completion` writes a script for. */
export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/** Declares what `bulkhead completion` takes. */
export function addCompletionOptions(command: Command): Command {
  return command
    .summary("print a completion script for bash, zsh or fish")
    .description("Print a script that completes bulkhead's commands, options and control ids.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(shells))
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead completion bash > /etc/bash_completion.d/bulkhead
  bulkhead completion zsh > "\${fpath[1]}/_bulkhead"
  bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish`;
