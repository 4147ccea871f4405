import { recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { ownLabel } from "../../engine/owner.ts";
import { type EngineWriter, openWriter } from "../../engine/write-client.ts";
import {
  isAtWork,
  type Journal,
  readJournals,
  removeJournal,
  writeJournal,
} from "../../fix/live/recreate/journal.ts";
import { changesThatWouldBeLost } from "../../fix/live/recreate/layer.ts";
import { removeOld, restore } from "../../fix/live/recreate/restore.ts";
import { spellDuration } from "../../formats/values/duration.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import type { FixOptions } from "./options.ts";
import { engineId, sayLost } from "./recreate.ts";

interface Ways {
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
  readonly engine: string;
}

/**
 * `bulkhead fix --resume`: undoes each `--recreate` that was cut short, finishes each removal, and removes old containers
 * whose time is over. Answers the exit status: 0 nothing is left unfinished, 2 something is.
 */
export async function resume(options: FixOptions): Promise<number> {
  const journals = readJournals();
  if (!journals.ok) return complain(journals.reason);
  if (journals.value.length === 0) {
    say("no --recreate is unfinished, and no old container is kept");
    return 0;
  }
  return await onEngine(options, async (ways) => {
    let status = 0;
    for (const journal of journals.value) {
      if (journal.engine !== ways.engine) {
        say(`${journal.name} is on another Engine, ${journal.address}: name that with --host`);
        continue;
      }
      const done = await finish(journal, ways);
      say(`${journal.name}: ${done.ok ? (done.value ?? sayKept(journal)) : done.reason}`);
      if (!done.ok) status = 2;
    }
    return status;
  });
}

/** The same before another command works on containers: only what is unfinished is spoken of. */
export async function resumeFirst(options: FixOptions): Promise<Result<void>> {
  const journals = readJournals();
  if (!journals.ok) return journals;
  if (journals.value.length === 0) return ok(undefined);
  let reason: string | undefined;
  const status = await onEngine(options, async (ways) => {
    for (const journal of journals.value) {
      if (journal.engine !== ways.engine) continue;
      const done = await finish(journal, ways);
      if (!done.ok) reason = `${journal.name}: ${done.reason}`;
      else if (done.value !== undefined) say(`${journal.name}: ${done.value}`);
    }
    return 0;
  });
  return reason === undefined && status === 0 ? ok(undefined) : failed(reason ?? "");
}

/** Gives what was done; nothing where the old container is rightly kept. */
async function finish(journal: Journal, ways: Ways): Promise<Result<string | undefined>> {
  if (isAtWork(journal)) return failed("another bulkhead works on it at this moment");
  const taken = { ...journal, owner: ownLabel() };
  if (journal.phase === "making") {
    const noted = writeJournal(taken);
    if (!noted.ok) return noted;
    const back = await restore(taken, ways.writer);
    if (!back.ok)
      return failed(`--recreate was cut short, and the old container could not be put back: ${back.reason}`);
    return ok(`--recreate was cut short ${sayStep(journal)}; the old container is back`);
  }
  const old = await ways.reader.get(`/containers/${journal.old.id}/json`);
  if (!old.ok && old.kind === "missing") {
    removeJournal(journal);
    return ok("the old container is gone");
  }
  const isOver = journal.keepUntil !== undefined && Date.now() >= journal.keepUntil;
  if (journal.phase === "kept" && !isOver) return ok(undefined);
  return await confirmed(taken, ways);
}

function sayStep({ step }: Journal): string {
  return step === "" ? "before its first step" : `at “${step}”`;
}

/** Removes the old container, unless nothing works in its place. */
async function confirmed(journal: Journal, { reader, writer }: Ways): Promise<Result<string>> {
  const { name, old, aside } = journal;
  const current = await reader.get(`/containers/${encodeURIComponent(name)}/json`);
  const state = current.ok ? recordAt(current.value, "State") : {};
  const works =
    state.Running === true && state.Restarting !== true && textAt(state, "Health", "Status") !== "unhealthy";
  if (!current.ok || (old.running && !works)) {
    const what = current.ok ? "the new container does not work" : `there is no container ${name}`;
    return failed(`${what}, so ${aside} stays: --undo puts it back, docker rm ${aside} removes it`);
  }
  const noted = writeJournal({ ...journal, phase: "confirmed", step: "remove the old container" });
  if (!noted.ok) return noted;
  const gone = await removeOld(journal, writer);
  return gone.ok
    ? ok("the old container is removed")
    : failed(`${aside} could not be removed: ${gone.reason}`);
}

/** `container:NAME --confirm` and `--undo`. Answers the exit status: 0 done, 2 not done. */
export async function settle(name: string, options: FixOptions): Promise<number> {
  return await onEngine(options, async (ways) => {
    const journals = readJournals();
    if (!journals.ok) return complain(journals.reason);
    const journal = journals.value.find((each) => each.engine === ways.engine && each.name === name);
    if (!journal) return complain(`no container is kept from before container:${name} was recreated`);
    if (isAtWork(journal)) return complain(`another bulkhead works on container:${name} at this moment`);
    const taken = { ...journal, owner: ownLabel() };
    const isCut = journal.phase === "making";
    const done =
      options.confirm && !isCut ? await confirmed(taken, ways) : await wentBack(taken, options, ways);
    if (!done.ok) return complain(`container:${name}: ${done.reason}`);
    say(`container:${name}: ${done.value}`);
    return options.confirm && isCut ? 2 : 0;
  });
}

async function wentBack(
  journal: Journal,
  { discardLayer }: FixOptions,
  { reader, writer }: Ways,
): Promise<Result<string>> {
  const { fresh, name, phase } = journal;
  const inspect = await reader.get(`/containers/${fresh.id ?? fresh.name}/json`);
  if (inspect.ok && phase === "kept" && !discardLayer) {
    const lost = await changesThatWouldBeLost(inspect.value, [], reader);
    if (!lost.ok) return lost;
    if (lost.value.length > 0) return failed(`it stays as it is: ${sayLost(lost.value, name, true)}`);
  }
  const noted = writeJournal({ ...journal, phase: "making", step: "put the old container back" });
  if (!noted.ok) return noted;
  const back = await restore(journal, writer);
  if (!back.ok) return failed(`the old container could not be put back: ${back.reason}`);
  return ok(
    phase === "making" ? "--recreate was cut short; the old container is back" : "the old container is back",
  );
}

function sayKept({ name, aside, keepUntil }: Journal): string {
  const left =
    keepUntil === undefined ? "" : `, for ${spellDuration(Math.max(0, keepUntil - Date.now()))} more`;
  return `the old container is kept, stopped, as ${aside}${left}: bulkhead fix container:${name} --confirm removes it, --undo puts it back`;
}

async function onEngine(options: FixOptions, work: (ways: Ways) => Promise<number>): Promise<number> {
  const target = engineTarget(options);
  const reader = await connectEngine(target);
  if (!reader.ok) return complain(reader.reason);
  const writer = openWriter(target, reader.value.apiVersion);
  try {
    if (!writer.ok) return complain(writer.reason);
    const engine = await engineId(reader.value);
    if (!engine.ok) return complain(engine.reason);
    return await work({ reader: reader.value, writer: writer.value, engine: engine.value });
  } finally {
    await reader.value.close();
    if (writer.ok) await writer.value.close();
  }
}

function say(sentence: string): void {
  process.stderr.write(`bulkhead: ${sentence}\n`);
}
