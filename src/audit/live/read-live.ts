import { itemsOf, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { imageFromInspect } from "../../engine/documents/sight.ts";
import { hostFiles } from "../../engine/host/files.ts";
import { readStanding } from "../../engine/host/own-container.ts";
import type { LiveContainer, LiveExec, LiveReading, Selection } from "../../engine/read/live-reading.ts";
import { readEngine } from "../../engine/read/read.ts";
import { type ForeignReading, readForeign, readKernel } from "../../kernel/read.ts";
import { type KernelReading, type KernelRequest, kernelVisible } from "../../kernel/request.ts";
import { exec } from "../../model/exec.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { Image } from "../../model/image.ts";
import type { ContainerSubject, EngineSubject, ExecSubject } from "../../model/subject.ts";
import { withConfiguration } from "./engine-facts.ts";
import { type Live, noEngine, peerNames, withPeerNames } from "./live.ts";

export interface LiveRequest {
  /** An Engine that cannot be reached is a gap, for it was asked for. */
  readonly required: boolean;
  /** The engine itself and every container. */
  readonly whole: boolean;
  /** Containers by name or id. */
  readonly containers: readonly string[];
  /** Images by reference. */
  readonly images: readonly string[];
  /** Whether to judge containers that the Engine does not know, too. */
  readonly foreign?: boolean;
  /** Whether to read what only a benchmark needs. */
  readonly benchmark?: boolean;
  readonly host: string | undefined;
  readonly context: string | undefined;
  /** The host's procfs. */
  readonly proc: string;
  /** The host's cgroupfs. */
  readonly cgroup: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * Connects to the Engine, reads it and, where its kernel is this one, what the kernel enforces. `mentioned` are images that
 * files name. Never rejects.
 */
export async function readLiveEngine(request: LiveRequest, mentioned: readonly string[]): Promise<Live> {
  const client = await connectEngine(request);
  if (!client.ok) {
    return request.required
      ? noEngine([gap(client.reason, { subject: "engine" })], [])
      : noEngine([], [`no Engine: ${client.reason}`]);
  }
  try {
    const selection: Selection = {
      containers: request.whole ? "all" : request.containers,
      images: request.images,
    };
    const [reading, images] = await Promise.all([
      readEngine(client.value, selection, { proc: request.proc }),
      readMentionedImages(client.value, mentioned),
    ]);
    const live = gathered(reading, images, request, client.value.address);
    const foreign = request.foreign ? await foreignSubjects(client.value, reading, request) : [];
    const judged = {
      ...live,
      reading: { ...live.reading, subjects: [...live.reading.subjects, ...foreign] },
      looked: live.looked.map((said) => said + (foreign.length === 0 ? "" : `, ${besides(foreign.length)}`)),
    };
    if (!request.benchmark) return judged;
    const { readBenchmarkSight } = await import("../../engine/benchmark/sight.ts");
    const seen = await readBenchmarkSight(client.value, reading, request.environment);
    return {
      ...judged,
      sight: seen.sight,
      reading: { ...judged.reading, gaps: [...judged.reading.gaps, ...seen.gaps] },
    };
  } finally {
    await client.value.close();
  }
}

function gathered(
  reading: LiveReading,
  mentioned: Live["mentioned"],
  request: LiveRequest,
  address: string,
): Live {
  const kernel = seenKernel(reading, request);
  const configured = engineSubject(reading);
  const names = peerNames(reading.peers);
  const containers = reading.containers.map((each) => withPeerNames(withKernel(each, kernel), names));
  const execs = reading.execs.map((each) => withProcesses(each, kernel));
  const wanted = new Set(request.images);
  const images = reading.images.filter((image) => request.whole || wanted.has(image.name));
  const running = reading.containers.flatMap(({ running: runs }, index) => {
    const subject = containers[index];
    const container = subject?.views[0];
    return runs && subject && container ? [{ subject, container }] : [];
  });
  const judged = request.whole && configured.subject ? [configured.subject] : [];
  return {
    reading: {
      subjects: [...judged, ...containers, ...execs, ...images],
      gaps: [...reading.gaps, ...configured.gaps, ...kernel.gaps],
      secrets: [],
    },
    engine: configured.subject,
    images: reading.images,
    mentioned,
    peers: reading.peers,
    // What is felt under contention depends on all that run, not on those that were asked for.
    running: request.whole ? running : [],
    looked: [`the Engine at ${address}: ${looked(reading, images.length, request, kernel.seen)}`],
  };
}

/** The engine with what its host's configuration says. */
export function engineSubject({ engine, host }: Pick<LiveReading, "engine" | "host">): {
  readonly subject: EngineSubject | undefined;
  readonly gaps: readonly Gap[];
} {
  const view = engine?.views[0];
  if (!engine || !view || !host) return { subject: engine, gaps: [] };
  const merged = withConfiguration(view, host);
  return { subject: { ...engine, views: [merged.engine] }, gaps: merged.gaps };
}

/** Containers on the Engine's machine that it does not know, those left out that it was just about to list. */
async function foreignSubjects(
  client: EngineClient,
  reading: LiveReading,
  live: LiveRequest,
): Promise<readonly ContainerSubject[]> {
  if (!reading.host) return [];
  const request = kernelRequest(reading, live);
  const { members } = readKernel(request);
  const listed = await client.get("/containers/json?all=1");
  if (!listed.ok) return [];
  const ids = itemsOf(listed.value).flatMap((item) => textAt(item, "Id") ?? []);
  return readForeign(request, { members: [...members.values()], ids }).map(foreignSubject);
}

function besides(count: number): string {
  return `${count} container${count === 1 ? "" : "s"} that the Engine does not know`;
}

/** A container that the Engine does not know: the kernel's is the only view of it. */
export function foreignSubject({ name, view }: ForeignReading): ContainerSubject {
  const id = `foreign:${name}`;
  return { kind: "container", id, name, stableId: id, source: "kernel", location: undefined, views: [view] };
}

interface SeenKernel extends Pick<KernelReading, "views" | "execs" | "gaps"> {
  /** Why the kernel was not seen; undefined where it was. */
  readonly seen: boolean;
}

/** What to read from the kernel for containers and their execs, and where. */
export function kernelRequest(
  reading: Pick<LiveReading, "containers" | "execs" | "engine" | "host">,
  { proc, cgroup }: Pick<LiveRequest, "proc" | "cgroup">,
): KernelRequest {
  const containers = reading.containers.flatMap(({ id, name, pid }) =>
    pid === undefined
      ? []
      : [
          {
            id,
            name,
            pid,
            execPids: reading.execs
              .filter((each) => each.containerId === id && each.pid > 0)
              .map((each) => ({ execId: each.id, pid: each.pid })),
          },
        ],
  );
  const dataRoot = reading.engine?.views[0]?.dataRoot;
  return {
    containers,
    enginePid: reading.host?.pid,
    proc,
    cgroup,
    dataRoot: dataRoot?.state === "set" ? dataRoot.value : undefined,
    ...(reading.host && { sockets: [...reading.host.sockets, ...usual] }),
  };
}

/** The kernel's own word, where the Engine's processes are processes of this machine. */
function seenKernel(reading: LiveReading, live: LiveRequest): SeenKernel {
  const unseen: SeenKernel = { views: new Map(), execs: new Map(), gaps: [], seen: false };
  const request = kernelRequest(reading, live);
  // One container that just ended must not hide the kernel of all others.
  const visible = request.containers.some((each) => kernelVisible({ ...request, containers: [each] }).ok);
  if (!visible) return unseen;
  const kernel = readKernel(request);
  // A container that ended meanwhile is a gap only for who asked for it by name.
  const gaps = kernel.gaps.filter((each) =>
    live.containers.some((name) => each.subject === `container:${name}`),
  );
  return { ...kernel, gaps, seen: true };
}

/** Where engines put their sockets. */
const usual = [
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/docker/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/crio/crio.sock",
];

/** A container with the kernel's view beside the Engine's. */
export function withKernel(
  { subject, id }: Pick<LiveContainer, "subject" | "id">,
  kernel: Pick<KernelReading, "views">,
): ContainerSubject {
  const view = kernel.views.get(id);
  return view ? { ...subject, views: [...subject.views, view] } : subject;
}

/** An exec with its processes as the kernel shows them. */
export function withProcesses(
  { subject, id }: Pick<LiveExec, "subject" | "id">,
  kernel: Pick<KernelReading, "execs">,
): ExecSubject {
  const processes = kernel.execs.get(id);
  const view = subject.views[0];
  if (!view || !processes || processes.length === 0) return subject;
  return { ...subject, views: [...subject.views, exec("effective", view.container, { ...view, processes })] };
}

/** `2 containers, with what the kernel enforces, 1 image`. */
function looked(
  { containers, host }: LiveReading,
  images: number,
  request: Pick<LiveRequest, "whole" | "containers">,
  seen: boolean,
): string {
  const parts: string[] = [];
  if (request.whole || request.containers.length > 0) {
    const running = containers.some((each) => each.running);
    const where = host || !running || seen ? "" : `; ${whyUnseen()}`;
    const kernel = seen ? "with what the kernel enforces" : "as configured";
    parts.push(`${containers.length} container${containers.length === 1 ? "" : "s"}, ${kernel}${where}`);
  }
  if (images > 0) parts.push(`${images} image${images === 1 ? "" : "s"}`);
  return parts.join(", ") || "what the images start as";
}

function whyUnseen(): string {
  return readStanding(hostFiles).isInside
    ? "the kernel is not seen from this container (bulkhead doctor says what that needs)"
    : "its kernel is not this one";
}

/** A repository of files may name more images than an Engine is to be asked for. */
const most = 500;

/**
 * What the Engine has of the images that files mention, by the reference as written. An image that it does not have is no
 * gap: nobody said it should.
 */
export async function readMentionedImages(
  client: EngineClient,
  references: readonly string[],
): Promise<ReadonlyMap<string, Image>> {
  const asked = await Promise.all(
    references.slice(0, most).map(async (reference) => {
      const path = reference.split("/").map(encodeURIComponent).join("/");
      const answer = await client.get(`/images/${path}/json`);
      return answer.ok ? ([[reference, imageFromInspect(answer.value)]] as const) : [];
    }),
  );
  return new Map(asked.flat());
}
