import { recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Answer } from "../../engine/client.ts";
import { hostFiles } from "../../engine/host/files.ts";
import { apiSockets } from "../../engine/host/host.ts";
import { allListeningAddresses } from "../../engine/host/sockets.ts";
import type { LiveReading } from "../../engine/read/live-reading.ts";
import { readEngine } from "../../engine/read/read.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { TwinRequest } from "../containers/bodies.ts";
import type { ProvingEngine } from "../engine.ts";
import { type Architecture, architectureOf } from "../helper/elf.ts";
import type { Facts } from "../probe.ts";
import { mountsOf, tmpfsOf } from "./service-mounts.ts";
import { requestOf } from "./service-request.ts";

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
  proc: string,
): Promise<Result<Provable>> {
  const { reader } = engine;
  if (wanted.kind === "container" || wanted.kind === "either") {
    const name = wanted.name.replace(/^\//, "");
    const inspect = await reader.get(`/containers/${encodeURIComponent(name)}/json`);
    if (inspect.ok) return await containerOf(name, inspect.value, engine, proc);
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
  proc: string,
): Promise<Result<Provable>> {
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
  return ok({
    id: `container:${(textAt(inspect, "Name") ?? name).replace(/^\//, "")}`,
    twin: {
      image: textAt(inspect, "Image") ?? "",
      user: textAt(inspect, "Config", "User") ?? "",
      hostConfig,
      view,
    },
    running:
      state.Running === true && state.Paused !== true
        ? { id, readOnly: hostConfig.ReadonlyRootfs === true, pid }
        : undefined,
    missing: [],
    ...around.value,
    facts: { ...around.value.facts, view },
  });
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
    socket: host?.sockets[0] ?? "/var/run/docker.sock",
    facts: {
      sockets,
      tcp: host?.tcp ?? [],
      hostPorts: host && allListeningAddresses(host.folder, hostFiles),
      cpus: valueOr(view.cpus, 1),
      memoryTotal: valueOr(view.memoryTotal, 0),
    },
  });
}
