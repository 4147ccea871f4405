import { isRecord, itemsOf, type JsonObject, recordAt, textAt } from "../../base/json.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import { engineSocket, helper, openTmpfs, own } from "./archive.ts";

/** What every container of bulkhead's is: no environment, no log, no port, no health check, and gone when it ends. */
interface Common {
  readonly image: string;
  readonly label: readonly [name: string, value: string];
}

function common({ image, label: [name, value] }: Common, user: string, hostConfig: JsonObject): JsonObject {
  return {
    Image: image,
    User: user,
    Entrypoint: [helper],
    Cmd: [],
    WorkingDir: "/",
    Labels: { [name]: value },
    AttachStdin: true,
    AttachStdout: true,
    OpenStdin: true,
    // The end of our stream is the end of its standard input, and so of the helper.
    StdinOnce: true,
    Healthcheck: { Test: ["NONE"] },
    StopSignal: "SIGKILL",
    HostConfig: {
      ...hostConfig,
      AutoRemove: true,
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "none", Config: {} },
      Init: false,
    },
  };
}

/** A fresh volume, removed with the container. */
const ownVolume: JsonObject = { Type: "volume", Target: own, VolumeOptions: { NoCopy: true } };

export interface TwinRequest extends Common {
  readonly user: string;
  /** As the Engine shows it, or as a request would ask for it. */
  readonly hostConfig: JsonObject;
  readonly view: Container;
  /** The host name that it was given. */
  readonly hostname?: string;
  /** Each read-only mount is replaced by a fresh volume. */
  readonly freshVolumes?: boolean;
  /** Mounts that the subject does not have. */
  readonly more?: readonly JsonObject[];
}

/**
 * The body of a create request for a container that is confined exactly like the subject, and can do no harm: it
 * publishes nothing, is nobody's network alias, carries no label or variable of the subject, and mounts what others
 * share read-only; a volume of its own, or one that is not to be written, becomes a fresh one.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerCreate
 */
export function twinBody(request: TwinRequest): JsonObject {
  const { hostConfig, view, user } = request;
  const given = itemsOf(hostConfig.Mounts).filter(isRecord);
  const tmpfs = given.filter(({ Type }) => Type === "tmpfs");
  const mounts = setItems(view.mounts).flatMap(({ value }) => {
    const isFresh = request.freshVolumes === true && value.readOnly && value.type !== "tmpfs";
    return (isFresh ? freshVolume(value) : sharedMount(value, given)) ?? [];
  });
  const body = common(request, user, {
    ...hostConfig,
    Binds: null,
    VolumesFrom: null,
    Links: null,
    PortBindings: {},
    PublishAllPorts: false,
    ContainerIDFile: "",
    Mounts: [...mounts, ...tmpfs, ...(request.more ?? []), ownVolume],
  });
  return request.hostname === undefined ? body : { ...body, Hostname: request.hostname };
}

function freshVolume({ target }: Mount): JsonObject | undefined {
  return target === own ? undefined : { Type: "volume", Target: target, VolumeOptions: { NoCopy: true } };
}

/** Read-only, and without a way back to the host for what is mounted below it. */
function sharedMount(mount: Mount, given: readonly JsonObject[]): JsonObject | undefined {
  const { type, target, source, hostPath, propagation, readOnly } = mount;
  if (target === own) return undefined;
  const options = recordAt(
    given.find((each) => textAt(each, "Target") === target),
    "BindOptions",
  );
  if (type === "bind" && hostPath !== undefined) {
    return {
      Type: "bind",
      Source: hostPath,
      Target: target,
      ReadOnly: true,
      BindOptions: { ...options, Propagation: propagation?.match(/shared|slave/) ? "rslave" : "" },
    };
  }
  if (type !== "volume") return undefined;
  if (source === undefined || /^[0-9a-f]{64}$/.test(source)) {
    // The Engine refuses an anonymous volume that is read-only; what counts is the mount.
    return readOnly ? { Type: "tmpfs", Target: target, ReadOnly: true } : { Type: "volume", Target: target };
  }
  return { Type: "volume", Source: source, Target: target, ReadOnly: true, VolumeOptions: { NoCopy: true } };
}

/** The same without what would make its end unseen: how a container ended is read before it is taken away. */
export function sacrificeBody(request: TwinRequest): JsonObject {
  const body = twinBody(request);
  return { ...body, HostConfig: { ...recordAt(body, "HostConfig"), AutoRemove: false } };
}

/** Privileged, root, writable, without any limit; on namespaces of its own but for users. */
export function openBody(request: Common): JsonObject {
  return common(request, "0:0", {
    Privileged: true,
    // Where the Engine remaps users, it refuses a privileged container that does not opt out.
    UsernsMode: "host",
    NetworkMode: "none",
    Tmpfs: { [openTmpfs]: "rw,exec,suid,dev,mode=1777" },
    Mounts: [ownVolume],
  });
}

/** On every namespace of the host, with the Engine's socket where its path is known. */
export function hostNamespacesBody(
  request: Common,
  { socket, ipc }: { readonly socket: string | undefined; readonly ipc: boolean },
): JsonObject {
  const bound = { Type: "bind", Source: socket, Target: engineSocket, ReadOnly: true };
  return common(request, "0:0", {
    NetworkMode: "host",
    PidMode: "host",
    ...(ipc && { IpcMode: "host" }),
    UTSMode: "host",
    UsernsMode: "host",
    Mounts: [ownVolume, ...(socket === undefined ? [] : [bound])],
  });
}
