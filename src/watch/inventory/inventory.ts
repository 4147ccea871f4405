import type { Surroundings } from "../../audit/contexts.ts";
import { peerNames, withPeerNames } from "../../audit/live/live.ts";
import {
  engineSubject,
  foreignSubject,
  kernelRequest,
  withKernel,
  withProcesses,
} from "../../audit/live/read-live.ts";
import { isEqual } from "../../base/equal.ts";
import type { Context } from "../../controls/control.ts";
import { readSocketFiles } from "../../engine/host/facts.ts";
import { hostFiles } from "../../engine/host/files.ts";
import { engineFiles, type HostSight, seeHost, seeHostAgain } from "../../engine/host/host.ts";
import { readKernelPrograms } from "../../engine/host/kernel-programs.ts";
import { isOfProof } from "../../engine/proof-register.ts";
import { references } from "../../engine/read/containers.ts";
import type { LiveContainer, LiveExec, LiveReading } from "../../engine/read/live-reading.ts";
import type { PartReading } from "../../engine/read/part.ts";
import { cgroupTasks } from "../../kernel/cgroups/tree.ts";
import { type KernelMemory, openKernelMemory } from "../../kernel/memory.ts";
import type { NamespaceMember } from "../../kernel/processes/namespaces.ts";
import { ownerFinder } from "../../kernel/processes/scan.ts";
import { hasReference, readForeign, readKernel } from "../../kernel/read.ts";
import { kernelVisible } from "../../kernel/request.ts";
import type { Process } from "../../model/container/process.ts";
import type { Container } from "../../model/container.ts";
import type { Gap } from "../../model/gap.ts";
import type { Image } from "../../model/image.ts";
import type { ContainerSubject, EngineSubject, Subject } from "../../model/subject.ts";
import { holdsOther } from "./rights.ts";

/** Where the kernel is looked at. */
export interface KernelPlaces {
  /** The host's procfs. */
  readonly proc: string;
  /** The host's cgroupfs. */
  readonly cgroup: string;
}

interface Kept {
  readonly live: LiveContainer;
  readonly kernel: Container | undefined;
  readonly member: NamespaceMember | undefined;
  readonly looked: LookedAt | undefined;
}

/** When a container's kernel was looked at, and when in this run before that. Milliseconds since 1970. */
export interface LookedAt {
  readonly at: number;
  readonly before: number | undefined;
}

/** What a look at the kernel gave, by the containers' ids. */
export interface Looked {
  /** Containers that look different from before, or one of whose execs does. */
  readonly changed: readonly string[];
  /** Those in which a process is just starting: look again. */
  readonly unsettled: readonly string[];
  /** Those whose first process is gone. */
  readonly ended: readonly string[];
  /** False if the kernel belongs to another machine, or there is nothing to compare with. */
  readonly seen: boolean;
}

const unseen: Looked = { changed: [], unsettled: [], ended: [], seen: false };

/**
 * Whether a process may still change. The runtime enters a container first and executes the program afterwards. An exec that the
 * Engine has yet to list looks like a process that came in from outside. Both pass in a moment. A process that was seen before,
 * or that the kernel saw `arrive`, has no such excuse. Its name never counts.
 */
function isStarting(
  { starting, role, pid }: Process,
  before: readonly Process[],
  arrived: ReadonlySet<number>,
): boolean {
  const mayStart = (role === "entered" && !arrived.has(pid)) || starting === true;
  return mayStart && !before.some((each) => each.pid === pid);
}

interface KeptExec {
  readonly live: LiveExec;
  readonly processes: readonly Process[];
}

/** An exec, its processes as they were seen last, and both to be judged. */
export interface KnownExec extends KeptExec {
  readonly subject: Subject;
}

/** Milliseconds after which a process is what it is going to be, however seldom a busy machine lets it be looked at. */
const longestStart = 2_000;

/** Milliseconds that a container of a proof may outlive it: its helper ends within a minute, even after a kill -9. */
const proofGrace = 60_000;

