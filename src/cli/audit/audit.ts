import { dirname, join } from "node:path";
import { type Audit, type AuditRequest, audit } from "../../audit/audit.ts";
import { readBaseline, writeBaseline } from "../../audit/baseline.ts";
import type { Report } from "../../audit/finding.ts";
import { type DiskFiles, diskFiles } from "../../audit/inputs/disk-files.ts";
import type { ReadLive } from "../../audit/live/live.ts";
import { exitStatus } from "../../audit/summary.ts";
import type { Survey } from "../../audit/survey.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { childrenOf } from "../../fix/plan/base-images.ts";
import { needsOf } from "../../fix/plan/kinds.ts";
import { type Knowledge, settler } from "../../fix/plan/settle.ts";
import { type Severity, severities } from "../../model/severity.ts";
import type { ReportContext } from "../../report/context.ts";
import { loadReporter } from "../../report/formats.ts";
import { complain, complainAt } from "../common/complain.ts";
import { deliver, plan } from "../common/outputs.ts";
import { progressLine, wantsColour } from "../common/progress.ts";
import { readStdin } from "../common/stdin.ts";
import { version } from "../common/version.ts";
import { limitsOf } from "../fix/limits.ts";
import { type AuditOptions, purposes } from "./options.ts";
import { type AuditSettings, loadConfig, rulesOf, withIgnoresFrom } from "./settings.ts";

/** `bulkhead audit`. Answers the exit status: 0 clean, 1 findings, 2 wrong use or a gap. */
export async function runAudit(targets: readonly string[], options: AuditOptions): Promise<number> {
  const io = diskFiles();
  const nameless = targets.find((target) => target === "container:" || target === "image:");
  if (nameless !== undefined) return complain(`${nameless} needs a name behind the colon: ${nameless}NAME`);
  const outputs = plan(options.format, options.output);
  if (!outputs.ok) return complain(outputs.reason);
  const loaded = await loadConfig(options, io);
  if (!loaded.ok) return 2;
  const settings = await withIgnoresFrom(options.ignoresFrom, loaded.value, io);
  if (!settings) return 2;
  const baseline = baselineOf(options, settings, io);
  if (!baseline.ok) return complain(baseline.reason);
  const progress = progressLine(process.stderr);
  try {
    const wanted = sortTargets(targets, options);
    const live = liveOf(wanted, options, io);
    const request = await requestOf(wanted, options, settings, baseline.value, live, io);
    const done = await audit(request, io, progress.show);
    const report = options.prove ? await proven(done.report, options, progress.show) : done.report;
    progress.clear();
    for (const warning of done.warnings) complainAt(warning.reason, warning.location, io);
    const edits = outputs.value.some(({ format }) => format === "sarif")
      ? await (await import("../../fix/finding-edits.ts")).findingEdits(
          request,
          knowledgeOf(settings.config, io),
          io,
        )
      : undefined;
    const context = contextFor(options, io, { ...done, edits });
    for (const output of outputs.value) {
      const printed = (await loadReporter(output.format))(report, context(output.path === undefined));
      const more =
        output.format === "text" ? await provenText(report, context(output.path === undefined)) : "";
      const isText = output.format === "text" && output.path === undefined;
      if (isText && options.pager !== false && page(printed + more, process.env)) continue;
      const written = deliver(output.path, printed + more);
      if (!written.ok) return complain(written.reason);
    }
    if (outputs.value.every((output) => output.path !== undefined)) {
      process.stderr.write(`${oneLine(report)} → ${outputs.value.map((output) => output.path).join(", ")}\n`);
    }
    if (options.writeBaseline !== undefined) {
      const written = deliver(options.writeBaseline, writeBaseline(report.findings, report.gaps));
      if (!written.ok) return complain(written.reason);
    }
    return exitStatus(report);
  } finally {
    progress.clear();
  }
}

/** Loaded only for who asks for it. */
async function proven(
  report: Report,
  options: AuditOptions,
  show: (done: string) => Promise<void>,
): Promise<Report> {
  const { withProofs } = await import("../prove/audited.ts");
  return await withProofs(report, options, show);
}

async function provenText(report: Report, context: ReportContext): Promise<string> {
  if (!report.proofs) return "";
  const { proofsText } = await import("../prove/audited.ts");
  return proofsText(report, context);
}

