import { contextOf } from "../../audit/contexts.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import type { Live } from "../../audit/live/live.ts";
import { readLiveEngine } from "../../audit/live/read-live.ts";
import { recordAt, textAt } from "../../base/json.ts";
import { shellWords } from "../../base/shell-words.ts";
import { isPodman } from "../../controls/engine/docker-only.ts";
import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { type EngineWriter, openWriter } from "../../engine/write-client.ts";
import { createFile } from "../../fix/apply.ts";
import { type Bundles, identityOf } from "../../fix/bundle/bundle.ts";
import { describePlans } from "../../fix/describe.ts";
import type { ComposeText } from "../../fix/live/compose-text.ts";
import { createBodyOf } from "../../fix/live/create-body.ts";
import { limitsFrom, peaksFromStats, withKernelPeaks } from "../../fix/live/observe.ts";
import { type LivePlan, planLive, updateWords } from "../../fix/live/plan-live.ts";
import { runWordsOf } from "../../fix/live/run-words.ts";
import { gainsOf } from "../../fix/live/running.ts";
import { countsOf, outcomeDocument } from "../../fix/outcome.ts";
import type { Limits } from "../../fix/plan/limits.ts";
import type { WrittenPlan } from "../../fix/write-plans.ts";
import { valueOr } from "../../model/fact.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { type AuditSettings, loadConfig, rulesOf } from "../audit/settings.ts";
import { bundlesIn } from "../common/bundles.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import { limitsInVain } from "../common/limits-in-vain.ts";
import { lookOf } from "./job.ts";
import { limitsOf, unusedLimits } from "./limits.ts";
import type { FixOptions } from "./options.ts";
import { makeAnew } from "./recreate.ts";
import { resumeFirst, settle } from "./unfinished.ts";
import { takesOf, whyNothingAccepted, wrongUseOf } from "./wrong-use.ts";

const proc = "/proc";
const cgroup = "/sys/fs/cgroup";

/**
 * `bulkhead fix container:NAME`: shows what the Engine changes on the run and what takes a new container; `--apply` does
 * the one, `--recreate` all. Answers the exit status: 0 nothing left to do, 1 something is, 2 wrong use or not done.
 */
export async function fixContainer(name: string, options: FixOptions): Promise<number> {
  const wrong = wrongUseOf("container", options);
  if (wrong !== undefined) return complain(wrong);
  if (options.confirm || options.undo) return await settle(name, options);
  const io = diskFiles();
  const settings = await loadConfig(options, io);
  if (!settings.ok) return 2;
  const bundles = bundlesIn(settings.value, io);
  if (!bundles.ok) return complain(bundles.reason);
  const resumed = await resumeFirst(options);
  if (!resumed.ok) return resumed.reason === "" ? 2 : complain(resumed.reason);
  const target = engineTarget(options);
  const live = await readLiveEngine(
    { ...target, required: true, whole: false, containers: [name], images: [], proc, cgroup },
    [],
  );
  const subject = live.reading.subjects.find((each) => each.kind === "container");
  if (subject?.kind !== "container") {
    return complain(live.reading.gaps[0]?.reason ?? `there is no container ${name}`);
  }
  if (isPodman(live.engine?.views.at(-1))) return complain(whyNotPodman);
  const client = await connectEngine(target);
  if (!client.ok) return complain(client.reason);
  const writer = openWriter(target, client.value.apiVersion);
  try {
    if (!writer.ok) return complain(writer.reason);
    return await fix({
      subject,
      live,
      options,
      settings: settings.value,
      bundles: bundles.value,
      reader: client.value,
      writer: writer.value,
    });
  } finally {
    await client.value.close();
    if (writer.ok) await writer.value.close();
  }
}

/** Its inspect says in other words what its containers were made with, so that no command would make the same one. */
const whyNotPodman =
  "Podman's containers are audited, not changed: fix the Compose file or the podman run line that makes them, or their Quadlet unit by hand";

interface ContainerJob {
  readonly subject: ContainerSubject;
  readonly live: Live;
  readonly options: FixOptions;
  readonly settings: AuditSettings;
  readonly bundles: Bundles;
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
}

async function fix(job: ContainerJob): Promise<number> {
  const { subject, options, reader } = job;
  const inspect = await reader.get(`/containers/${encodeURIComponent(subject.name)}/json`);
  if (!inspect.ok) return complain(inspect.reason);
  const imageId = textAt(inspect.value, "Image") ?? "";
  const image = await reader.get(`/images/${encodeURIComponent(imageId)}/json`);
  const engine = job.live.engine?.views.at(-1);
  const defaultRuntime = engine && valueOr(engine.defaultRuntime, undefined);
  const created = createBodyOf(inspect.value, image.ok ? image.value : undefined, defaultRuntime);
  const body = {
    ...created,
    body: { ...created.body, Image: await imageName(inspect.value, imageId, reader) },
  };
  const plan = planLive({
    subject: { ...subject, views: subject.views.slice(0, 1) },
    context: contextOf(subject, {
      files: new Map(),
      engine,
      live: job.live.peers,
      running: job.live.running,
    }),
    rules: { ...rulesOf(options, job.settings), spell: () => null },
    takes: takesOf(options),
    limits: await limitsFor(job, inspect.value),
    gains: await gainsOf(reader, inspect.value),
    body,
    bundles: job.bundles,
    image: identityOf(image.ok ? image.value : undefined),
  });
  const written = writtenPlan(subject, plan);
  const idle = whyNothingAccepted(options.accept, [written]);
  if (idle !== undefined) return complain(idle);
  const isGiven = (options.memory ?? options.cpus ?? options.pidsLimit) !== undefined;
  const vain = isGiven ? await limitsInVain(reader) : undefined;
  const meant = { ...written, steps: [...written.steps, ...plan.refused.map(({ step }) => step)] };
  for (const said of unusedLimits(options, [meant], vain)) complain(said);
  const compose =
    options.as === "compose" && plan.anew.length > 0
      ? (await import("../../fix/live/compose-text.ts")).composeTextOf(plan.hardened, subject.name)
      : undefined;
  if (options.format === "json") print(document(written, plan, subject.name, compose));
  else show(written, plan, job, compose);
  if (options.output !== undefined) return writeCompose(options.output, compose, subject.id);
  if (options.recreate && plan.anew.length > 0)
    return await makeAnew({
      ...job,
      name: subject.name,
      hardened: plan.hardened,
      inspect: inspect.value,
      hasImage: image.ok,
    });
  if (options.apply || options.recreate) return await update(plan, inspect.value, job);
  return plan.live.length + plan.anew.length > 0 ? 1 : 0;
}

