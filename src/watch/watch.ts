import type { Finding } from "../audit/finding.ts";
import type { EngineClient } from "../engine/client.ts";
import type { ConnectOptions } from "../engine/connect/endpoint.ts";
import type { EngineEvent } from "../engine/event.ts";
import { followEvents } from "../engine/events.ts";
import type { LiveContainer } from "../engine/read/live-reading.ts";
import type { Process } from "../model/container/process.ts";
import { bySweep, type Cause } from "./change.ts";
import { openPublisher, type PublisherOptions } from "./changes/publisher.ts";
import { openDrifts } from "./drift/drifts.ts";
import { Inventory, type KernelPlaces } from "./inventory/inventory.ts";
import type { WatchListener } from "./listener.ts";
import { openCallers } from "./reading/callers.ts";
import { type EngineFilesFollower, followEngineFiles } from "./reading/engine-files.ts";
import { openExecStarts } from "./reading/exec-starts.ts";
import { endExec, readStartedExec } from "./reading/execs.ts";
import { followKernelCalls, type KernelFollower } from "./reading/kernel-calls.ts";
import { openKernelEvents } from "./reading/kernel-events.ts";
import { followLimitFiles, type LimitFilesFollower } from "./reading/limit-files.ts";
import { lookAt } from "./reading/look.ts";
import { add, nothingPending, takeOut } from "./reading/pending.ts";
import { forget, readTouched, readWhole } from "./reading/read.ts";
import { type Pacing, pause, sweep } from "./reading/sweep.ts";
import { causeOf, touchOf } from "./reading/touch.ts";
import type { WatchSession } from "./session.ts";
import { openWork } from "./work.ts";

export interface WatchRequest extends PublisherOptions {
  readonly connect: ConnectOptions;
  readonly places: KernelPlaces;
  readonly pacing: Pacing;
  /** Whether to ask the kernel to tell of calls and of the Engine's files as they change; where it cannot, sweeps find it. */
  readonly kernelEvents: boolean;
  /** Whether to judge containers that the Engine does not know, too. */
  readonly foreign: boolean;
  /** The audit logs of guards on this machine, which name the callers. */
  readonly guardLogs?: readonly string[];
  /** What earlier proofs lost, by subject; undefined where nobody proves again and again. */
  readonly lostProofs?: Inventory["lostProofs"];
}

export interface Watch {
  /** The open findings, each as it is now. */
  open(): readonly Finding[];
  status(): WatchStatus;
  container(name: string): LiveContainer | undefined;
  /** All that are known, running or not. */
  containers(): readonly LiveContainer[];
  /** A container's processes as the kernel showed them last. */
  processes(id: string): readonly Process[];
  /** Takes what proofs lost so far, and judges the container that was proven just now. */
  proven(name: string, lost: NonNullable<Inventory["lostProofs"]>): void;
  close(): Promise<void>;
}

export interface WatchStatus {
  readonly connected: boolean;
  /** Everything was read once: before that, nothing is known of what is open. */
  readonly known: boolean;
  readonly containers: number;
  readonly running: number;
  /** The kernel is this machine's: it is swept, also while the Engine does not answer. */
  readonly seesKernel: boolean;
  /** The kernel tells of calls as they happen. */
  readonly kernelEvents: boolean;
}

/** How often everything is read again, events or not: an event could be wrong or missing. */
const wholeEvery = 10 * 60_000;

/**
 * Milliseconds that containers wait at most for the Engine to describe itself: whose root theirs is, and what its host has, decides
 * how a finding weighs.
 */
const untilDescribed = 5_000;

/**
 * Watches an Engine and what it runs until `close`: reads all, then what each event touches, and in between the kernel, where
 * things happen that no event tells. Containers are read beside each other, for the Engine holds one back while it
 * starts it; each by itself is read in order.
 */
