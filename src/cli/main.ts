#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { addAuditOptions } from "./audit-options.ts";
import { addFixOptions } from "./fix-options.ts";
import { addAuthzOptions, addCheckOptions, addPolicyCommandOptions } from "./guard-options.ts";
import { addGuardProxyOptions } from "./guard-proxy-options.ts";
import { addHistoryOptions } from "./history-options.ts";
import { addProveOptions } from "./prove-options.ts";
import { addRunOptions } from "./run-options.ts";
import { version } from "./version.ts";
import { addWatchOptions } from "./watch-options.ts";

/** Wrong use, or something that was asked for could not be read. */
const wrongUse = 2;

// A reader that stops early (`bulkhead audit | head`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(process.exitCode ?? 0);
});

const program = new Command("bulkhead")
  .description(
    "Hardens Docker: audits Compose files, docker run lines, Dockerfiles, daemon.json, the live Engine and what the kernel enforces, by one set of controls.",
  )
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand(false)
  // What stands behind `run` is docker's: only its own options in front of that are read.
  .enablePositionalOptions()
  .showHelpAfterError("(see bulkhead --help)")
  // Descriptions say choices and defaults themselves, in words; for lists commander would print “(default: [])”.
  .configureHelp({ optionDescription: (option) => option.description })
  .addHelpText("after", "\nStart with: bulkhead audit   (bulkhead audit --help tells what it takes)")
  .exitOverride();

addAuditOptions(program.command("audit")).action(async (targets: string[], options) => {
  const { runAudit } = await import("./audit.ts");
  process.exitCode = await runAudit(targets, options);
});

addFixOptions(program.command("fix")).action(async (targets: string[], options) => {
  const [target, ...others] = targets;
  if (target?.startsWith("container:") && others.length === 0) {
    const { fixContainer } = await import("./fix-container.ts");
    process.exitCode = await fixContainer(target.slice("container:".length), options);
    return;
  }
  if (target === "engine" && others.length === 0) {
    const { fixEngine } = await import("./fix-engine.ts");
    process.exitCode = await fixEngine(options);
    return;
  }
  const { runFix } = await import("./fix.ts");
  process.exitCode = await runFix(targets, options);
});

addRunOptions(program.command("run")).action(async (words: string[], options, command) => {
  if (options.help) command.help();
  const { runContainer } = await import("./run.ts");
  process.exitCode = await runContainer(words, options);
});

addProveOptions(program.command("prove")).action(async (subject: string | undefined, options) => {
  const { runProve } = await import("./prove.ts");
  process.exitCode = await runProve(subject, options);
});

const guard = program.command("guard").description("enforce the rules at the Engine's API");
addGuardProxyOptions(guard.command("proxy")).action(async (options) => {
  const { runGuardProxy } = await import("./guard-proxy.ts");
  process.exitCode = await runGuardProxy(options);
});

addAuthzOptions(guard.command("authz")).action(async (options) => {
  const { runAuthz } = await import("./guard-authz.ts");
  process.exitCode = await runAuthz(options);
});

addCheckOptions(guard.command("check")).action(async (path: string, options) => {
  const { checkRequest } = await import("./guard-check.ts");
  process.exitCode = await checkRequest(path, options);
});

addPolicyCommandOptions(guard.command("policy")).action(async (options) => {
  const { printPolicy } = await import("./guard-policy.ts");
  process.exitCode = await printPolicy(options);
});

addWatchOptions(program.command("watch")).action(async (options) => {
  const { runWatch } = await import("./watch.ts");
  process.exitCode = await runWatch(options);
});

addHistoryOptions(program.command("history")).action(async (options) => {
  const { runHistory } = await import("./history.ts");
  process.exitCode = await runHistory(options);
});

program
  .command("install-plugin")
  .description("make docker bulkhead … work: put a plugin of the docker CLI into ~/.docker/cli-plugins")
  .action(async () => {
    const { installDockerPlugin } = await import("./install-plugin.ts");
    process.exitCode = installDockerPlugin();
  });

program
  .command("controls")
  .description("list every control: its severity, the row of the requirement that it serves, what is wrong")
  .option("--format <format>", "text (default) or json", "text")
  .action(async (options: { readonly format: string }) => {
    const { listControls } = await import("./controls.ts");
    process.exitCode = listControls(options.format);
  });

program
  .command("explain")
  .description("explain a control: why it matters, how it is judged, what to do, with examples")
  .argument("<control>", "a control's id, such as docker-socket-mount")
  .action(async (id: string) => {
    const { explainControl } = await import("./explain.ts");
    process.exitCode = explainControl(id);
  });

program.parseAsync().catch((error: unknown) => {
  process.exitCode = tell(error);
});

/** Says what went wrong in one line; a stack trace only for who asks for it. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`bulkhead: this is a fault of bulkhead's own, please report it: ${message}\n`);
  if (process.env.BULKHEAD_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return wrongUse;
}
