import { relative, resolve } from "node:path";
import type { Input } from "../../audit/inputs/inputs.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { shellWords } from "../../base/shell-words.ts";
import { connectEngine } from "../../engine/connect.ts";
import {
  bringDown,
  bringUp,
  lookBefore,
  type ProjectBefore,
  type UpTools,
  type Watching,
  watchUp,
} from "../../fix/live/watch-up.ts";
import { undoApply } from "../../fix/undo/undo.ts";
import type { ComposeOptions } from "../../formats/format.ts";
import { spellDuration } from "../../formats/values/duration.ts";
import { dockerAt, requireCompose } from "../../trial/docker.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface WatchRequest {
  readonly inputs: readonly Input[];
  readonly compose: ComposeOptions;
  /** Milliseconds. */
  readonly time: number;
  readonly discardLayer: boolean;
}

/** Looks at the projects of the files before they change; fails where they cannot be watched, or would lose what is only in a container. */
export async function prepareWatch(
  { inputs: all, compose, time, discardLayer }: WatchRequest,
  files: readonly string[],
): Promise<Result<Watching>> {
  const paths = new Set(files.map((file) => resolve(file)));
  const inputs = all.filter(
    (input) => input.format === "compose" && input.files.some((file) => paths.has(resolve(file))),
  );
  if (inputs.length === 0) return failed("--watch is for Compose files, and none would change");
  const looked = await withTools(compose, new AbortController().signal, async (tools) => {
    const befores: ProjectBefore[] = [];
    for (const input of inputs) {
      const before = await lookBefore(input, tools);
      if (!before.ok) return before;
      befores.push(before.value);
    }
    return ok(befores);
  });
  if (!looked.ok) return looked;
  const layers = looked.value.flatMap((before) => before.layers);
  const [first] = layers;
  if (first !== undefined && !discardLayer) {
    const more = layers.length > 1 ? ` and ${layers.length - 1} more` : "";
    return failed(
      `docker compose up would make new containers, without what these wrote outside their volumes: ${first}${more}; --discard-layer loses it`,
    );
  }
  return ok(async (written) => {
    const abort = new AbortController();
    const interrupt = () => abort.abort();
    for (const signal of signals) process.on(signal, interrupt);
    try {
      const changed = written.filter((each) => each.written).map(({ text }) => text.file);
      const watched = await withTools(compose, abort.signal, async (tools) =>
        ok(await watch(looked.value, changed, time, tools)),
      );
      return watched.ok ? watched.value : complain(watched.reason);
    } finally {
      for (const signal of signals) process.off(signal, interrupt);
    }
  });
}

/** Connects to the Engine for as long as it is used. */
async function withTools<T>(
  compose: ComposeOptions,
  signal: AbortSignal,
  use: (tools: UpTools) => Promise<Result<T>>,
): Promise<Result<T>> {
  const needs = "--watch needs docker compose and the Engine:";
  const docker = dockerAt({});
  const able = await requireCompose(docker, signal);
  if (!able.ok) return failed(`${needs} ${able.reason}`);
  const reader = await connectEngine(engineTarget({}));
  if (!reader.ok) return failed(`${needs} ${reader.reason}`);
  try {
    return await use({ docker, reader: reader.value, compose, signal });
  } finally {
    await reader.value.close();
  }
}

async function watch(
  befores: readonly ProjectBefore[],
  changed: readonly string[],
  time: number,
  tools: UpTools,
): Promise<number> {
  const said = spellDuration(time);
  let why: string | undefined;
  for (const before of befores) {
    complain(`${before.project}: docker compose up, then watched for ${said}`);
    const failure = await bringUp(before, tools);
    why ??= failure && `${before.project}: ${failure}`;
  }
  why ??= await watchUp(befores, Date.now() + time, tools);
  if (tools.signal.aborted) {
    const names = shellWords(changed.map((file) => relative(process.cwd(), file)));
    complain(
      `no longer watched: the changes stay. To go back: bulkhead fix --undo ${names}, then docker compose up -d`,
    );
    return 1;
  }
  if (why !== undefined) {
    complain(`it does not hold: ${why}`);
    // What brings the old state back does not end with the watching.
    return await goBack(befores, changed, { ...tools, signal: new AbortController().signal });
  }
  complain(`it held for ${said}: health, restarts, exit status and refusals in the logs are as before`);
  return 0;
}

async function goBack(
  befores: readonly ProjectBefore[],
  changed: readonly string[],
  tools: UpTools,
): Promise<number> {
  const undone = undoApply(changed);
  if (!undone.ok) return complain(`the files could not be brought back: ${undone.reason}`);
  for (const { path } of undone.value)
    complain(`${relative(process.cwd(), path)} is as it was before --apply`);
  let status = 1;
  for (const before of befores) {
    const isNew = before.ran.length === 0;
    const why = await (isNew ? bringDown : bringUp)(before, tools);
    if (why === undefined) complain(`${before.project} ${isNew ? "is down again" : "runs as before"}`);
    else status = complain(`${before.project} could not be brought back: ${why}`);
  }
  return status;
}
