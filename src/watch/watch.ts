import { setTimeout as pauseFor } from "node:timers/promises";
import type { Finding } from "../audit/finding.ts";
import type { EngineClient } from "../engine/client.ts";
import type { ConnectOptions } from "../engine/connect/endpoint.ts";
import type { EngineEvent } from "../engine/event.ts";
import { followEvents } from "../engine/events.ts";
import type { LiveContainer } from "../engine/live-reading.ts";
import { readEngine } from "../engine/read.ts";
import { readExec, readPart, type ToldExec } from "../engine/read-part.ts";
import { valueOr } from "../model/fact.ts";
import type { Cause, Change } from "./change.ts";
import { listedContainers } from "./listed.ts";
import { type Pacing, pause } from "./pacing.ts";
import { add, nothingPending, type PendingExec, takeOut } from "./pending.ts";
import { type KernelPlaces, type Looked, Scene } from "./scene.ts";
import { openTeller, type TellerOptions } from "./teller.ts";
import { causeOf, touchOf } from "./touch.ts";

export interface WatchRequest extends TellerOptions {
  readonly connect: ConnectOptions;
  readonly places: KernelPlaces;
  readonly pacing: Pacing;
}

/** Who is told. Nothing here may throw or take long. */
export interface WatchListener {
  changes(changes: readonly Change[]): void;
  /** Everything was read and judged for the first time; what it found has been told. */
  ready(): void;
  /** Something that an operator should know of the watch itself: the Engine is gone, a container could not be read. */
  say(text: string): void;
  event(event: EngineEvent): void;
  scanned(what: "full" | "part" | "sweep", seconds: number): void;
}

export interface Watch {
  /** The open findings, each as it is now. */
  open(): readonly Finding[];
  status(): WatchStatus;
  container(name: string): LiveContainer | undefined;
  close(): Promise<void>;
}

export interface WatchStatus {
  readonly connected: boolean;
  readonly containers: number;
  readonly running: number;
}

/** How often everything is read anew, whether an event asks for it or not: an event could be wrong or missing. */
const wholeEvery = 10 * 60_000;

/** Milliseconds until a process that was just starting is looked at again, and how often. */
const settling = { wait: 40, attempts: 10 };

/** Milliseconds until an exec is asked for again whose process, or whose container, is not known yet. */
const execWaits = [30, 100, 400, 1_500, 5_000];

const bySweep: Cause = { kind: "sweep" };

/**
 * Watches an Engine and what it runs until `close`: reads all, then what each event touches, and in between the kernel, where
 * things happen that no event tells. Containers are read beside each other, for the Engine holds one back while it
 * starts it; each by itself is read in order.
 */
