import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Answer } from "../../engine/client.ts";
import { hostFiles } from "../../engine/host/files.ts";
import { apiSockets, socketOfEngine } from "../../engine/host/host.ts";
import { allListeningAddresses, socketReach, type TcpAddress, withReach } from "../../engine/host/reach.ts";
import type { LiveReading } from "../../engine/read/live-reading.ts";
import { readEngine } from "../../engine/read/read.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { writeCreateRequest } from "../../formats/create-request/write.ts";
import type { Container } from "../../model/container.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { TwinRequest } from "../containers/bodies.ts";
import { type Architecture, architectureOf } from "../helper/elf.ts";
import type { Facts, ProvingEngine } from "../probe.ts";
import { type Kernel, readRunning } from "./running.ts";

/** What to prove, as the user named it. */
export type ProofTarget =
  | { readonly kind: "container"; readonly name: string }
  | { readonly kind: "image"; readonly reference: string }
  /** By its name on the Engine, whichever it is. */
  | { readonly kind: "either"; readonly name: string }
  | { readonly kind: "service"; readonly id: string; readonly image: string; readonly view: Container };

/** A subject, read and ready to be proven. */
export interface Provable {
  /** `container:web`, `image:web:1`, `compose.yaml#web`. */
  readonly id: string;
  readonly twin: Omit<TwinRequest, "label">;
  /** The container itself, for proofs in place; undefined where it does not run. */
  readonly running: { readonly id: string; readonly readOnly: boolean; readonly pid: number } | undefined;
  readonly facts: Facts;
  readonly architecture: Architecture;
  /** What of the subject could not be brought into the twin. */
  readonly missing: readonly string[];
  /** Whether the Engine's host is this machine, so that the kernel's files of its containers can be read. */
  readonly isHere: boolean;
  /** The Engine's socket on its host. */
  readonly socket: string;
}

