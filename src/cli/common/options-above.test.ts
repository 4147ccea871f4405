import { Command, Option } from "commander";
import { expect, it } from "vitest";
import { holdOptionsBelow } from "./options-above.ts";

/** The options that the subcommand gets, or what is wrong. */
function below(...args: readonly string[]): unknown {
  let got: unknown;
  const parent = new Command("history")
    .enablePositionalOptions()
    .option("--history <path>", "")
    .option("--since <time>", "")
    .addOption(new Option("--format <name>", "").choices(["text", "csv"]).default("text"))
    .action(() => {
      got = "the parent's";
    });
  holdOptionsBelow(parent);
  parent
    .command("silences")
    .option("--history <path>", "")
    .addOption(new Option("--format <name>", "").choices(["text", "json"]).default("text"))
    .action((options) => {
      got = options;
    });
  for (const each of [parent, ...parent.commands])
    each.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  try {
    parent.parse(["node", "bulkhead", ...args]);
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
  return got;
}

it.each([
  [["silences"], { format: "text" }],
  [["--history", "X", "silences"], { history: "X", format: "text" }],
  [["--history", "X", "silences", "--history", "Y"], { history: "Y", format: "text" }],
  [["--format", "text", "silences", "--format", "json"], { format: "json" }],
  [["--since", "7d", "silences"], "error: bulkhead history silences has no --since"],
  [
    ["--format", "csv", "silences"],
    "error: option '--format <name>' argument 'csv' is invalid. Allowed choices are text, json.",
  ],
  [["--since", "7d"], "the parent's"],
])("%j", (args, got) => {
  expect(below(...args)).toEqual(got);
});
