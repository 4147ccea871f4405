import { fstatSync } from "node:fs";
import type { Finding } from "../../audit/finding.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { visible } from "../../base/visible.ts";
import { findControl } from "../../controls/registry.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import type { ConnectOptions, Endpoint } from "../../engine/connect/endpoint.ts";
import { openGuards, type Portraits, portraitsOf, type Reporter } from "../../fleet/agent.ts";
import { type History, openDatabase, openHistory } from "../../fleet/history.ts";
import type { HostJobs } from "../../fleet/protocol/job.ts";
import { listCounts, severityCounts } from "../../report/groups/tally.ts";
import { redactFinding, redactSource } from "../../report/secrets/redact.ts";
import { count } from "../../report/words.ts";
import type { Change } from "../../watch/change.ts";
import type { SilenceOf } from "../../watch/changes/gate.ts";
import { openMetrics } from "../../watch/metrics/metrics.ts";
import { listenForScrapes } from "../../watch/metrics/metrics-listener.ts";
import { openNotifier } from "../../watch/notify.ts";
import { standardFile } from "../../watch/outputs/file.ts";
import { jsonLine } from "../../watch/outputs/http.ts";
import type { Output } from "../../watch/outputs/output.ts";
import { journalLine } from "../../watch/outputs/syslog/message.ts";
import { lineOf, streamOutput } from "../../watch/outputs/terminal.ts";
import { openReactions, usualGrace } from "../../watch/reactions/reactions.ts";
import { sayIntervals } from "../../watch/reading/intervals.ts";
import { startWatch, type Watch } from "../../watch/watch.ts";
import { type AuditSettings, loadConfig } from "../audit/settings.ts";
import { authorOf } from "../common/author.ts";
import { complain } from "../common/complain.ts";
import { engineArgs, engineTarget, hostName, identify, kernelArgs } from "../common/engine-target.ts";
import { liveRules } from "../common/live-rules.ts";
import { composeOf, declaredHere } from "../common/own-commands/declared-here.ts";
import { openJobs } from "../common/own-commands/jobs.ts";
import { whyNotAllowed } from "../common/own-commands/own-command.ts";
import { wantsColour } from "../common/progress.ts";
import { version } from "../common/version.ts";
import { historyPath } from "../history/options.ts";
import { type Distribution, openDistribution } from "./distribution.ts";
import type { WatchOptions } from "./options.ts";
import { openOutputs } from "./outputs.ts";
import { proofState, triesOf, whyUnproven } from "./proof-settings.ts";
import { lostProofs, type Proving, startProving } from "./proving.ts";
import { type Refusals, watchRefusals } from "./refusals.ts";
import { openAccepted, openReport } from "./report.ts";
import { type WatchSettings, watchSettings } from "./settings.ts";
import { openWatchView, type WatchView } from "./view.ts";

/** `bulkhead watch`. Answers the exit status: 0 when it was told to end, 2 for wrong use. */
export async function runWatch(options: WatchOptions): Promise<number> {
  const loaded = await loadConfig(options, diskFiles());
  if (!loaded.ok) return 2;
  const connect = engineTarget(options);
  const endpoint = chooseEndpoint(connect);
  if (!endpoint.ok) return complain(endpoint.reason);
  const settings = watchSettings(options, loaded.value);
  return await watch({ options, settings, loaded: loaded.value, connect, endpoint: endpoint.value });
}

interface Job {
  readonly options: WatchOptions;
  readonly settings: WatchSettings;
  readonly loaded: AuditSettings;
  readonly connect: ConnectOptions;
  readonly endpoint: Endpoint;
}