/** The image's name, where that still leads to the image that the container has; else its id. */
async function imageName(inspect: unknown, id: string, reader: EngineClient): Promise<string> {
  const name = textAt(inspect, "Config", "Image") ?? id;
  const now = await reader.get(`/images/${encodeURIComponent(name)}/json`);
  return now.ok && textAt(now.value, "Id") === id ? name : id;
}

/** What somebody says; else the memory that a container which runs took at most, with head-room. */
async function limitsFor(
  { subject, options, settings, reader }: ContainerJob,
  inspect: unknown,
): Promise<Limits> {
  const said = limitsOf(options, settings.config);
  const pid = recordAt(inspect, "State").Pid;
  if (recordAt(inspect, "State").Running !== true || typeof pid !== "number") return said;
  const stats = await reader.get(`/containers/${encodeURIComponent(subject.name)}/stats?stream=false`);
  if (!stats.ok) return said;
  const peaks = peaksFromStats(stats.value, inspect, Date.now());
  // The kernel is this machine's where the audit saw the container in it.
  const isHere = subject.views.some(({ level }) => level === "effective");
  return { ...limitsFrom(isHere ? withKernelPeaks(peaks, pid, { proc, cgroup }) : peaks), ...said };
}

function writtenPlan(
  subject: ContainerSubject,
  { live, anew, advice, open, refused }: LivePlan,
): WrittenPlan {
  return { subject, failing: [], steps: [...live, ...anew, ...advice], open, refused, declined: [] };
}

function document(
  written: WrittenPlan,
  plan: LivePlan,
  name: string,
  compose: ComposeText | undefined,
): string {
  const outcome = outcomeDocument({ plans: [written], files: [], gaps: [] });
  const { words, notes } = runWordsOf(plan.hardened, name);
  const whole = {
    ...outcome,
    update: plan.live.length > 0 ? updateWords(plan.update, name) : null,
    run: plan.anew.length > 0 ? words : null,
    compose: compose?.text ?? null,
    notes: compose?.notes ?? notes,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function writeCompose(path: string, compose: ComposeText | undefined, id: string): number {
  if (!compose) {
    process.stderr.write(`bulkhead: ${id} needs no new container: ${path} was not written\n`);
    return 0;
  }
  const made = createFile(path, compose.text);
  if (!made.ok) return complain(`${path} was not written: ${made.reason}`);
  process.stderr.write(`bulkhead: ${path} is written; ${id} is as it was\n`);
  return 0;
}

function show(
  written: WrittenPlan,
  plan: LivePlan,
  { subject, options }: ContainerJob,
  compose: ComposeText | undefined,
): void {
  const look = lookOf(options);
  if (Object.values(countsOf([written])).every((count) => count === 0)) {
    print(`${subject.id} has no findings that fix can change.\n`);
    return;
  }
  print(describePlans([written], look));
  if (plan.live.length > 0) {
    const hint = options.apply || options.recreate ? "" : " (--apply does it)";
    print(`\nWhile it runs${hint}:\n  ${shellWords(updateWords(plan.update, subject.name))}\n`);
  }
  if (plan.anew.length > 0) {
    const hint = options.recreate ? "" : " (--recreate does it, and puts the old one back if that fails)";
    const { words, notes } = runWordsOf(plan.hardened, subject.name);
    const text = compose ? compose.text.replace(/^(?=.)/gm, "  ") : `  ${shellWords(words)}\n`;
    print(`\nThe rest needs a new container${hint}:\n${text}`);
    for (const note of compose?.notes ?? notes) print(`  ${note}\n`);
  }
}

async function update(
  plan: LivePlan,
  inspect: unknown,
  { subject, writer, reader }: ContainerJob,
): Promise<number> {
  if (plan.live.length > 0) {
    const path = `/containers/${encodeURIComponent(textAt(inspect, "Id") ?? subject.name)}`;
    const answer = await writer.post(`${path}/update`, plan.update);
    if (!answer.ok) return complain(`${subject.id} is as it was: ${answer.reason}`);
    const after = await reader.get(`${path}/json`);
    const host = after.ok ? recordAt(after.value, "HostConfig") : {};
    // What the kernel cannot do the Engine drops with a warning (a weight without a scheduler that weighs).
    const lost = Object.keys(plan.update).filter((key) => host[key] !== plan.update[key]);
    const but = lost.length > 0 ? `, except ${lost.join(", ")}: the Engine ignored it` : "";
    process.stderr.write(`bulkhead: ${subject.id} is updated${but}\n`);
    if (lost.length > 0) return 1;
  }
  return plan.anew.length > 0 ? 1 : 0;
}

function print(text: string): void {
  process.stdout.write(text);
}