/** All that is known of an Engine and what it runs, kept up to date piece by piece. It does not judge. */
export class Inventory {
  private engineView: EngineSubject | undefined;
  private readonly containers = new Map<string, Kept>();
  private readonly execs = new Map<string, KeptExec>();
  private imagesById = new Map<string, Image>();
  private hostSight: HostSight | undefined;
  private lost: Surroundings["lostProofs"];
  private kernelSeen = false;
  private told: Pick<LiveReading, "engine" | "host"> = { engine: undefined, host: undefined };
  private readonly places: KernelPlaces;
  /** When a running proof last called a container its own, by id. Milliseconds of the monotonic clock. */
  private readonly proven = new Map<string, number>();
  private foreignNow: ReadonlyMap<string, ContainerSubject> = new Map();
  /** The names of those that the last look saw: what was there twice is no container that the Engine is just starting. */
  private foreignSeen: ReadonlySet<string> = new Set();
  /** Processes that the kernel saw come in since all was looked at last. */
  private readonly arrived = new Set<number>();
  /** When processes that may be just starting were seen first. Milliseconds of the monotonic clock. */
  private readonly starting = new Map<number, number>();
  private readonly memory: KernelMemory = openKernelMemory();
  /** Made anew where the containers are others. */
  private findOwner: ReturnType<typeof ownerFinder> | undefined;

  /** `lostProofs`: by the container's id as a subject; undefined if nothing is proved again and again. */
  constructor(places: KernelPlaces, lostProofs?: Surroundings["lostProofs"]) {
    this.places = places;
    this.lost = lostProofs;
  }

  /** The host's procfs. */
  get proc(): string {
    return this.places.proc;
  }

  get host(): HostSight | undefined {
    return this.hostSight;
  }

  /** Images by id. Who reads more of them adds them. */
  get images(): Map<string, Image> {
    return this.imagesById;
  }

  get lostProofs(): Surroundings["lostProofs"] {
    return this.lost;
  }

  /** A proof ended: what is lost now. */
  proofsLost(lost: Surroundings["lostProofs"]): void {
    this.lost = lost;
  }

  /** Whether the last look at the kernel saw these containers there. */
  get seesKernel(): boolean {
    return this.kernelSeen;
  }

  /** Takes what the Engine and its host say of it, where the Engine answered. Gives the gaps. */
  describe({ engine, host }: Pick<LiveReading, "engine" | "host">): readonly Gap[] {
    const { subject, gaps } = engineSubject({ engine, host });
    if (engine) this.told = { engine, host };
    this.engineView = subject ?? this.engineView;
    return gaps;
  }

  /**
   * Takes a reading of all in the place of what was known. What could not be read this time stays, and so do the `fresh`
   * containers: they were read, or went, while this reading was made. Gives the gaps.
   */
  replace(reading: LiveReading, fresh: ReadonlySet<string>): readonly Gap[] {
    const merged = this.describe(reading);
    this.hostSight = reading.host ?? this.hostSight;
    // Drop volumes and networks that no container uses; read the others again.
    this.imagesById = new Map();
    const ids = new Set(reading.containers.map(({ id }) => id));
    const gaps = [...reading.gaps, ...merged];
    for (const { id, subject } of this.list()) {
      const isUnread = reading.lost !== undefined || gaps.some((each) => each.subject === subject.id);
      if (!ids.has(id) && !isUnread && !fresh.has(id)) this.drop(id);
    }
    this.put({
      containers: reading.containers.filter(({ id }) => !fresh.has(id)),
      execs: reading.execs.filter(({ containerId }) => !fresh.has(containerId)),
    });
    return gaps;
  }

  /** Takes a reading of some containers, with all execs in them. `known` were the execs when it began. */
  put({ containers, execs }: Pick<PartReading, "containers" | "execs">, known?: ReadonlySet<string>): void {
    for (const live of containers) {
      this.keep(live);
      const running = new Set(execs.filter((each) => each.containerId === live.id).map(({ id }) => id));
      for (const [id, { live: exec }] of this.execs) {
        const isOld = known?.has(id) ?? true;
        if (exec.containerId === live.id && !running.has(id) && isOld) this.execs.delete(id);
      }
    }
    for (const live of execs) this.putExec(live);
  }

  putExec(live: LiveExec): void {
    this.execs.set(live.id, { live, processes: this.execs.get(live.id)?.processes ?? [] });
  }