async function watch(job: Job): Promise<number> {
  const { options, settings, loaded, connect, endpoint } = job;
  const end = untilTold();
  // Where standard error takes nothing, the changes still go out.
  process.stderr.on("error", () => {});
  const colour = options.color !== false && wantsColour();
  let view: WatchView | undefined;
  const say = (text: string) => {
    const said = visible(redactSource(text));
    if (view) view.say(said);
    else process.stderr.write(`bulkhead: ${said}\n`);
  };
  let running: Watch | undefined;
  let outputs: readonly Output[] = [];
  const open = () => accepted?.open() ?? running?.open() ?? [];
  let distribution: Distribution | undefined;
  const metrics = openMetrics({
    host: hostName(endpoint),
    version,
    // What an earlier watch told may be over by now.
    open: () => (running?.status().known ? open() : []),
    silenceOf: () => distribution?.silenceOf() ?? (() => undefined),
    connected: () => running?.status().connected ?? false,
    outputs: () => outputs.flatMap((output) => output.state?.() ?? []),
    proofs: () => proofState(settings.prove ? history?.proofs : undefined),
  });
  const history = await openOwnHistory(job, say);
  const unable = whyUnproven(job, history);
  if (unable !== undefined) return await giveUp(unable, history ? [history] : []);
  const remembered = history?.remembered() ?? [];
  const isNews = (change: Change) => change.cause.kind !== "start" || remembered.length > 0;
  const accepted = openAccepted(options, {
    reportTo: settings.report.url,
    queue: settings.queue,
    remembered,
    watch: () => running,
    alert: (changes) => alertOf(changes),
    silenced() {
      const silenceOf = distribution?.silenceOf();
      return (finding) => silenceOf?.(finding)?.kind === "silenced";
    },
    say,
  });
  let portraits: Portraits | undefined;
  let reporting: Reporter | undefined;
  const isTold = settings.report.url !== undefined && settings.guardLogs.length > 0;
  const guards = isTold
    ? openGuards({ logs: settings.guardLogs, changed: () => reporting?.looked(), say })
    : undefined;
  const unallowed = whyNotAllowed(settings.report.allow);
  if (unallowed !== undefined) return await giveUp(unallowed, history ? [history] : []);
  const jobs = settings.report.allow.length > 0 ? jobsHere() : undefined;
  const reporter = await openReport(settings.report, {
    jobs,
    queue: settings.queue,
    portrait: () => portraits?.latest(),
    guards,
    host: { name: hostName(endpoint), engine: endpoint.address, version },
    acceptances: accepted,
    say,
  });
  if (!reporter.ok) return await giveUp(reporter.reason, history ? [history] : []);
  const reports = reporter.value;
  reporting = reports;
  const places = { proc: options.proc, cgroup: options.cgroup };
  const rules = liveRules(options, loaded);
  if (reports) portraits = portraitsOf({ connect, places, rules, taken: () => reports.looked(), say });
  const told = await openOutputs(settings.outputs, {
    queue: settings.queue,
    host: hostName(endpoint),
    isNews,
    remembered,
    say,
  });
  const opened = [...(reports ? [reports] : []), ...(history ? [history] : [])];
  if (!told.ok) return await giveUp(told.reason, opened);
  const scrapes =
    settings.metrics === undefined ? undefined : await listenForScrapes(settings.metrics, metrics.text);
  if (scrapes && !scrapes.ok) return await giveUp(scrapes.reason, [...told.value, ...opened]);
  if (settings.format === "view") view = openWatchView(colour, end.tell);
  const shown = view ? [view] : [];
  const loud = [...(view ? [] : [printed(job, colour, isNews, say)]), ...told.value];
  // The history last: what it holds must not be missing elsewhere, for it is not told again.
  outputs = [...shown, ...loud, ...opened];
  const distributed = openDistribution({ history, shown, loud, metrics, author: authorOf() });
  distribution = distributed;
  const reactions = openReactions({
    reactions: settings.reactions,
    atStart: settings.reactAtStart,
    evidence: settings.evidence,
    connect,
    ...{ ...places, exempt: settings.exempt, grace: usualGrace },
    container: (name) => running?.container(name),
    processes: (id) => running?.processes(id) ?? [],
    say,
  });
  /** What opens nothing: the outputs of this host get it, and the history keeps it. */
  function note(changes: readonly Change[]): void {
    const clean = changes.map(redacted);
    distributed.note(clean);
    for (const change of clean) history?.send(change);
  }
  let refusals: Refusals | undefined;
  function followRefusals({ containers }: Watch): void {
    watchRefusals({ connect, containers, report: note, say })
      .then((opened) => {
        if (opened.ok) {
          refusals = opened.value;
          say("following what containers are refused");
        } else say(`what containers are refused is not seen: ${opened.reason}`);
      })
      .catch((error: unknown) => say(`what containers are refused is not seen: ${visible(String(error))}`));
  }
  /** Anyone who is to act on a change: accepted findings are none of it. Gives those that a silence keeps from the outputs. */
  function alertOf(changes: readonly Change[]): ReadonlySet<Change> {
    const clean = changes.map((change) => ({ change, sent: redacted(change) }));
    const held = new Set(distributed.alert(clean.map(({ sent }) => sent)));
    reactions.changes(changes);
    return new Set(clean.flatMap(({ change, sent }) => (held.has(sent) ? [change] : [])));
  }
  /** What operators of the serve that this host reports to may start here. */
  function jobsHere(): HostJobs {
    return openJobs({
      allowed: settings.report.allow,
      running: () => running?.containers().flatMap((each) => (each.running ? [each.name] : [])) ?? [],
      compose: (name) => composeOf(running, name),
      ...{ engine: engineArgs(options), kernel: kernelArgs(options), tries: triesOf },
      changed: () => reporting?.looked(),
      say,
    });
  }
  let proving: Proving | undefined;
  let lookedAt = performance.now();
  const notifier = openNotifier({
    environment: process.env,
    status: () =>
      running?.status().connected === false
        ? `waiting for the Engine at ${endpoint.address}`
        : summary(running, endpoint, open(), distributed.silenceOf()),
    isAlive() {
      if (running?.status().connected === false) lookedAt = performance.now();
      return performance.now() - lookedAt < 3 * Math.max(60_000, settings.interval ?? 0);
    },
    say,
  });
  running = startWatch(
    {
      connect,
      places,
      rules,
      minimum: settings.minimum,
      pacing: { interval: settings.interval, random: Math.random },
      cooldown: settings.cooldown,
      kernelEvents: settings.kernelEvents,
      foreign: true,
      guardLogs: settings.guardLogs,
      remembered,
      ...(settings.prove && history && { lostProofs: lostProofs(history.proofs.lost(), triesOf) }),
    },
    {
      changes(changes) {
        const held = alertOf(accepted?.pass(changes) ?? changes);
        for (const change of changes) {
          const clean = redacted(change);
          reports?.send(clean);
          if (held.has(change)) history?.hold(clean);
          else history?.send(clean);
        }
        portraits?.changes(changes);
      },
      loosened: note,
      ready(sight) {
        accepted?.ready();
        history?.seen(Date.now());
        notifier.ready();
        reports?.ready();
        portraits?.ready();
        if (settings.prove && history && running) {
          const [when, proofs, watch] = [settings.prove, history.proofs, running];
          proving = startProving({
            when,
            proofs,
            watch,
            args: [...engineArgs(options), ...kernelArgs(options)],
            tries: triesOf,
            told: (proof) => reports?.proven(proof),
            say,
          });
        }
        if (settings.refusals && running) followRefusals(running);
        if (options.once) end.tell();
        else if (!view) say(summary(running, endpoint, open(), distributed.silenceOf()));
        if (!options.once && (!view || typeof sight.calls === "string")) say(sayIntervals(sight));
      },
      lost(reason) {
        reports?.looked();
        say(options.once ? reason : `${reason}; trying again until it answers. ${meanwhile(running)}`.trim());
        if (options.once) end.fail();
        // Without an Engine the watch waits for it, and that is its work.
        else notifier.ready();
      },
      say,
      event(event) {
        metrics.event(event);
        reactions.event(event);
        refusals?.event(event);
        view?.counted();
      },
      kernelEvents: metrics.kernelEvents,
      muted: metrics.muted,
      eventLost: metrics.eventLost,
      sweepLate: metrics.sweepLate,
      scanned(what, seconds) {
        metrics.scanned(what, seconds);
        if (what === "part") return;
        lookedAt = performance.now();
        view?.swept();
        reports?.looked();
        history?.seen(Date.now());
      },
    },
  );
  const declared = reports && declaredHere(() => reports.looked());
  reports?.begin(declared?.beside(running) ?? running);
  view?.show(running, distributed, endpoint.address, open);
  const status = await end.told;
  const stopping = notifier.stopping();
  await portraits?.close();
  await jobs?.close();
  await declared?.close();
  await proving?.close();
  await refusals?.close();
  await running.close();
  accepted?.close();
  await reactions.close();
  distributed.close();
  await Promise.all(outputs.map((output) => output.close()));
  await scrapes?.value.close();
  await stopping;
  return status;
}

