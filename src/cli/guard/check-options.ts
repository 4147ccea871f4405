import { type Command, Option } from "commander";
import { addPolicyOptions, type GuardPolicyOptions } from "./options.ts";

/** What `bulkhead guard check` takes, as commander gives it. */
export interface CheckOptions extends GuardPolicyOptions {
  readonly client?: string;
  readonly format: "text" | "json";
}

/** Declares the options without loading what they need. */
export function addCheckOptions(command: Command): Command {
  return addPolicyOptions(
    command
      .summary("explain what the guard would do with a request")
      .description("Explain offline what the guard would do with a request: allow, harden or deny, and why.")
      .argument(
        "<request.json>",
        "a request (method, path, headers, body, known), or the body of a create request; - for standard input",
      ),
  )
    .option("--client <name>", "judge by this client's policy")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", epilogue);
}

const epilogue = `
Examples:
  bulkhead guard check create.json
  echo '{"Image": "nginx", "HostConfig": {"Privileged": true}}' | bulkhead guard check -
  echo '{"method": "GET", "path": "/v1.44/info"}' | bulkhead guard check --preset traefik -

Exit status:
  0  it goes through, as it is or hardened
  1  it is denied
  2  wrong use, or a file that cannot be read`;
