import type { Command } from "commander";

/** Declares the command without loading what it needs. */
export function addLspOptions(command: Command): Command {
  return command
    .summary("show findings in an editor (Language Server Protocol)")
    .description(
      "Answer an editor on standard input and output, as the Language Server Protocol has it. Each open Compose file, Dockerfile, daemon.json or script is audited as it is typed, with the bulkhead.yaml nearest to it, and what bulkhead fix would write is a quick fix. It reads files only, and changes none.",
    )
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead lsp       what an editor starts:
  vim.lsp.start({ cmd = { "bulkhead", "lsp" }, root_dir = vim.fn.getcwd() })   Neovim
  bulkhead = { command = "bulkhead", args = ["lsp"] }                          Helix, languages.toml

Exit status:
  0  the editor ended it
  1  it went away without a word`;