/** Reads what there is to know of a subject before it is tried. */
export async function readSubject(
  wanted: ProofTarget,
  engine: ProvingEngine,
  kernel: Kernel,
): Promise<Result<Provable>> {
  const { reader } = engine;
  const { proc } = kernel;
  if (wanted.kind === "container" || wanted.kind === "either") {
    const name = wanted.name.replace(/^\//, "");
    const inspect = await reader.get(`/containers/${encodeURIComponent(name)}/json`);
    if (inspect.ok) return await containerOf(name, inspect.value, engine, kernel);
    if (inspect.kind !== "missing") return failed(inspect.reason);
    if (wanted.kind === "container") return failed(`there is no container ${name}`);
  }
  if (wanted.kind === "service") {
    const { document, missing } = requestOf(wanted.view);
    return await withoutContainer(wanted.id, { ...wanted, document, missing }, engine, proc);
  }
  const reference = wanted.kind === "image" ? wanted.reference : wanted.name;
  const view = readCreateRequest({ Image: reference, HostConfig: {} });
  const request = { image: reference, view, document: {}, missing: [] };
  const read = await withoutContainer(`image:${reference}`, request, engine, proc);
  if (!read.ok && wanted.kind === "either")
    return failed(
      `there is neither a container nor an image ${reference} on the Engine at ${reader.address}`,
    );
  return read;
}

async function containerOf(
  name: string,
  inspect: unknown,
  { reader }: ProvingEngine,
  kernel: Kernel,
): Promise<Result<Provable>> {
  const { proc } = kernel;
  const id = textAt(inspect, "Id") ?? name;
  const [live, version] = await Promise.all([
    readEngine(reader, { containers: [id], images: [] }, { proc }),
    reader.get("/version"),
  ]);
  const view = live.containers[0]?.subject.views[0];
  const around = aroundOf(live, version);
  if (!view || !around.ok) return failed(around.ok ? `the container ${name} is gone` : around.reason);
  const hostConfig = recordAt(inspect, "HostConfig");
  const state = recordAt(inspect, "State");
  const pid = typeof state.Pid === "number" ? state.Pid : 0;
  const isRunning = state.Running === true && state.Paused !== true;
  const seen = isRunning && around.value.isHere ? readRunning({ id, pid }, kernel) : undefined;
  return ok({
    id: `container:${(textAt(inspect, "Name") ?? name).replace(/^\//, "")}`,
    twin: {
      image: textAt(inspect, "Image") ?? "",
      user: textAt(inspect, "Config", "User") ?? "",
      hostConfig,
      view,
      ...hostnameOf(inspect),
    },
    running: isRunning ? { id, readOnly: hostConfig.ReadonlyRootfs === true, pid } : undefined,
    missing: [],
    ...around.value,
    facts: { ...around.value.facts, view, published: publishedBy(inspect), ...(seen && { running: seen }) },
  });
}

/** `NetworkSettings.Ports`: `{"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}`. */
export function publishedBy(inspect: unknown): readonly TcpAddress[] {
  return Object.entries(recordAt(inspect, "NetworkSettings", "Ports")).flatMap(([port, bindings]) =>
    port.endsWith("/tcp")
      ? itemsOf(bindings).map((each) => ({
          ip: textAt(each, "HostIp") ?? "",
          port: Number(textAt(each, "HostPort")),
        }))
      : [],
  );
}

/** The host name that a container was given, where it has one of its own: the Engine refuses it beside the host's or another's. */
function hostnameOf(inspect: unknown): Pick<TwinRequest, "hostname"> {
  const { NetworkMode, UTSMode } = recordAt(inspect, "HostConfig");
  const hostname = textAt(inspect, "Config", "Hostname") ?? "";
  // Docker gives a container the beginning of its id where nobody names it.
  const isOwn = hostname !== "" && !(textAt(inspect, "Id") ?? "").startsWith(hostname);
  const isShared = UTSMode === "host" || String(NetworkMode).startsWith("container:");
  return isOwn && !isShared ? { hostname } : {};
}

interface Request {
  readonly image: string;
  readonly view: Container;
  readonly document: unknown;
  readonly missing: readonly string[];
}

async function withoutContainer(
  id: string,
  { image, view, document, missing }: Request,
  { reader }: ProvingEngine,
  proc: string,
): Promise<Result<Provable>> {
  const found = await reader.get(`/images/${encodeURIComponent(image)}/json`);
  if (!found.ok) {
    if (found.kind !== "missing") return failed(found.reason);
    return failed(`the image ${image} is not on the Engine at ${reader.address}: build or pull it first`);
  }
  const [live, version] = await Promise.all([
    readEngine(reader, { containers: [], images: [] }, { proc }),
    reader.get("/version"),
  ]);
  const around = aroundOf(live, version);
  if (!around.ok) return around;
  const { mounts, absent } = mountsOf(view, live);
  const seen = { ...view, mounts };
  const user = textAt(document, "User") ?? textAt(found.value, "Config", "User") ?? "";
  return ok({
    id,
    twin: { image, user, hostConfig: { ...recordAt(document, "HostConfig"), ...tmpfsOf(seen) }, view: seen },
    running: undefined,
    missing: [...missing, ...absent],
    ...around.value,
    facts: { ...around.value.facts, view: seen },
  });
}

type ProofHost = Pick<Provable, "architecture" | "isHere" | "socket"> & {
  readonly facts: Omit<Facts, "view">;
};

/** What the Engine and its host say, whatever is proven on it. */
function aroundOf({ engine, host, gaps }: LiveReading, version: Answer): Result<ProofHost> {
  const view = engine?.views[0];
  if (!view) return failed(gaps[0]?.reason ?? "the Engine does not describe itself");
  const name = version.ok ? textAt(version.value, "Arch") : undefined;
  const architecture = architectureOf(name);
  if (!architecture) {
    return failed(
      `a proof needs a helper in the container, and there is none for ${name ?? "this architecture"}`,
    );
  }
  const paths = host?.sameFiles ? apiSockets(host) : [];
  const sockets = [...new Set(paths)].flatMap((path) => {
    const real = hostFiles.realPath(path);
    const status = real === undefined ? undefined : hostFiles.stat(real);
    return real !== undefined && status?.isSocket ? [{ path: real, identity: status.identity }] : [];
  });
  return ok({
    architecture,
    isHere: host !== undefined,
    socket: (host && socketOfEngine(host, hostFiles)) ?? "/var/run/docker.sock",
    facts: {
      sockets,
      tcp: host?.tcp ?? [],
      hostPorts: host && allListeningAddresses(host.folder, hostFiles),
      cpus: valueOr(view.cpus, 1),
      architecture,
      memoryTotal: valueOr(view.memoryTotal, 0),
    },
  });
}

/**
 * A named volume need not be there yet, and if it is it belongs to others: a fresh one stands in for it. A bind whose
 * source is not on this machine is left out, and said.
 */
function mountsOf(
  view: Container,
  { host }: LiveReading,
): { readonly mounts: Container["mounts"]; readonly absent: readonly string[] } {
  const absent: string[] = [];
  const kept = view.mounts.flatMap((item) => {
    if (item.state !== "set") return [];
    const { type, hostPath, target } = item.value;
    if (type === "volume") return [{ ...item, value: mount({ ...item.value, source: undefined }) }];
    if (type === "bind" && host?.sameFiles && hostPath !== undefined && !hostFiles.stat(hostPath)) {
      absent.push(`the mount at ${target}: there is no ${hostPath} on this machine`);
      return [];
    }
    return [item];
  });
  if (!host?.sameFiles) return { mounts: kept, absent };
  return { mounts: withReach(kept, socketReach(apiSockets(host), hostFiles), hostFiles), absent };
}

/** The tmpfs mounts of a file, as `--tmpfs` asks for them. */
function tmpfsOf({ mounts }: Container): { readonly Tmpfs?: Readonly<Record<string, string>> } {
  const entries = mounts.flatMap((item): [string, string][] => {
    if (item.state !== "set" || item.value.type !== "tmpfs") return [];
    const { size, mode, exec, suid, dev } = item.value.tmpfs ?? {};
    const options = [
      ...(size === undefined ? [] : [`size=${size}`]),
      ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
      ...(exec ? ["exec"] : []),
      ...(suid ? ["suid"] : []),
      ...(dev ? ["dev"] : []),
    ];
    return [[item.value.target, options.join(",")]];
  });
  return entries.length === 0 ? {} : { Tmpfs: Object.fromEntries(entries) };
}

/** What a proof needs not, and what would only get in the way: names of others, what others own, secrets. */
const leftOut = new Set<string>([
  "image",
  "build",
  "imageUser",
  "environment",
  "labels",
  "networks",
  "ports",
  "publishAllPorts",
  "logDriver",
  "logOptions",
  "healthcheck",
  "mounts",
  "volumesFrom",
]);

/**
 * The HostConfig and user that a create request would have for a container as a file declares it. `missing` names what
 * could not be said in a request, each with why.
 */
function requestOf(view: Container): {
  readonly document: unknown;
  readonly missing: readonly string[];
} {
  const patches: ContainerPatch[] = [];
  const unread: string[] = [];
  for (const [field, fact] of Object.entries(view)) {
    if (leftOut.has(field) || typeof fact !== "object" || fact === null) continue;
    for (const each of Array.isArray(fact) ? fact : [fact]) {
      if (each.state === "unresolved") unread.push(`${field}: ${each.reason}`);
      if (each.state !== "set") continue;
      // A network by its name belongs to the project: the twin gets the Engine's default.
      if (field === "networkMode" && each.value.mode === "network") continue;
      const op = Array.isArray(fact) ? "add" : "set";
      // Each field has its own type, which a loop over the fields cannot express.
      patches.push({ op, field, value: each.value } as ContainerPatch);
    }
  }
  const { document, refused } = writeCreateRequest({ HostConfig: {} }, patches);
  return {
    document,
    missing: [...unread, ...refused.map(({ patch, reason }) => `${patch.field}: ${reason}`)],
  };
}

/** Where the container has a tmpfs that somebody asked for; /dev and /dev/shm are the runtime's own. */
export function tmpfsTargets({ mounts }: Container): readonly string[] {
  return setItems(mounts).flatMap(({ value }) => (value.type === "tmpfs" ? [value.target] : []));
}