  private keep(live: LiveContainer): void {
    const before = this.containers.get(live.id);
    this.findOwner = undefined;
    const isSameRun = before !== undefined && live.pid !== undefined && before.live.pid === live.pid;
    this.containers.set(live.id, {
      live,
      kernel: isSameRun ? before.kernel : undefined,
      member: isSameRun ? before.member : undefined,
      looked: isSameRun ? before.looked : undefined,
    });
  }

  drop(id: string): LiveContainer | undefined {
    const kept = this.containers.get(id);
    this.findOwner = undefined;
    this.containers.delete(id);
    this.memory.forget(id);
    this.proven.delete(id);
    for (const [exec, { live }] of this.execs) if (live.containerId === id) this.execs.delete(exec);
    return kept?.live;
  }

  dropExec(id: string): void {
    this.execs.delete(id);
  }

  container(id: string): LiveContainer | undefined {
    return this.containers.get(id)?.live;
  }

  lookedAt(id: string): LookedAt | undefined {
    return this.containers.get(id)?.looked;
  }

  list(): readonly LiveContainer[] {
    return [...this.containers.values()].map(({ live }) => live);
  }

  /**
   * Looks for the Engine's process, which is what "the host's" means: at once, for the Engine may take its time to describe
   * itself.
   */
  findHost(socketPath: string | undefined): void {
    if (socketPath === undefined) return;
    this.hostSight = seeHost(socketPath, this.places.proc, hostFiles);
    this.told = { engine: this.told.engine, host: this.hostSight };
  }

  named(name: string): LiveContainer | undefined {
    return this.list().find((live) => live.name === name);
  }

