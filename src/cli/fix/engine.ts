import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { withConfiguration } from "../../audit/live/engine-facts.ts";
import { bareContext } from "../../controls/control.ts";
import { isPodman } from "../../controls/engine/docker-only.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { HostSight } from "../../engine/host/host.ts";
import { readEngine } from "../../engine/read/read.ts";
import { createFile, createNew, replaceFile } from "../../fix/apply.ts";
import { describePlans, diffPainter } from "../../fix/describe.ts";
import { patchOf, shownDiff } from "../../fix/diff.ts";
import {
  givenAsFlag,
  validate,
  whenItHolds,
  whyNoLogOptions,
  whyNotFromHere,
} from "../../fix/live/engine.ts";
import { outcomeDocument } from "../../fix/outcome.ts";
import { planFixes } from "../../fix/plan/plan.ts";
import type { Step } from "../../fix/plan/step.ts";
import { forget, keepOriginals } from "../../fix/undo/undo.ts";
import type { WrittenPlan } from "../../fix/write-plans.ts";
import { writeDaemonJson } from "../../formats/daemon-json/write.ts";
import { unset, valueOr } from "../../model/fact.ts";
import type { EnginePatch } from "../../model/patch.ts";
import type { EngineSubject } from "../../model/subject.ts";
import { applyEdits } from "../../model/writing.ts";
import { type AuditSettings, loadConfig, rulesOf } from "../audit/settings.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import { lookOf } from "./job.ts";
import type { FixOptions } from "./options.ts";
import { takesOf, whyNothingAccepted, wrongUseOf } from "./wrong-use.ts";

/**
 * `bulkhead fix engine`: the edit of dockerd's daemon.json, which dockerd itself validates; written with `--apply`. Restarts
 * nothing. Answers the exit status: 0 nothing left to write, 1 something is, 2 wrong use or not written.
 */
export async function fixEngine(options: FixOptions): Promise<number> {
  const wrong = wrongUseOf("engine", options);
  if (wrong !== undefined) return complain(wrong);
  const settings = await loadConfig(options, diskFiles());
  if (!settings.ok) return 2;
  const client = await connectEngine(engineTarget(options));
  if (!client.ok) return complain(client.reason);
  try {
    const { engine, host, gaps } = await readEngine(client.value, { containers: [], images: [] });
    const view = engine?.views[0];
    if (!engine || !view) return complain(gaps[0]?.reason ?? "the Engine does not describe itself");
    if (isPodman(view))
      return complain(
        "Podman has no daemon.json; bulkhead does not change its containers.conf and storage.conf",
      );
    const why = whyNotFromHere(host, client.value.address);
    if (why !== undefined || !host) return complain(why ?? "the Engine's host cannot be seen");
    const { engine: merged } = withConfiguration(view, host);
    return await fix({ ...engine, views: [merged] }, host, options, settings.value);
  } finally {
    await client.value.close();
  }
}

async function fix(
  subject: EngineSubject,
  host: HostSight,
  options: FixOptions,
  settings: AuditSettings,
): Promise<number> {
  const { path, text } = host.configFile;
  if (text !== "missing" && !text.ok) return complain(`${path} cannot be read: ${text.reason}`);
  const before = text === "missing" ? "" : text.value;
  const { plan, after, patches } = written(
    subject,
    { path, before, commandLine: host.commandLine },
    options,
    settings,
  );
  const idle = whyNothingAccepted(options.accept, [plan]);
  if (idle !== undefined) return complain(idle);
  const changed = { file: path, before, after, edits: patches.length, secretsBefore: [], secretsAfter: [] };
  const judged = after === before ? undefined : await validate(after, host.commandLine);
  if (judged && !judged.ok)
    return complain(`${path} is as it was: dockerd refuses the change: ${judged.reason}`);
  const isWritten = (options.apply === true || options.output !== undefined) && after !== before;
  if (isWritten) {
    const kept = options.apply
      ? keepOriginals([{ file: path, after: Buffer.from(after) }], new Date())
      : undefined;
    if (kept && !kept.ok)
      complain(`--undo will not work for this: the originals cannot be kept in ${kept.reason}`);
    const made =
      options.output !== undefined
        ? createFile(options.output, after)
        : text === "missing"
          ? createNew(path, after, 0o644)
          : replaceFile(path, before, after);
    if (kept?.ok && !made.ok) forget(kept.value);
    if (!made.ok) return complain(`${options.output ?? path} is as it was: ${made.reason}`);
  }
  const look = lookOf(options);
  if (options.format === "json") {
    const files = after === before ? [] : [{ text: changed, written: isWritten }];
    process.stdout.write(`${JSON.stringify(outcomeDocument({ plans: [plan], files, gaps: [] }), null, 2)}\n`);
  } else if (options.format === "patch") process.stdout.write(patchOf(changed, process.cwd()));
  else {
    process.stdout.write(shownDiff(changed, process.cwd(), diffPainter(look)));
    process.stdout.write(
      `\n${describePlans([plan], look) || "engine has no findings that fix can change.\n"}`,
    );
    for (const sentence of whenItHolds(patches, valueOr(subject.views[0]?.rootless ?? unset, false)))
      process.stdout.write(`\n${sentence}\n`);
  }
  if (after === before) return 0;
  const checked = judged ? "dockerd accepts it" : "there is no dockerd here to check it";
  process.stderr.write(
    `bulkhead: ${options.output ?? path} ${isWritten ? "is" : "is not"} written (${checked}); nothing was restarted\n`,
  );
  return isWritten ? 0 : 1;
}

function written(
  subject: EngineSubject,
  file: { readonly path: string; readonly before: string; readonly commandLine: readonly string[] },
  options: FixOptions,
  settings: AuditSettings,
): { readonly plan: WrittenPlan; readonly after: string; readonly patches: readonly EnginePatch[] } {
  const plan = planFixes(
    { subject, context: bareContext(subject.source, { engine: subject.views[0] }) },
    {
      rules: { ...rulesOf(options, settings), spell: () => null },
      takes: takesOf(options),
      limits: {},
      needs: () => undefined,
    },
  );
  const io = diskFiles();
  const refused: { step: Step; reason: string }[] = [];
  const steps: Step[] = [];
  const patches: EnginePatch[] = [];
  let after = file.before;
  for (const step of plan.steps) {
    // The subject is an engine, so its plan holds patches of engines.
    const own = step.patches as readonly EnginePatch[];
    const flag = own.map((patch) => givenAsFlag(patch, file.commandLine, io)).find(Boolean);
    const writing = writeDaemonJson({ text: after, file: file.path, patches: own });
    const [first] = writing.refused;
    const why =
      flag ?? whyNoLogOptions(own, { text: after, file: file.path }, file.commandLine) ?? first?.reason;
    if (why !== undefined) refused.push({ step, reason: why });
    else {
      steps.push(step);
      patches.push(...own);
      after = applyEdits(after, writing.edits);
    }
  }
  return { plan: { ...plan, steps, refused, declined: [] }, after, patches };
}
