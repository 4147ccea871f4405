import { type Command, Option } from "commander";

/** Declares what `bulkhead controls` takes. */
export function addControlsOptions(command: Command): Command {
  return command
    .summary("list every control")
    .description(
      "List every control with its severity, the requirement that it covers, and what a failure means.",
    )
    .addOption(
      new Option("--format <name>", "text (default) or json").choices(["text", "json"]).default("text"),
    )
    .option("--check", "try the examples of your own controls in bulkhead.yaml")
    .option("--config <file>", "the configuration; default: the nearest bulkhead.yaml")
    .addHelpText(
      "after",
      `
Examples:
  bulkhead controls
  bulkhead controls --check             in CI, when bulkhead.yaml has controls
  bulkhead controls --format json       for a program`,
    );
}

/** Declares what `bulkhead advisories` takes. */
export function addAdvisoriesOptions(command: Command): Command {
  return command
    .summary("list the known holes of Engine, runc and kernel")
    .description(
      "List the known holes of the Engine, BuildKit, containerd, runc and the kernel, with their sources. With engine: whether this Engine and its host have each, and whether a running container is exposed, or what mitigates it (its user, a user namespace, seccomp, a missing capability). advisories: FILE in bulkhead.yaml adds newer ones, in OSV's format, as GitHub, osv.dev and --format json write them.",
    )
    .argument("[engine]", "the Engine that the docker command would use")
    .addOption(
      new Option("--format <name>", "text (default) or json, in OSV's shape")
        .choices(["text", "json"])
        .default("text"),
    )
    .option("--config <file>", "the configuration; default: the nearest bulkhead.yaml")
    .addHelpText(
      "after",
      `
Examples:
  bulkhead advisories
  bulkhead advisories engine                              exposed, mitigated by, fixed or unknown
  bulkhead advisories --format json > advisories.json     to add to, and name in bulkhead.yaml`,
    );
}

/** Declares what `bulkhead explain` takes. */
export function addExplainOptions(command: Command): Command {
  return command
    .summary("explain a control: why it matters, what to do, examples")
    .description(
      "Explain a control: why it matters, how it is judged, what to do, with examples. It needs no network and no Engine.",
    )
    .argument("<control>", "a control's id, as bulkhead controls lists them")
    .addHelpText(
      "after",
      `
Examples:
  bulkhead explain docker-socket-mount`,
    );
}
