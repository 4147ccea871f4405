#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { whyUnwritten } from "../base/error-words.ts";
import { addAuditOptions } from "./audit/options.ts";
import { addProgramHelp, complainInOneLine } from "./common/help.ts";
import { version } from "./common/version.ts";
import { addControlsOptions, addExplainOptions } from "./controls/options.ts";
import { addFixOptions } from "./fix/options.ts";
import { addAuthzOptions } from "./guard/authz-options.ts";
import { addCheckOptions } from "./guard/check-options.ts";
import { addGuardHelp } from "./guard/options.ts";
import { addPolicyCommandOptions } from "./guard/policy-options.ts";
import { addGuardProxyOptions } from "./guard/proxy-options.ts";
import { addHistoryOptions } from "./history/options.ts";
import { addInstallPluginOptions } from "./install-plugin/options.ts";
import { addProveOptions } from "./prove/options.ts";
import { addRunOptions } from "./run/options.ts";
import { addWatchOptions } from "./watch/options.ts";

/** Wrong use, or something that was asked for could not be read. */
const wrongUse = 2;

// A reader that stops early (`bulkhead audit | head`) is no fault; a full disk is one, and not of bulkhead's own.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  process.stderr.write(`bulkhead: standard output cannot be written: ${whyUnwritten(error)}\n`);
  process.exit(wrongUse);
});
// What is thrown outside of a command's own promise.
process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? (process.exitCode ?? 0) : tell(error));
});

const program = addProgramHelp(new Command("bulkhead"))
  .version(version, "-V, --version", "print the version")
  // What stands behind `run` is docker's: only its own options in front of that are read.
  .enablePositionalOptions()
  .exitOverride();

addAuditOptions(program.command("audit")).action(async (targets: string[], options) => {
  const { runAudit } = await import("./audit/audit.ts");
  process.exitCode = await runAudit(targets, options);
});

addFixOptions(program.command("fix")).action(async (targets: string[], options) => {
  const [target, ...others] = targets;
  if (target?.startsWith("container:") && target !== "container:" && others.length === 0) {
    const { fixContainer } = await import("./fix/container.ts");
    process.exitCode = await fixContainer(target.slice("container:".length), options);
    return;
  }
  if (target === "engine" && others.length === 0) {
    const { fixEngine } = await import("./fix/engine.ts");
    process.exitCode = await fixEngine(options);
    return;
  }
  const { runFix } = await import("./fix/fix.ts");
  process.exitCode = await runFix(targets, options);
});

addRunOptions(program.command("run")).action(async (words: string[], options, command) => {
  if (options.help) command.help();
  const { runContainer } = await import("./run/run.ts");
  process.exitCode = await runContainer(words, options);
});

const guard = addGuardHelp(program.command("guard"));

addGuardProxyOptions(guard.command("proxy")).action(async (options) => {
  const { runGuardProxy } = await import("./guard/proxy.ts");
  process.exitCode = await runGuardProxy(options);
});

addAuthzOptions(guard.command("authz")).action(async (options) => {
  const { runAuthz } = await import("./guard/authz.ts");
  process.exitCode = await runAuthz(options);
});

addCheckOptions(guard.command("check")).action(async (path: string, options) => {
  const { checkRequest } = await import("./guard/check.ts");
  process.exitCode = await checkRequest(path, options);
});

addPolicyCommandOptions(guard.command("policy")).action(async (options) => {
  const { printPolicy } = await import("./guard/policy.ts");
  process.exitCode = await printPolicy(options);
});

addWatchOptions(program.command("watch")).action(async (options) => {
  const { runWatch } = await import("./watch/watch.ts");
  process.exitCode = await runWatch(options);
});

addHistoryOptions(program.command("history")).action(async (options) => {
  const { runHistory } = await import("./history/history.ts");
  process.exitCode = await runHistory(options);
});

addProveOptions(program.command("prove")).action(async (subject: string | undefined, options) => {
  const { runProve } = await import("./prove/prove.ts");
  process.exitCode = await runProve(subject, options);
});

addControlsOptions(program.command("controls")).action(async (options) => {
  const { listControls } = await import("./controls/controls.ts");
  process.exitCode = listControls(options.format);
});

addExplainOptions(program.command("explain")).action(async (id: string) => {
  const { explainControl } = await import("./controls/explain.ts");
  process.exitCode = explainControl(id);
});

addInstallPluginOptions(program.command("install-plugin")).action(async () => {
  const { installDockerPlugin } = await import("./install-plugin/install-plugin.ts");
  process.exitCode = installDockerPlugin();
});

complainInOneLine(program);
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
