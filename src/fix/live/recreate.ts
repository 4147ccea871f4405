import { setTimeout as pause } from "node:timers/promises";
import { recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { EngineWriter } from "../../engine/write-client.ts";
import type { CreateBody } from "./create-body.ts";

export interface RecreateRequest extends CreateBody {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
  /** True once somebody wants out: everything is put back then. */
  readonly interrupted: () => boolean;
}

/** Milliseconds that a container without a health check has to run. */
const trial = 5_000;

/** Milliseconds that a health check is waited for. */
const patience = 120_000;

/**
 * Puts a container made from the body in the place of one that is there. The old one is stopped and renamed, and goes only
 * when the new one is healthy (or has run for five seconds); else the new one goes, and the old one is back under its name,
 * running as it was. Gives the new id. The reason of a failure says what was put back, or what could not be.
 */
export async function recreate(
  request: RecreateRequest,
  reader: EngineClient,
  writer: EngineWriter,
): Promise<Result<string>> {
  const { id, name, running } = request;
  const aside = `${name}-before-bulkhead`;
  // Created before anything is touched: what the Engine refuses costs nothing.
  const created = await writer.post(
    `/containers/create?name=${encodeURIComponent(`${name}-bulkhead`)}`,
    request.body,
  );
  if (!created.ok) return failed(`${name} is as it was: ${created.reason}`);
  const fresh = textAt(created.value, "Id") ?? "";
  const undo: (() => Promise<Result<unknown>>)[] = [() => removed(fresh, writer)];
  const steps: readonly Step[] = [
    ...request.networks.map(
      ([network, endpoint]): Step => [
        () =>
          writer.post(`/networks/${encodeURIComponent(network)}/connect`, {
            Container: fresh,
            EndpointConfig: endpoint,
          }),
      ],
    ),
    ...(running
      ? [[() => writer.post(`/containers/${id}/stop`), () => writer.post(`/containers/${id}/start`)] as Step]
      : []),
    [() => rename(id, aside, writer), () => rename(id, name, writer)],
    [() => rename(fresh, name, writer)],
    ...(running
      ? ([
          [() => writer.post(`/containers/${fresh}/start`)],
          [() => proven(fresh, request, reader)],
        ] as Step[])
      : []),
  ];
  for (const [make, unmake] of steps) {
    // Before, so that what failed half-way is put back, too.
    if (unmake) undo.push(unmake);
    const made = request.interrupted() ? failed("it was interrupted") : await make();
    if (!made.ok) return await putBack(made.reason, undo, request, aside);
  }
  const gone = await writer.delete(`/containers/${id}`);
  if (gone.ok) return ok(fresh);
  return failed(
    `${name} is recreated and runs; the old one could not be removed: ${gone.reason} (docker rm ${aside})`,
  );
}

type Step = readonly [make: () => Promise<Result<unknown>>, unmake?: () => Promise<Result<unknown>>];

/** Takes the new one away, which frees its name and ports, then undoes what was done to the old one, the last thing first. */
async function putBack(
  reason: string,
  undo: readonly (() => Promise<Result<unknown>>)[],
  { name }: RecreateRequest,
  aside: string,
): Promise<Result<string>> {
  const [removal, ...others] = undo;
  const failures: string[] = [];
  for (const step of [removal, ...others.toReversed()]) {
    const undone = await step?.();
    if (undone && !undone.ok && !/already|same name|renaming a container with the same/i.test(undone.reason))
      failures.push(undone.reason);
  }
  if (failures.length === 0) return failed(`${reason}; ${name} is as it was`);
  return failed(
    `${reason}; ${name} could not be put back: ${failures.join("; ")} (docker rename ${aside} ${name} && docker start ${name})`,
  );
}

function rename(id: string, name: string, writer: EngineWriter): Promise<Result<unknown>> {
  return writer.post(`/containers/${id}/rename?name=${encodeURIComponent(name)}`);
}

async function removed(id: string, writer: EngineWriter): Promise<Result<unknown>> {
  const answer = await writer.delete(`/containers/${id}?force=1`);
  return answer.ok || answer.kind === "missing" ? ok(undefined) : answer;
}

/** Healthy, where it has a health check; else running for a while without having been started anew. */
async function proven(
  id: string,
  { interrupted }: RecreateRequest,
  reader: EngineClient,
): Promise<Result<unknown>> {
  const begun = Date.now();
  for (;;) {
    if (interrupted()) return failed("it was interrupted");
    const answer = await reader.get(`/containers/${id}/json`);
    if (!answer.ok) return answer;
    const state = recordAt(answer.value, "State");
    const health = textAt(state, "Health", "Status");
    const restarts = recordAt({ value: answer.value }, "value").RestartCount;
    if (state.Running !== true || restarts !== 0) {
      return failed(`the new container ended with status ${state.ExitCode}`);
    }
    if (health === "healthy") return ok(undefined);
    if (health === "unhealthy") return failed("the new container is unhealthy");
    const waits = health === "starting";
    if (!waits && Date.now() - begun >= trial) return ok(undefined);
    if (waits && Date.now() - begun >= patience)
      return failed("the new container did not become healthy in two minutes");
    await pause(200);
  }
}
