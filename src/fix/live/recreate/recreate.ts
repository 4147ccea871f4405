import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { recordAt, textAt } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { EngineClient } from "../../../engine/client.ts";
import { ownLabel } from "../../../engine/owner.ts";
import type { EngineWriter } from "../../../engine/write-client.ts";
import type { CreateBody } from "../create-body.ts";
import { type Journal, writeJournal } from "./journal.ts";
import { restore } from "./restore.ts";

export interface RecreateRequest extends CreateBody {
  /** The Engine's own id. */
  readonly engine: string;
  /** Of the old container. */
  readonly inspect: unknown;
  readonly name: string;
  /** That the new one must have: a tag may be moved at any moment. */
  readonly imageId: string;
  /** Starts the new one from a commit of the old one. */
  readonly keepLayer: boolean;
  /** Milliseconds that the old one is kept; undefined until somebody confirms. */
  readonly keep: number | undefined;
  /** Why the old one, now that it is stopped, must not be replaced; undefined where it may be. */
  readonly objection: () => Promise<string | undefined>;
  /** Called before a container that failed is removed. */
  readonly onFailure: (id: string) => Promise<void>;
  /** True once somebody wants out: everything is put back then. */
  readonly interrupted: () => boolean;
}

/** The old container's name while it is kept. */
export function asideName(name: string): string {
  return `${name}-before-bulkhead`;
}

/** Milliseconds that a container without a health check has to run. */
const trial = 5_000;

/** Milliseconds that a health check is waited for. */
const patience = 120_000;

/**
 * Puts a container made from the body in the place of an old one. The old one is stopped and renamed, and kept so. Where
 * the new one fails (it ends, is unhealthy, or is started anew within five seconds) it goes, and the old one is back under
 * its name, running as it was. Each step is in a journal on the disk before it is made. The reason of a failure says what
 * was put back, or what could not be.
 */
export async function recreate(
  request: RecreateRequest,
  reader: EngineClient,
  writer: EngineWriter,
): Promise<Result<Journal>> {
  const { name, keepLayer } = request;
  let journal = beginning(request, reader.address);
  const { old, aside, fresh } = journal;
  const { running } = old;
  let { body, imageId } = request;

  const stop: readonly RecreateStep[] = [
    ...(running
      ? [{ says: "stop the old container", make: () => writer.post(`/containers/${old.id}/stop`) }]
      : []),
    {
      says: "look at what the old container wrote",
      make: async () => {
        const objection = await request.objection();
        return objection === undefined ? ok(undefined) : failed(objection);
      },
    },
    // Else `restart: always` would start the old one beside the new one when the Engine restarts.
    {
      says: "take the old container's restart policy away",
      make: () => writer.post(`/containers/${old.id}/update`, { RestartPolicy: { Name: "no" } }),
    },
  ];
  const create: readonly RecreateStep[] = [
    {
      says: "create the new container",
      make: async () => {
        const made = await writer.post(`/containers/create?name=${encodeURIComponent(fresh.name)}`, body);
        if (!made.ok) return made;
        journal = { ...journal, fresh: { ...fresh, id: textAt(made.value, "Id") } };
        return ok(undefined);
      },
    },
    {
      says: "check the new container's image",
      make: () => sameImage(journal.fresh.id ?? "", imageId, reader),
    },
    ...request.networks.map(([network, endpoint]) => ({
      says: `connect it to ${network}`,
      make: () =>
        writer.post(`/networks/${encodeURIComponent(network)}/connect`, {
          Container: journal.fresh.id,
          EndpointConfig: endpoint,
        }),
    })),
  ];
  const commit: RecreateStep = {
    says: "commit the old container",
    make: async () => {
      const made = await writer.post(
        `/commit?container=${old.id}&repo=${layerRepository}&tag=${fresh.name.split("-").at(-1)}`,
      );
      if (!made.ok) return made;
      imageId = textAt(made.value, "Id") ?? "";
      body = { ...body, Image: imageId };
      return ok(undefined);
    },
  };
  const start: readonly RecreateStep[] = running
    ? [
        { says: "start the new container", make: () => writer.post(`/containers/${journal.fresh.id}/start`) },
        {
          says: "wait until the new container works",
          make: () => proven(journal.fresh.id ?? "", request, reader),
        },
      ]
    : [];
  const steps: readonly RecreateStep[] = [
    // Created before anything is touched: what the Engine refuses costs nothing. A commit takes a container that is stopped.
    ...(keepLayer ? [...stop, commit, ...create] : [...create, ...stop]),
    { says: "rename the old container", make: () => rename(old.id, aside, writer) },
    { says: "rename the new container", make: () => rename(journal.fresh.id ?? "", name, writer) },
    ...start,
  ];
  // Before anything is touched: without a journal nothing is.
  const begun = writeJournal(journal);
  if (!begun.ok) return failed(`${begun.reason}; ${name} is as it was`);
  for (const { says, make } of steps) {
    journal = { ...journal, step: says };
    const noted = request.interrupted() ? failed("it was interrupted") : writeJournal(journal);
    const made = noted.ok ? await make() : noted;
    if (!made.ok) {
      if (journal.fresh.id !== undefined) await request.onFailure(journal.fresh.id);
      const back = await restore(journal, writer);
      if (back.ok) return failed(`${made.reason}; ${name} is as it was`);
      return failed(`${made.reason}; ${name} could not be put back: ${back.reason}`);
    }
  }
  const { keep } = request;
  const kept: Journal = {
    ...journal,
    phase: "kept",
    step: "",
    keepUntil: keep === undefined ? undefined : Date.now() + keep,
  };
  const noted = writeJournal(kept);
  if (noted.ok) return ok(kept);
  const back = await restore(journal, writer);
  return failed(
    `${noted.reason}; ${name} ${back.ok ? "is as it was" : `could not be put back: ${back.reason}`}`,
  );
}

interface RecreateStep {
  readonly says: string;
  readonly make: () => Promise<Result<unknown>>;
}

const layerRepository = "bulkhead-kept-layer";

function beginning({ engine, inspect, name, keepLayer }: RecreateRequest, address: string): Journal {
  const token = randomBytes(4).toString("hex");
  return {
    version: 1,
    engine,
    address,
    phase: "making",
    step: "",
    name,
    old: {
      id: textAt(inspect, "Id") ?? "",
      running: recordAt(inspect, "State").Running === true,
      restartPolicy: recordAt(inspect, "HostConfig").RestartPolicy,
    },
    aside: asideName(name),
    fresh: { name: `${name}-bulkhead-${token}`, id: undefined },
    layerImage: keepLayer ? `${layerRepository}:${token}` : undefined,
    owner: ownLabel(),
    keepUntil: undefined,
  };
}

function rename(id: string, name: string, writer: EngineWriter): Promise<Result<unknown>> {
  return writer.post(`/containers/${id}/rename?name=${encodeURIComponent(name)}`);
}

async function sameImage(id: string, wanted: string, reader: EngineClient): Promise<Result<unknown>> {
  const answer = await reader.get(`/containers/${id}/json`);
  if (!answer.ok) return answer;
  return textAt(answer.value, "Image") === wanted
    ? ok(undefined)
    : failed(`its image was changed meanwhile: the new container would not have ${wanted.slice(0, 19)}`);
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