/** Complains once what is open already has ended: it would keep the process. */
async function giveUp(reason: string, opened: readonly Output[]): Promise<number> {
  const status = complain(reason);
  await Promise.all(opened.map((output) => output.close()));
  return status;
}

/** A promise of the exit status, kept when a signal, a key or the end of the only look says so. */
function untilTold(): {
  readonly told: Promise<number>;
  readonly tell: () => void;
  readonly fail: () => void;
} {
  let resolve: (status: number) => void = () => {};
  const told = new Promise<number>((settle) => {
    resolve = settle;
  });
  const tell = () => resolve(0);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, tell);
  return { told, tell, fail: () => resolve(2) };
}

async function openOwnHistory(
  { settings, endpoint }: Job,
  say: (text: string) => void,
): Promise<History | undefined> {
  if (settings.history === false) return undefined;
  const database = await openDatabase(historyPath(settings.history));
  if (!database.ok) {
    say(`no history is kept: ${database.reason}`);
    return undefined;
  }
  return openHistory(database.value, {
    host: { ...identify(endpoint), engine: endpoint.address, version },
    areaOf: (control) => findControl(control)?.row ?? "",
    retention: settings.retention,
    say,
  });
}

/** Lines on standard output. What was open at the first watch ever is counted, not listed: it is no change. */
function printed(
  { options, settings }: Job,
  colour: boolean,
  isNews: (change: Change) => boolean,
  say: (text: string) => void,
): Output {
  const to = (print: (change: Change) => string) =>
    !options.once && mayBeFull() ? standardFile(print, say) : streamOutput(process.stdout, print, say);
  if (settings.format === "jsonl") return to(jsonLine);
  const print =
    settings.format === "journald" ? journalLine : (change: Change) => `${lineOf(change, colour)}\n`;
  const lines = to(print);
  const isShown = (change: Change) => isNews(change) || options.once === true;
  return {
    send: (change) => {
      if (isShown(change)) lines.send(change);
    },
    close: lines.close,
  };
}