interface Targets {
  readonly paths: readonly string[];
  readonly stdin: boolean;
  readonly runLines: readonly string[];
  readonly composeFiles: readonly string[];
  readonly engine: boolean;
  readonly containers: readonly string[];
  readonly images: readonly string[];
  /** Nothing was named, so the Engine counts only if it can be reached. */
  readonly everything: boolean;
}

function sortTargets(targets: readonly string[], options: AuditOptions): Targets {
  const after = (prefix: string) =>
    targets.filter((target) => target.startsWith(prefix)).map((target) => target.slice(prefix.length));
  const isLive = (target: string) =>
    target === "engine" || target.startsWith("container:") || target.startsWith("image:");
  const everything = targets.length === 0 && options.run.length === 0 && options.file.length === 0;
  return {
    paths: everything ? ["."] : targets.filter((target) => target !== "-" && !isLive(target)),
    stdin: targets.includes("-"),
    runLines: options.run,
    composeFiles: options.file,
    engine: targets.includes("engine"),
    containers: after("container:"),
    images: after("image:"),
    everything,
  };
}

/** How to read the Engine: where it was named, or an address was given, or nothing at all was. */
function liveOf(wanted: Targets, options: AuditOptions, io: DiskFiles): ReadLive | undefined {
  const named = wanted.engine || wanted.containers.length > 0 || wanted.images.length > 0;
  const addressed = options.host !== undefined || options.context !== undefined;
  if (!named && !addressed && !wanted.everything) return undefined;
  return async (mentioned) => {
    const { readLiveEngine } = await import("../../audit/live/read-live.ts");
    const request = {
      required: named || addressed,
      whole: wanted.engine || wanted.everything,
      containers: wanted.containers,
      images: wanted.images,
      // A benchmark judges the Engine and its own.
      foreign: wanted.engine && options.benchmark === undefined,
      benchmark: options.benchmark !== undefined,
      host: options.host,
      context: options.context,
      proc: options.proc ?? "/proc",
      cgroup: options.cgroup ?? "/sys/fs/cgroup",
      environment: process.env,
      home: io.home,
    };
    return await readLiveEngine(request, mentioned);
  };
}

type Asked = Pick<
  AuditOptions,
  "only" | "skip" | "profile" | "envFile" | "severity" | "failOn" | "profileOf" | "benchmark"
>;

async function requestOf(
  wanted: Targets,
  options: Asked,
  settings: AuditSettings,
  baseline: AuditRequest["baseline"],
  live: ReadLive | undefined,
  io: DiskFiles,
): Promise<AuditRequest> {
  const { config } = settings;
  const texts = wanted.runLines.map((text, index) => ({
    name: index === 0 ? "--run" : `--run ${index + 1}`,
    text,
    isRunLine: true,
  }));
  const stdin = wanted.stdin ? [{ name: "stdin", text: await readStdin(), isRunLine: false }] : [];
  return {
    paths: wanted.paths,
    texts: [...texts, ...stdin],
    composeFiles: wanted.composeFiles,
    compose: { profiles: options.profile, envFiles: options.envFile },
    exclude: config.exclude ?? [],
    live,
    ...rulesOf(options, settings),
    minimum: severityOf(options.severity) ?? "info",
    failOn: options.failOn === "none" ? "none" : failLine(options, config.failOn),
    baseline,
    settling: settling(config, io),
    version,
    ...(options.benchmark !== undefined && {
      benchmark:
        options.benchmark === "cis-1.8"
          ? (await import("../../audit/benchmark/cis/cis-1.8.ts")).cis18
          : (await import("../../audit/benchmark/cis/cis.ts")).cis,
    }),
  };
}

/** What an audit of files alone asks for, as an editor shows it: every severity, all controls of the configuration. */
export async function requestOfFiles(
  paths: readonly string[],
  settings: AuditSettings,
  io: DiskFiles,
): Promise<{ readonly request: AuditRequest; readonly knowledgeOf: (seen: Survey) => Knowledge }> {
  const options = { only: [], skip: [], profile: [], envFile: [] };
  const none = { stdin: false, runLines: [], composeFiles: [], engine: false, containers: [], images: [] };
  const wanted = { ...none, paths, everything: false };
  const request = await requestOf(wanted, options, settings, undefined, undefined, io);
  return { request, knowledgeOf: knowledgeOf(settings.config, io) };
}