  peer(reference: string): Container | undefined {
    const name = reference.replace(/^\//, "");
    return (this.container(name) ?? this.named(name))?.subject.views[0];
  }

  /** The containers that share something with these: they join one of them, or one of them joins them. */
  related(ids: readonly string[]): readonly string[] {
    const wanted = new Set(ids);
    const names = new Map(this.list().flatMap(({ id, name }) => [[id, id] as const, [name, id] as const]));
    return this.list().flatMap(({ id, subject }) => {
      const view = subject.views[0];
      if (wanted.has(id) || !view) return [];
      const theirs = references(view).flatMap((each) => names.get(each) ?? []);
      return theirs.some((each) => wanted.has(each)) ? [id] : [];
    });
  }

  /**
   * Looks at the kernel again for these running containers. What cannot be looked at stays as it was, and so does, unless it is
   * `isFinal`, a container in which the runtime is just starting a process: that one has yet to give up what it is not to
   * have.
   */
  lookAt(ids: readonly string[], isFinal: (id: string) => boolean = () => false): Looked {
    const chosen = new Set(ids);
    const containers = this.list().filter(({ id, pid }) => chosen.has(id) && pid !== undefined);
    const execs = [...this.execs.values()]
      .map(({ live }) => live)
      .filter(({ containerId }) => chosen.has(containerId));
    const others = [...this.containers.values()].flatMap(({ live, member }) =>
      chosen.has(live.id) || !member ? [] : [member],
    );
    const request = {
      ...kernelRequest({ containers, execs, ...this.told }, this.places),
      others,
      memory: this.memory,
    };
    this.kernelSeen =
      hasReference(request) &&
      (containers.length === 0
        ? this.told.host !== undefined
        : request.containers.some((each) => kernelVisible({ ...request, containers: [each] }).ok));
    if (!this.kernelSeen) return unseen;
    const reading = readKernel(request);
    this.findOwner = undefined;
    const changed = new Set<string>();
    const unsettled = new Set<string>();
    const now = performance.now();
    const at = Date.now();
    const isYoung = ({ pid }: Process) => {
      const since = this.starting.get(pid) ?? now;
      this.starting.set(pid, since);
      return now - since < longestStart;
    };
    for (const live of containers) {
      const kept = this.containers.get(live.id);
      const kernel = reading.views.get(live.id);
      if (!kept || !kernel) continue;
      const before = kept.kernel?.processes ?? [];
      if (
        !isFinal(live.id) &&
        kernel.processes.some((each) => isStarting(each, before, this.arrived) && isYoung(each))
      ) {
        unsettled.add(live.id);
        continue;
      }
      if (!isEqual(kept.kernel, kernel)) changed.add(live.id);
      const looked = { at, before: kept.looked?.at };
      this.containers.set(live.id, {
        live: kept.live,
        kernel,
        member: reading.members.get(live.id),
        looked,
      });
    }
    for (const { id, containerId, pid } of execs) {
      const kept = this.execs.get(id);
      const processes = reading.execs.get(id) ?? [];
      if (!kept || !reading.views.has(containerId) || unsettled.has(containerId)) continue;
      const isOver = pid > 0 && processes.length === 0;
      if (isOver || !isEqual(kept.processes, processes)) changed.add(containerId);
      if (isOver) this.execs.delete(id);
      else this.execs.set(id, { live: kept.live, processes });
    }
    const ended = containers.flatMap(({ id }) => (reading.views.has(id) ? [] : [id]));
    return { changed: [...changed], unsettled: [...unsettled], ended, seen: true };
  }

  /** Whether containers that the Engine does not know can be seen: it runs on this machine. */
  get seesForeign(): boolean {
    return this.told.host !== undefined;
  }

  /** Containers on this machine that the Engine does not know. */
  get foreign(): readonly ContainerSubject[] {
    return [...this.foreignNow.values()];
  }

  /**
   * Looks for these. Gives those of which the kernel shows something else than before, and the ids of those that went. At the
   * first look the Engine has just listed what it knows, so one sight is enough.
   */
  lookAtForeign(isFirst = false): {
    readonly changed: readonly ContainerSubject[];
    readonly gone: readonly string[];
  } {
    if (!this.told.host) return { changed: [], gone: [] };
    const request = kernelRequest({ containers: [], execs: [], ...this.told }, this.places);
    const known = {
      members: [...this.containers.values()].flatMap(({ member }) => member ?? []),
      ids: [...this.containers.keys()],
    };
    const found = readForeign({ ...request, memory: this.memory }, known).map(foreignSubject);
    const before = this.foreignNow;
    const stays = isFirst ? found : found.filter(({ id }) => this.foreignSeen.has(id));
    this.foreignSeen = new Set(found.map(({ id }) => id));
    this.foreignNow = new Map(stays.map((subject) => [subject.id, subject]));
    return {
      changed: stays.filter((subject) => !isEqual(before.get(subject.id), subject)),
      gone: [...before.keys()].filter((id) => !this.foreignNow.has(id)),
    };
  }

  /** A process joined a container's namespaces by a call. Its children may be those that stay. Gives it and them. */
  cameIn(pid: number): readonly number[] {
    const children = hostFiles.read(`${this.places.proc}/${pid}/task/${pid}/children`);
    const pids = children.ok ? children.value.split(" ").filter(Boolean).map(Number) : [];
    const all = [pid, ...pids];
    for (const each of all) this.arrived.add(each);
    return all;
  }

  /** The PID of a process's parent; 0 where it has ended. */
  parentOf(pid: number): number {
    const status = hostFiles.read(`${this.places.proc}/${pid}/status`);
    return Number((status.ok && /^PPid:\s*(\d+)$/m.exec(status.value)?.[1]) || 0);
  }

  /** Numbers of processes are used again. */
  forgetArrivals(): void {
    this.arrived.clear();
    const now = performance.now();
    for (const [pid, since] of this.starting) if (now - since > 10 * longestStart) this.starting.delete(pid);
  }

  /** The running container in whose namespaces a process is; `gone` where the process has ended. */
  ownerOf(pid: number): { readonly id: string | undefined } | "gone" {
    const members = () => [...this.containers.values()].flatMap(({ member }) => member ?? []);
    this.findOwner ??= ownerFinder(this.places.proc, members());
    return this.findOwner(pid);
  }

  /** The running containers of which the mounts are not what they were when the kernel was looked at last. */
  mountedOtherwise(): readonly string[] {
    return this.list().flatMap(({ id, pid }) => {
      if (pid === undefined) return [];
      const mountinfo = hostFiles.read(`${this.places.proc}/${pid}/mountinfo`);
      return mountinfo.ok && this.memory.hasMounts(id, mountinfo.value) ? [] : [id];
    });
  }

  /** A container's processes as they were seen last. */
  processesOf(id: string): readonly Process[] {
    return this.containers.get(id)?.kernel?.processes ?? [];
  }

  /** The threads in a container's own cgroups, now; none where it has none of its own. */
  tasksOf(id: string): readonly number[] {
    const pid = this.container(id)?.pid;
    return pid === undefined ? [] : cgroupTasks(this.places, { id, pid });
  }

  /** Whether a process holds other rights than each of a container's processes did when they were seen last. */
  holdsOther(id: string, pid: number): boolean {
    return holdsOther(`${this.places.proc}/${pid}`, this.processesOf(id));
  }

  /**
   * Looks again at what the Engine's host shows of it: its arguments, its daemon.json, who may use its sockets, and which programs the
   * host's kernel starts. True where that is not what it was. An Engine that does not run stays as it was.
   */
  lookAtEngine(): boolean {
    const { engine, host } = this.told;
    const view = engine?.views[0];
    const now = host && seeHostAgain(host, hostFiles);
    if (!engine || !view || !host || !now) return false;
    const seen = {
      socketFiles: readSocketFiles(now, hostFiles),
      kernelPrograms: readKernelPrograms(now, hostFiles),
    };
    const before = { socketFiles: view.socketFiles, kernelPrograms: view.kernelPrograms };
    if (isEqual(host, now) && isEqual(before, seen)) return false;
    this.hostSight = now;
    this.told = { engine: { ...engine, views: [{ ...view, ...seen }] }, host: now };
    const judged = this.engineView;
    this.engineView = engineSubject(this.told).subject;
    return !isEqual(judged, this.engineView);
  }

  /** The files that `lookAtEngine` looks at; none where the Engine's host is not this machine. */
  engineFiles(): ReturnType<typeof engineFiles> {
    return this.hostSight ? engineFiles(this.hostSight, hostFiles) : [];
  }

  get engine(): EngineSubject | undefined {
    return this.engineView;
  }

  /** The known containers among these ids, ready to be judged. */
  subjects(ids: readonly string[]): readonly { readonly id: string; readonly subject: ContainerSubject }[] {
    const names = this.names();
    return ids.flatMap((id) => {
      const kept = this.containers.get(id);
      return kept && !this.isProofs(id) ? [{ id, subject: subjectOf(kept, names) }] : [];
    });
  }

  /** The execs in a container, ready to be judged. */
  execsIn(containerId: string): readonly KnownExec[] {
    if (this.isProofs(containerId)) return [];
    return [...this.execs.values()]
      .filter(({ live }) => live.containerId === containerId)
      .map(({ live, processes }) => ({
        live,
        processes,
        subject: withProcesses(live, { execs: new Map([[live.id, processes]]) }),
      }));
  }

  running(): Context["running"] {
    const names = this.names();
    return [...this.containers.values()].flatMap((kept) => {
      const subject = kept.live.running && !this.isProofs(kept.live.id) ? subjectOf(kept, names) : undefined;
      const container = subject?.views[0];
      return subject && container ? [{ subject, container }] : [];
    });
  }

  /**
   * Whether a container is a throw-away one of `bulkhead prove`, which is loose on purpose. It is read as any other, for its
   * processes must not look like strangers in the namespaces that it joins, but it is not judged.
   */
  isProofs(id: string): boolean {
    const live = this.container(id);
    if (!live) return false;
    const now = performance.now();
    if (isOfProof(live)) this.proven.set(id, now);
    return now - (this.proven.get(id) ?? Number.NEGATIVE_INFINITY) < proofGrace;
  }

  private names(): ReadonlyMap<string, string> {
    return peerNames(
      new Map(
        this.list().flatMap(({ id, name, subject }) => {
          const view = subject.views[0];
          return view ? [[id, view] as const, [name, view] as const] : [];
        }),
      ),
    );
  }
}

function subjectOf({ live, kernel }: Kept, names: ReadonlyMap<string, string>): ContainerSubject {
  const views = new Map(kernel && live.running ? [[live.id, kernel]] : []);
  return withPeerNames(withKernel(live, { views }), names);
}