/** Whether standard output is a file or a device: what it does not take waits there, and ends no other output. */
function mayBeFull(): boolean {
  const status = fstatSync(1);
  return !process.stdout.isTTY && (status.isFile() || status.isCharacterDevice());
}

/** What is watched while the Engine does not answer; "" before it ever did. */
function meanwhile(running: Watch | undefined): string {
  const status = running?.status();
  if (!status || status.containers === 0) return "";
  return status.seesKernel
    ? `Sweeps go on with the ${count(status.running, "container")} that ran last`
    : "Until then nothing is watched";
}

/** `watching 12 containers (10 running) on unix:///var/run/docker.sock: 1 critical, 3 high open`. */
function summary(
  running: Watch | undefined,
  { address }: Endpoint,
  open: readonly Finding[],
  silenceOf: SilenceOf,
): string {
  const status = running?.status();
  if (!status?.known) return `reading the Engine at ${address}`;
  const failing = open.filter(({ verdict }) => verdict === "fail");
  const fails = failing.filter((finding) => silenceOf(finding) === undefined);
  const counts = listCounts(severityCounts(fails)).map(([severity, number]) => `${number} ${severity}`);
  const quiet = failing.length - fails.length;
  const found =
    (counts.length > 0 ? `${counts.join(", ")} open` : "nothing open") +
    (quiet > 0 ? `, ${quiet} acknowledged or silenced` : "");
  return `watching ${count(status.containers, "container")} (${status.running} running) on ${address}: ${found}`;
}

/** A change as it may leave the machine. */
function redacted(change: Change): Change {
  return { ...change, finding: redactFinding(change.finding) };
}