/** A report proposes what `bulkhead fix` would write. */
function settling(config: AuditSettings["config"], io: DiskFiles): NonNullable<AuditRequest["settling"]> {
  const of = knowledgeOf(config, io);
  return (seen) => settler(of(seen));
}

function knowledgeOf({ fix }: AuditSettings["config"], io: DiskFiles): (seen: Survey) => Knowledge {
  const limits = limitsOf({}, { fix });
  return (seen) => ({
    limits,
    needs: needsOf,
    children: childrenOf(seen, (file) => {
      const text = io.read(file);
      return text.ok ? text.value : undefined;
    }),
  });
}

/** What the command line says, else bulkhead.yaml, else the use that was named. */
function failLine(options: Asked, configured: Severity | "none" | undefined): Severity | "none" {
  const ofUse = options.profileOf && purposes[options.profileOf].failOn;
  return severityOf(options.failOn) ?? configured ?? ofUse ?? "high";
}

function severityOf(name: string | undefined): Severity | undefined {
  return severities.find((severity) => severity === name);
}

/** What --baseline names, or else the configuration, unless this audit writes a new one. */
function baselineOf(
  options: AuditOptions,
  { config, path }: AuditSettings,
  io: DiskFiles,
): Result<AuditRequest["baseline"]> {
  const configured =
    options.writeBaseline === undefined && config.baseline !== undefined
      ? join(dirname(path ?? ""), config.baseline)
      : undefined;
  const file = options.baseline ?? configured;
  if (file === undefined) return ok(undefined);
  const text = io.read(file);
  if (!text.ok) return failed(`the baseline ${file} cannot be read: ${text.reason}`);
  const entries = readBaseline(text.value);
  return entries.ok ? entries : failed(`the baseline ${file} cannot be used: ${entries.reason}`);
}

function contextFor(
  options: AuditOptions,
  io: DiskFiles,
  { secrets, secretValues, edits }: Pick<Audit, "secrets" | "secretValues"> & Pick<ReportContext, "edits">,
): (toTerminal: boolean) => ReportContext {
  return (toTerminal) => ({
    sourceLine: io.line,
    secrets,
    secretValues,
    colour: toTerminal && options.color !== false && wantsColour(),
    width: toTerminal ? process.stdout.columns || 100 : 100,
    verbose: options.verbose ?? false,
    quiet: options.quiet ?? false,
    controls: findControl,
    allControls: controls,
    edits,
    now: new Date(),
  });
}

function oneLine({ summary, gaps }: Report): string {
  const worst = Object.entries(summary.bySeverity).map(([severity, count]) => `${count} ${severity}`);
  const findings = `${summary.fail} finding${summary.fail === 1 ? "" : "s"}`;
  const unread = gaps.length > 0 ? `, ${gaps.length} not read` : "";
  return `bulkhead: ${findings}${worst.length > 0 ? ` (${worst.join(", ")})` : ""}, ${summary.unknown} unknown${unread}`;
}

/** Of a terminal that does not say how many it has. */
const usualRows = 24;

/**
 * Shows a long text in the pager of the terminal ($PAGER, else less), as git does. False where there is no terminal, the text
 * fits on the screen, PAGER is empty or `cat`, or the pager cannot be started: print it yourself then.
 */
function page(text: string, environment: NodeJS.ProcessEnv): boolean {
  const { stdout } = process;
  const lines = text.split("\n").length;
  if (!stdout.isTTY || lines <= (stdout.rows || usualRows)) return false;
  const pager = environment.PAGER ?? "less";
  if (pager === "" || pager === "cat" || environment.TERM === "dumb") return false;
  // F: do not wait where it fits; R: show colours; X: leave the text on the screen.
  const env = { ...environment, LESS: environment.LESS ?? "FRX" };
  // Loaded only here, for it costs two milliseconds.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const ran = spawnSync("/bin/sh", ["-c", pager], {
    input: text,
    stdio: ["pipe", "inherit", "inherit"],
    env,
  });
  const isMissing = ran.status === 127 || ran.status === 126;
  // Anyone who ends the pager early has read enough: EPIPE.
  const isBroken = ran.error !== undefined && (ran.error as NodeJS.ErrnoException).code !== "EPIPE";
  return !isMissing && !isBroken;
}
