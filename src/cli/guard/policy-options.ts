import { type Command, Option } from "commander";
import { addPolicyOptions, type GuardPolicyOptions } from "./options.ts";

/** What `bulkhead guard policy` takes, as commander gives it. */
export interface PolicyOptions extends GuardPolicyOptions {
  readonly check?: boolean;
  readonly client?: string;
  readonly format: "yaml" | "json";
}

/** Declares the options without loading what they need. */
export function addPolicyCommandOptions(command: Command): Command {
  return addPolicyOptions(
    command
      .summary("print the effective policy, or check it")
      .description("Print the policy that holds, with every default, or say whether bulkhead.yaml is right."),
  )
    .option("--check", "print nothing: exit 0 if the policy is right, 2 if it is not")
    .option("--client <name>", "this client's policy alone")
    .addOption(
      new Option("--format <name>", "yaml (default) or json").choices(["yaml", "json"]).default("yaml"),
    )
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead guard policy --preset traefik     what the preset allows
  bulkhead guard policy --check              whether bulkhead.yaml is right

Exit status:
  0  the policy is right
  2  it is not, or wrong use`;