export function startWatch(request: WatchRequest, listener: WatchListener): Watch {
  const { places } = request;
  const inventory = new Inventory(places, request.lostProofs);
  const sinces = request.remembered.flatMap(({ subject, since }) =>
    since ? [[subject, since] as const] : [],
  );
  const drifts = openDrifts(readAgain, new Map(sinces));
  const starts = openExecStarts();
  const written: WatchSession["written"] = new Map();
  const publisher = openPublisher(inventory, { drifts, starts, written }, request, listener);
  const { guardLogs = [] } = request;
  const callers = guardLogs.length > 0 ? openCallers(guardLogs, listener.say) : undefined;
  const pending = nothingPending();
  const work = openWork(dispatch, (error) => {
    const said = error instanceof Error ? error.message : String(error);
    listener.say(`a fault of bulkhead's own, please report it: ${said}`);
  });
  let client: EngineClient | undefined;
  let isReady = false;
  let isOverdue = false;
  let kernelCalls: KernelFollower | undefined;
  let engineFiles: EngineFilesFollower | undefined;
  let limitFiles: LimitFilesFollower | undefined;

  const follower = followEvents(request.connect, {
    connected(now) {
      client = now;
      inventory.findHost(now.socketPath);
      drifts.missed();
      work.after(untilDescribed, () => {
        isOverdue = true;
      });
      if (isReady) listener.say(`the Engine at ${now.address} answers again`);
      pending.full = { kind: isReady ? "reconnect" : "start" };
      work.wake();
    },
    event(event) {
      listener.event(event);
      take(event);
      work.wake();
    },
    missed() {
      drifts.missed();
      listener.eventLost?.();
      pending.full ??= { kind: "reconnect" };
      work.wake();
    },
    disconnected(reason) {
      client = undefined;
      listener.lost(reason);
    },
  });
  const session: WatchSession = {
    ...{ inventory, publisher, drifts, starts, written, pending, work, listener },
    told: { since: new Set(), before: new Set() },
    list: { cpu: 0 },
    whole: undefined,
    reconnect: () => follower.reconnect(),
  };

  function readAgain(id: string, cause: Cause, after: number): boolean {
    if (!client) return false;
    work.after(after, () => add(pending.containers, id, cause));
    return true;
  }

  function take(event: EngineEvent): void {
    const touch = touchOf(event);
    if ("id" in touch) session.told.since.add(touch.id);
    if (event.type === "container" && event.action === "update") drifts.updated(event.id);
    const by = callers?.find(event);
    const cause = causeOf(event, undefined, by);
    if (touch.touch === "network") {
      // A start tells its networks, too, and the Engine holds the container back until it is done.
      if (inventory.container(touch.id)?.running) add(pending.containers, touch.id, cause);
      return;
    }
    if (touch.touch === "container" || touch.touch === "gone") {
      if (session.whole) add(session.whole.causes, touch.id, cause);
      add(touch.touch === "gone" ? pending.gone : pending.containers, touch.id, cause);
    }
    if (touch.touch === "exec") {
      const named = (process: string | undefined) => causeOf(event, process, by);
      const start = { container: touch.id, cause: named };
      starts.take(touch.exec, start);
      add(pending.execs, touch.exec, start);
    }
    if (touch.touch === "exec-ended") add(pending.endedExecs, touch.exec, { container: touch.id, cause });
    if (touch.touch === "engine") pending.full ??= cause;
  }

  function dispatch(): void {
    if (client) ask(client);
    for (const [id, { cause, attempt }] of takeOut(pending.again))
      lookAt(session, [id], () => cause, attempt);
    if (pending.sweep && !work.isBusy("sweep")) {
      pending.sweep = false;
      work.begin("sweep", async () => {
        let cpu = 0;
        try {
          cpu = await sweep(session, client, request);
          engineFiles?.refresh();
        } finally {
          scheduleSweep(cpu);
        }
      });
    }
  }

  /** What needs the Engine; without it, it waits. */
  function ask(from: EngineClient): void {
    const isFree = (id: string) => !work.isBusy(id);
    if (pending.full && isFree("whole")) {
      const cause = pending.full;
      pending.full = undefined;
      work.begin("whole", async () => {
        const { proc } = places;
        if (await readWhole(session, from, cause, { proc, foreign: request.foreign })) becomeReady();
        kernelCalls?.follow();
        limitFiles?.refresh();
      });
    }
    if (inventory.engine === undefined && !isOverdue) return;
    for (const [id, cause] of takeOut(pending.containers, isFree))
      work.begin(id, async () => {
        await readTouched(session, from, id, cause);
        limitFiles?.refresh();
      });
    for (const [id, cause] of takeOut(pending.gone, isFree)) forget(session, id, cause);
    for (const [id, exec] of takeOut(pending.execs, (id, { container }) => isFree(id) && isFree(container)))
      work.begin(id, () => readStartedExec(session, from, id, exec));
    const isRead = (id: string) => isFree(id) && !pending.execs.has(id);
    for (const [id, { container, cause }] of takeOut(pending.endedExecs, isRead))
      endExec(session, id, container, cause);
  }

  function becomeReady(): void {
    if (isReady) return;
    isReady = true;
    // Another machine's kernel would tell of other containers.
    const events = request.kernelEvents && inventory.host ? openKernelEvents() : undefined;
    if (events?.ok) kernelCalls = followKernelCalls(session, events.value);
    if (request.kernelEvents) engineFiles = followEngineFiles(session);
    engineFiles?.refresh();
    // Of another machine's kernel no cgroup is here.
    if (request.kernelEvents && inventory.host) limitFiles = followLimitFiles(session, places, () => client);
    limitFiles?.refresh();
    listener.ready({
      kernel: inventory.host !== undefined,
      limits: limitFiles !== undefined,
      calls: events?.ok === false ? events.reason : events?.ok,
      interval: request.pacing.interval,
    });
    scheduleSweep(0);
  }

  function scheduleSweep(cpu: number): void {
    const wait = pause(request.pacing, cpu);
    const due = performance.now() + wait;
    work.after(wait, () => {
      if (performance.now() > due + wait) listener.sweepLate?.();
      pending.sweep = true;
    });
  }

  const anew = setInterval(() => {
    pending.full ??= bySweep;
    work.wake();
  }, wholeEvery);

  return {
    open: () => publisher.open(),
    status() {
      const all = inventory.list();
      const running = all.filter((each) => each.running).length;
      const { seesKernel } = inventory;
      const kernelEvents = kernelCalls !== undefined;
      const connected = client !== undefined;
      return { connected, known: isReady, containers: all.length, running, seesKernel, kernelEvents };
    },
    container: (name) => inventory.named(name),
    containers: () => inventory.list(),
    processes: (id) => inventory.processesOf(id),
    proven(name, lost) {
      inventory.proofsLost(lost);
      const live = inventory.named(name);
      if (live) publisher.containers([live.id], () => ({ kind: "prove" }));
    },
    async close() {
      publisher.flush();
      work.stop();
      callers?.close();
      kernelCalls?.stop();
      engineFiles?.stop();
      limitFiles?.stop();
      clearInterval(anew);
      publisher.close();
      await follower.close();
      await work.ended();
    },
  };
}
