import { setTimeout as pause } from "node:timers/promises";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Answer } from "../../../engine/client.ts";
import type { EngineWriter } from "../../../engine/write-client.ts";
import { type Journal, removeJournal } from "./journal.ts";

/**
 * Puts the old container back under its name, running as it was, and takes the new one away. Every step may be repeated, so
 * it works from any point and any number of times. The journal goes last.
 */
export async function restore(journal: Journal, writer: EngineWriter): Promise<Result<void>> {
  const { old, name, fresh, layerImage } = journal;
  const steps: readonly RestoreStep[] = [
    // First the new one: it has the name and the ports. Before its id is known it has a name that nobody else uses.
    { make: () => writer.delete(`/containers/${fresh.id ?? fresh.name}?force=1`), mayBeGone: true },
    { make: () => writer.post(`/containers/${old.id}/rename?name=${encodeURIComponent(name)}`) },
    { make: () => writer.post(`/containers/${old.id}/update`, { RestartPolicy: old.restartPolicy }) },
    ...(old.running ? [{ make: () => writer.post(`/containers/${old.id}/start`) }] : []),
    ...(layerImage === undefined
      ? []
      : [{ make: () => writer.delete(`/images/${encodeURIComponent(layerImage)}`), mayBeGone: true }]),
  ];
  for (const { make, mayBeGone } of steps) {
    const done = await withPatience(make);
    if (done.ok || (mayBeGone && done.kind === "missing") || hasNameAlready.test(done.reason)) continue;
    return failed(`${done.reason} (${byHand(journal)})`);
  }
  removeJournal(journal);
  return ok(undefined);
}

/** Removes the old container, and with it the way back. */
export async function removeOld(journal: Journal, writer: EngineWriter): Promise<Result<void>> {
  const gone = await withPatience(() => writer.delete(`/containers/${journal.old.id}`));
  if (!gone.ok && gone.kind !== "missing") return failed(gone.reason);
  removeJournal(journal);
  return ok(undefined);
}

interface RestoreStep {
  readonly make: () => Promise<Answer>;
  readonly mayBeGone?: boolean;
}

const hasNameAlready = /renaming a container with the same name/i;

function byHand({ aside, name, fresh, old }: Journal): string {
  const start = old.running ? ` && docker start ${name}` : "";
  return `by hand: docker rm -f ${fresh.id?.slice(0, 12) ?? fresh.name}; docker rename ${aside} ${name}${start}`;
}

/** Milliseconds that an Engine which restarts is waited for. */
const patience = 60_000;

/** Asks again while the Engine does not answer. */
async function withPatience(step: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await step();
    if (answer.ok || answer.kind !== "lost" || Date.now() > deadline) return answer;
    await pause(500);
  }
}