export function startWatch(request: WatchRequest, listener: WatchListener): Watch {
  const { places } = request;
  const scene = new Scene(places);
  const teller = openTeller(scene, request, listener.changes);
  const pending = nothingPending();
  /** The containers and execs that are being read; what comes of them meanwhile waits. */
  const busy = new Set<string>();
  const tasks = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  /** While everything is read: what events told of containers, and which were read or gone by themselves. */
  let whole: { readonly causes: Map<string, Cause>; readonly fresh: Set<string> } | undefined;
  let client: EngineClient | undefined;
  let isReady = false;
  let closed = false;
  const closing = new AbortController();
  let awake = false;

  const follower = followEvents(request.connect, {
    connected(now) {
      client = now;
      scene.findHost(now.socketPath);
      if (isReady) listener.say(`the Engine at ${now.address} answers again`);
      pending.full = { kind: isReady ? "reconnect" : "start" };
      wake();
    },
    event(event) {
      listener.event(event);
      take(event);
      wake();
    },
    missed() {
      pending.full ??= { kind: "reconnect" };
      wake();
    },
    disconnected(reason) {
      client = undefined;
      listener.say(`${reason}; trying again until it answers`);
    },
  });

  function take(event: EngineEvent): void {
    const touch = touchOf(event);
    const cause = causeOf(event, undefined);
    if (touch.touch === "network") {
      // A start tells its networks, too, and the Engine holds the container back until it is done.
      if (scene.container(touch.id)?.running) add(pending.containers, touch.id, cause);
      return;
    }
    if (touch.touch === "container" || touch.touch === "gone") {
      if (whole) add(whole.causes, touch.id, cause);
      add(touch.touch === "gone" ? pending.gone : pending.containers, touch.id, cause);
    }
    if (touch.touch === "exec") {
      const named = (process: string | undefined) => causeOf(event, process);
      add(pending.execs, touch.exec, { container: touch.id, cause: named });
    }
    if (touch.touch === "exec-ended") add(pending.endedExecs, touch.exec, { container: touch.id, cause });
    if (touch.touch === "engine") pending.full ??= cause;
  }

  /** What comes in the same moment is one piece of work. */
  function wake(): void {
    if (awake || closed) return;
    awake = true;
    setImmediate(() => {
      awake = false;
      if (!closed) work();
    });
  }

  function work(): void {
    if (client) ask(client);
    for (const [id, { cause, attempt }] of takeOut(pending.again)) lookAt([id], () => cause, attempt);
    if (pending.sweep && !busy.has("sweep")) {
      pending.sweep = false;
      task("sweep", () => sweep(client));
    }
  }

  /** What needs the Engine; without it, it waits. */
  function ask(from: EngineClient): void {
    const isFree = (id: string) => !busy.has(id);
    if (pending.full && isFree("whole")) {
      const cause = pending.full;
      pending.full = undefined;
      task("whole", () => readWhole(from, cause));
    }
    for (const [id, cause] of takeOut(pending.containers, isFree))
      task(id, () => readTouched(from, id, cause, "part"));
    for (const [id, cause] of takeOut(pending.gone, isFree)) forget(id, cause);
    for (const [id, wanted] of takeOut(pending.execs, (id, { container }) => isFree(id) && isFree(container)))
      task(id, () => readOneExec(from, id, wanted));
    for (const [id, { container, cause }] of takeOut(
      pending.endedExecs,
      (id) => isFree(id) && !pending.execs.has(id),
    ))
      endExec(id, container, cause);
  }

  /** A fault of ours in one piece of work must not end the watch. */
  function task(name: string, run: () => Promise<void>): void {
    busy.add(name);
    const running = run()
      .catch((error: unknown) => {
        const said = error instanceof Error ? error.message : String(error);
        if (!closed) listener.say(`a fault of bulkhead's own, please report it: ${said}`);
      })
      .finally(() => {
        busy.delete(name);
        tasks.delete(running);
        wake();
      });
    tasks.add(running);
  }

  function after(milliseconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      then();
      wake();
    }, milliseconds);
    timers.add(timer);
  }

  /** Over at once when the watch is closed. */
  async function sleep(milliseconds: number): Promise<void> {
    await pauseFor(milliseconds, undefined, { signal: closing.signal }).catch(() => {});
  }

  async function readWhole(from: EngineClient, cause: Cause): Promise<void> {
    const started = performance.now();
    const { causes, fresh } = { causes: new Map(pending.containers), fresh: new Set<string>() };
    whole = { causes, fresh };
    const reading = await readEngine(from, { containers: "all", images: [] }, { proc: places.proc });
    whole = undefined;
    if (closed) return;
    for (const { reason } of scene.replace(reading, fresh)) listener.say(reason);
    if (reading.lost !== undefined) {
      // The next connection reads all again.
      follower.reconnect();
      return;
    }
    const causeFor = (id: string) => causes.get(id) ?? cause;
    const all = scene.list();
    const { unsettled } = scene.lookAt(all.map(({ id }) => id));
    for (const id of unsettled) lookAgain(id, causeFor(id), 0);
    teller.engine(cause);
    for (const { id } of all) {
      teller.containers([id], causeFor);
      // A hundred containers take a while, and events must be taken off the Engine's hands meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const names = scene.list().map(({ name }) => name);
    teller.keepOnly(names, cause);
    listener.scanned("full", (performance.now() - started) / 1000);
    if (isReady) return;
    isReady = true;
    listener.ready();
    scheduleSweep(0);
  }

  function forget(id: string, cause: Cause): void {
    whole?.fresh.add(id);
    const live = scene.drop(id);
    if (!live) return;
    teller.gone(live.name, cause);
    teller.engine(cause);
  }

  /** Reads a container again, and judges it and what is related to it. */
  async function readTouched(
    from: EngineClient,
    id: string,
    cause: Cause,
    what: "part" | "sweep",
  ): Promise<void> {
    const started = performance.now();
    const reading = await readPart(from, [id], {
      host: scene.host,
      images: scene.images,
      peer: (reference) => scene.peer(reference),
    });
    if (closed) return;
    whole?.fresh.add(id);
    const before = scene.container(id);
    scene.put(reading);
    for (const { reason } of reading.gaps) listener.say(reason);
    if (reading.lost !== undefined) {
      follower.reconnect();
      return;
    }
    const now = reading.containers.find((each) => each.id === id);
    if (!now && reading.gaps.length > 0) return;
    if (!now) {
      if (!before) listener.say(`${nameIn(cause, id)} came and went before it could be read`);
      forget(id, cause);
      return;
    }
    if (before && before.name !== now.name) teller.gone(before.name, cause);
    const touched = [id, ...scene.related([id])];
    look(touched, () => cause, 0);
    teller.containers(touched, () => cause);
    teller.engine(cause);
    listener.scanned(what, (performance.now() - started) / 1000);
  }

  /** Looks at the kernel and judges what it shows otherwise than before. */
  function lookAt(ids: readonly string[], cause: (id: string) => Cause, attempt: number): Looked {
    const looked = look(ids, cause, attempt);
    teller.containers(looked.changed, cause);
    return looked;
  }

  function look(ids: readonly string[], cause: (id: string) => Cause, attempt: number): Looked {
    const looked = scene.lookAt(ids, attempt >= settling.attempts);
    for (const id of looked.unsettled) lookAgain(id, cause(id), attempt);
    return looked;
  }

  function lookAgain(id: string, cause: Cause, attempt: number): void {
    after(settling.wait, () => add(pending.again, id, { cause, attempt: attempt + 1 }));
  }

  /** Asks until the exec is known: its process, and its container, may come a moment after its event. */
  async function readOneExec(
    from: EngineClient,
    id: string,
    { container, cause }: PendingExec,
  ): Promise<void> {
    for (const wait of [0, ...execWaits]) {
      if (wait > 0) await sleep(wait);
      if (closed) return;
      const owner = scene.container(container);
      const view = owner?.subject.views[0];
      const told = owner && view ? await readExec(from, id, owner, view) : undefined;
      if (closed || (owner && !told)) return;
      const isOver = told?.over === true || pending.endedExecs.has(id);
      if (!told || (told.pid === 0 && !isOver)) continue;
      tellExec(told, cause(told.process), isOver);
      return;
    }
  }

  function tellExec(told: ToldExec, cause: Cause, isOver: boolean): void {
    const owner = scene.container(told.containerId);
    if (!owner) return;
    scene.putExec(told);
    // Before the kernel is looked at, which may find it gone already.
    teller.execs(owner, cause);
    // What holds no more than its container can wait for the sweep: health checks come by the hundred.
    if (!isOver && isPrivileged(told)) lookAt([owner.id], () => cause, 0);
    if (isOver && !pending.endedExecs.has(told.id)) endExec(told.id, owner.id, cause);
  }

  function endExec(id: string, container: string, cause: Cause): void {
    scene.dropExec(id);
    const owner = scene.container(container);
    if (owner) teller.execs(owner, cause);
  }

  /** What no event tells: the kernel, and an event that was lost all the same. */
  async function sweep(from: EngineClient | undefined): Promise<void> {
    const started = performance.now();
    const used = process.cpuUsage();
    try {
      if (from) await compareList(from);
      if (closed) return;
      const running = scene.list().flatMap(({ id, pid }) => (pid === undefined ? [] : [id]));
      const { ended } = lookAt(running, () => bySweep, 0);
      // Its first process is not what it was: it restarted, and no event told.
      for (const id of ended) add(pending.containers, id, bySweep);
    } finally {
      const { user, system } = process.cpuUsage(used);
      listener.scanned("sweep", (performance.now() - started) / 1000);
      scheduleSweep((user + system) / 1000);
    }
  }

  async function compareList(from: EngineClient): Promise<void> {
    const differing = await listedContainers(from, () => scene.list());
    if (differing === undefined) follower.reconnect();
    for (const id of differing ?? []) if (!busy.has(id)) add(pending.containers, id, bySweep);
  }

  function scheduleSweep(cpu: number): void {
    if (closed) return;
    after(pause(request.pacing, cpu), () => {
      pending.sweep = true;
    });
  }

  const anew = setInterval(() => {
    pending.full ??= bySweep;
    wake();
  }, wholeEvery);

  return {
    open: () => teller.open(),
    status() {
      const all = scene.list();
      const running = all.filter((each) => each.running).length;
      return { connected: client !== undefined, containers: all.length, running };
    },
    container: (name) => scene.named(name),
    async close() {
      teller.flush();
      closed = true;
      closing.abort();
      clearInterval(anew);
      for (const timer of timers) clearTimeout(timer);
      teller.close();
      await follower.close();
      await Promise.all(tasks);
    },
  };
}

function nameIn(cause: Cause, id: string): string {
  return `the container ${cause.kind === "event" && cause.type === "container" ? (cause.actor.name ?? id.slice(0, 12)) : id.slice(0, 12)}`;
}

function isPrivileged({ subject }: ToldExec): boolean {
  return subject.views.some((view) => valueOr(view.privileged, true) === true);
}
