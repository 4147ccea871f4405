import { writeFileSync } from "node:fs";
import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { openStreams } from "../../engine/streams.ts";
import type { EngineWriter } from "../../engine/write-client.ts";
import type { CreateBody } from "../../fix/live/create-body.ts";
import { logPathOf, readJournals } from "../../fix/live/recreate/journal.ts";
import { changesThatWouldBeLost, type LayerChange } from "../../fix/live/recreate/layer.ts";
import { asideName, recreate } from "../../fix/live/recreate/recreate.ts";
import { spellDuration } from "../../formats/values/duration.ts";
import { loggedLines } from "../../trial/logged-lines.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import type { FixOptions } from "./options.ts";

export interface RecreateJob {
  readonly hardened: CreateBody;
  /** The old container's inspect document. */
  readonly inspect: unknown;
  readonly name: string;
  readonly hasImage: boolean;
  readonly options: FixOptions;
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
}

/** `--recreate`. Answers the exit status: 0 done, 2 not done, and the container is as it was. */
export async function makeAnew(job: RecreateJob): Promise<number> {
  const { hardened, inspect, name, options, reader, writer } = job;
  const engine = await engineId(reader);
  if (!engine.ok) return complain(`container:${name} is as it was: ${engine.reason}`);
  const barrier = barrierOf(job) ?? (await keptBefore(engine.value, job));
  if (barrier !== undefined) return complain(`container:${name} cannot be recreated: ${barrier}`);
  const lost = await lostBy(job);
  if (!lost.ok)
    return complain(`container:${name} is as it was: ${lost.reason}; --discard-layer goes on without it`);
  if (lost.value.length > 0) return complain(`container:${name} is as it was: ${sayLost(lost.value, name)}`);

  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  const said: string[] = [];
  try {
    const made = await recreate(
      {
        ...hardened,
        engine: engine.value,
        inspect,
        name,
        imageId: textAt(inspect, "Image") ?? "",
        keepLayer: options.keepLayer === true,
        keep: options.keep,
        async objection() {
          // A program may save its data as it stops.
          const after = await lostBy(job);
          if (!after.ok) return after.reason;
          return after.value.length > 0 ? `when it stopped, ${sayLost(after.value, name)}` : undefined;
        },
        async onFailure(id) {
          said.push(...(await lastWords(id, job)));
        },
        interrupted: () => interrupted,
      },
      reader,
      writer,
    );
    if (!made.ok) {
      complain(made.reason);
      process.stderr.write(said.join(""));
      return 2;
    }
    const until = options.keep === undefined ? "" : `, for ${spellDuration(options.keep)}`;
    process.stderr.write(
      `bulkhead: container:${name} is recreated, hardened\nbulkhead: the old one is kept, stopped, as ${made.value.aside}${until}: bulkhead fix container:${name} --confirm removes it, --undo puts it back\n`,
    );
    return 0;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/** The Engine's own id, by which a journal knows it again. */
export async function engineId(reader: EngineClient): Promise<Result<string>> {
  const info = await reader.get("/info");
  if (!info.ok) return failed(info.reason);
  const id = textAt(info.value, "ID");
  return id ? ok(id) : failed("the Engine does not say its id");
}

/** What of the writable layer would be lost, unless somebody says what happens to it. */
async function lostBy({
  options,
  inspect,
  hardened,
  reader,
}: RecreateJob): Promise<Result<readonly LayerChange[]>> {
  if (options.discardLayer || options.keepLayer) return ok([]);
  const host = recordAt(hardened.body, "HostConfig");
  const tmpfs = [
    ...Object.keys(recordAt(host, "Tmpfs")),
    ...itemsOf(host.Mounts).flatMap((mount) =>
      textAt(mount, "Type") === "tmpfs" ? [textAt(mount, "Target") ?? ""] : [],
    ),
  ];
  return await changesThatWouldBeLost(inspect, tmpfs, reader);
}

const shownChanges = 15;

/** In docker diff's form, then what to do. */
export function sayLost(changes: readonly LayerChange[], name: string, isBack = false): string {
  const shown = changes.slice(0, shownChanges).map(({ letter, path }) => `  ${letter} ${path}\n`);
  const more = changes.length - shown.length;
  const rest = more > 0 ? `  … and ${more} more (docker diff ${name})\n` : "";
  const keep = isBack ? "" : " --keep-layer starts the new container from a commit of the old one;";
  return `these changes in its writable layer would be lost:\n${shown.join("")}${rest}Copy what matters to a volume.${keep} --discard-layer goes on without them`;
}

/** What the failed container logged, shown and kept in a file. */
async function lastWords(
  id: string,
  { inspect, name, options, reader }: RecreateJob,
): Promise<readonly string[]> {
  const streams = openStreams(engineTarget(options), reader.apiVersion);
  if (!streams.ok) return [];
  try {
    const lines = await loggedLines(id, inspect, streams.value, "tail=20");
    if (lines.length === 0) return [];
    const path = logPathOf(name, new Date());
    const text = lines.map((line) => `  ${line}\n`).join("");
    return [`The new container's last lines:\n${text}`, keptIn(path, lines)];
  } finally {
    await streams.value.close();
  }
}

function keptIn(path: string, lines: readonly string[]): string {
  try {
    writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
    return `They are kept in ${path}\n`;
  } catch {
    return "";
  }
}

/** Why a container must not be taken away and made anew. */
function barrierOf({ inspect, hasImage }: RecreateJob): string | undefined {
  const labels = recordAt(inspect, "Config", "Labels");
  const state = recordAt(inspect, "State");
  if (!hasImage) return "its image is no longer on the Engine";
  if (recordAt(inspect, "HostConfig").AutoRemove === true) {
    return "it was started with --rm, so nothing of it would be left to go back to: run the command above";
  }
  if (state.Paused === true) return "it is paused";
  if (state.Restarting === true) return "it is restarting: it does not run by itself, let alone hardened";
  if (isRecord(labels) && "com.docker.swarm.task.id" in labels) {
    return "Swarm would put its own in its place: fix the stack's file";
  }
  const project = labels["com.docker.compose.project"];
  if (typeof project === "string") {
    return `it belongs to the Compose project ${project}, which would undo it: fix its file`;
  }
  return undefined;
}

/** Why it cannot be done on top of an earlier time. */
async function keptBefore(engine: string, { name, reader }: RecreateJob): Promise<string | undefined> {
  const journals = readJournals();
  if (!journals.ok) return journals.reason;
  const aside = asideName(name);
  if (journals.value.some((each) => each.engine === engine && each.name === name)) {
    return `the container before it is still kept as ${aside}: say first whether to keep the new one (--confirm) or go back (--undo)`;
  }
  const other = await reader.get(`/containers/${encodeURIComponent(aside)}/json`);
  return other.ok ? `there is a container named ${aside}: rename or remove it` : undefined;
}
