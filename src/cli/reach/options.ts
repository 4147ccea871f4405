import { type Command, Option } from "commander";
import { addEngineOptions } from "../common/common-options.ts";

/** What `bulkhead reach` takes, as commander gives it. */
export interface ReachOptions {
  readonly format: "text" | "json";
  readonly output?: string;
  readonly all?: boolean;
  readonly host?: string;
  readonly context?: string;
  readonly proc: string;
  readonly cgroup: string;
}

/** Declares the options without loading what they need. */
export function addReachOptions(command: Command): Command {
  const chosen = command
    .summary("show which interfaces of the kernel a container reaches")
    .description(
      "Show which interfaces of the kernel a container reaches (socket families, io_uring, bpf, user namespaces and others), and which layer stops the rest. reach asks the kernel in a throw-away twin of the container. Asking for a socket family can load its kernel module, as any program in the container could.",
    )
    .argument("<subject>", "a container, an image, or a service as compose.yaml#web")
    .option("--all", "list also what the kernel does not have")
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("-o, --output <path>", "write the report to a file");
  return addEngineOptions(chosen).addHelpText(
    "after",
    `
Examples:
  bulkhead reach web                    a throw-away twin of the container web
  bulkhead reach nginx:1.29             an image, as docker run starts it

Exit status:
  0  the container reaches no interface that Docker's newest profile or
     bulkhead profile closes, and that an advisory names
  1  it reaches one
  2  wrong use, or the kernel could not be asked`,
  );
}
