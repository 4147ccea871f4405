import { posix } from "node:path";
import { ok, type Result } from "../../base/result.ts";
import { usualSockets } from "../../engine/host/reach.ts";
import { setItems } from "../../model/fact.ts";
import { engineSocketNames } from "../../model/host/places-sockets.ts";
import { engineSocket as looserSocket, own } from "../containers/archive.ts";
import { type Attempt, judgeAttempts } from "../experiment/attempts.ts";
import { kernelTypes, mountsOf } from "../experiment/kernel-files.ts";
import { readFolder, readStatus, type Status, textFile, together } from "../experiment/looks.ts";
import { noSignal, ping, versionIn } from "../experiment/tcp.ts";
import { errnoOf } from "../helper/errno.ts";
import type { Plan } from "../helper/program.ts";
import { type Facts, type Mounted, measurement, type ProbeTarget } from "../probe.ts";

/** Folders of its mounts that are looked through for sockets. */
const mostFolders = 5000;
/** Folders that one program reads, and sockets that it asks. */
const atOnce = 100;

/**
 * By path (where engines listen, and where its mounts lead to one), by device and inode, and by asking: every socket in its
 * mounts and every abstract one of its network namespace gets a `_ping`.
 *
 * @see https://docs.docker.com/engine/security/#docker-daemon-attack-surface
 */
export const engineSocket = measurement<readonly Attempt[]>({
  id: "engine-socket",
  control: "docker-socket-mount",
  tries: "reach an engine's socket",
  inPlace: true,
  isOfMounts: true,
  looser: "hostNamespaces",
  experiment: search,
  judge: (seen) =>
    judgeAttempts(seen, ["ENOENT", "ENOTDIR", "ECONNREFUSED", "no socket of an engine"], {
      looser: "a container that mounts the Engine's socket",
    }),
});

async function search(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  if (target.role === "looser") return await target.run(knock([looserSocket]));
  const paths = candidates(target.facts);
  const byPath = await target.run(knock(paths));
  if (!byPath.ok) return byPath;
  const found = await mountedSockets(target);
  if (!found.ok) return found;
  const { engines, others, unread } = found.value;
  const byInode = await target.run(knock(engines.filter((path) => !paths.includes(path))));
  if (!byInode.ok) return byInode;
  const abstract = await abstractSockets(target);
  if (!abstract.ok) return abstract;
  const asked = [...others.filter((path) => !paths.includes(path)), ...abstract.value];
  const answers = await ask(target, asked);
  if (!answers.ok) return answers;
  const speaking = answers.value.filter(
    ({ what, error }) =>
      error === undefined &&
      (what.includes("an Engine answers") || (what.includes("(@") && isEngineName(what))),
  );
  // It is there, whether its permissions let this user in or not.
  const there = [...byPath.value, ...byInode.value, ...speaking].map(({ what, error }) =>
    error === "EACCES" || error === "EPERM"
      ? { what: `${what} (it is there; permissions alone keep this user out)`, error: undefined }
      : { what, error },
  );
  const reached = there.filter(({ error }) => error === undefined);
  if (reached.length > 0) return ok(reached);
  const odd = there.filter(({ error }) => error !== "ENOENT" && error !== "ENOTDIR");
  return ok([
    ...odd,
    {
      what: `${paths.length} paths, ${engines.length + others.length} sockets in its mounts and ${abstract.value.length} abstract sockets`,
      error: "no socket of an engine",
    },
    ...(unread > 0 ? [{ what: "its mounts", error: `more than ${mostFolders} folders` }] : []),
  ]);
}

/** Every socket gets a `_ping`: as the container's user, and where permissions keep that out through a setuid program. */
async function ask(target: ProbeTarget, paths: readonly string[]): Promise<Result<readonly Attempt[]>> {
  const all: Attempt[] = [];
  for (let at = 0; at < paths.length; at += atOnce) {
    const some = paths.slice(at, at + atOnce);
    const answers = await target.run(knock(some, 250));
    if (!answers.ok) return answers;
    const closed = some.filter((_, index) => answers.value[index]?.error === "EACCES");
    const raised = closed.length > 0 ? await target.throughSetuid?.(knock(closed, 250)) : undefined;
    if (raised && !raised.ok) return raised;
    all.push(...answers.value, ...(raised?.value ?? []));
  }
  return ok(all);
}

/** Usual paths, and each socket of the host where a mount leads to it. */
export function candidates({ view, sockets }: Facts): readonly string[] {
  const known = [...new Set([...usualSockets, ...sockets.map(({ path }) => path)])];
  const mounted = setItems(view.mounts).flatMap(({ value }) => {
    const sources = [value.hostPath, value.resolvedPath].filter((path) => path !== undefined);
    return sources.flatMap((source) =>
      known.flatMap((socket) => {
        if (socket === source) return [value.target];
        const folder = source === "/" ? "/" : `${source}/`;
        return socket.startsWith(folder) ? [posix.join(value.target, socket.slice(folder.length))] : [];
      }),
    );
  });
  const seen = setItems(view.mounts).flatMap(({ value }) => (value.sockets.length > 0 ? [value.target] : []));
  return [...new Set([...known, ...mounted, ...seen, looserSocket])];
}

interface MountedSockets {
  /** Those that are an engine's by device and inode, or by their name. */
  readonly engines: readonly string[];
  readonly others: readonly string[];
  /** Folders that were not looked through. */
  readonly unread: number;
}

/** Every socket in its mounts, folder by folder; the kernel's own file systems are left out. */
async function mountedSockets(target: ProbeTarget): Promise<Result<MountedSockets>> {
  const mounts = await mountsOf(target);
  if (!mounts.ok) return mounts;
  const kernels = new Set(mounts.value.flatMap(({ type, point }) => (kernelTypes.test(type) ? [point] : [])));
  const asked = setItems(target.facts.view.mounts).flatMap(({ value }) =>
    value.type === "bind" || value.hostPath !== undefined ? [value.target] : [],
  );
  const roots = [...new Set([...asked, ...foreignMounts(mounts.value)])];
  const sockets: string[] = [...roots];
  const waiting = roots.filter((root) => !kernels.has(root));
  let looked = 0;
  while (waiting.length > 0 && looked < mostFolders) {
    const some = waiting.splice(0, atOnce);
    looked += some.length;
    const lists = await target.run(together(some.map((path) => readFolder(path))));
    if (!lists.ok) return lists;
    for (const [index, list] of lists.value.entries()) {
      for (const { name, kind } of list.ok ? list.value : []) {
        const path = posix.join(some[index] ?? "", name);
        if (kind === "socket") sockets.push(path);
        if (kind === "folder" && !kernels.has(path) && !roots.includes(path)) waiting.push(path);
      }
    }
  }
  const identities = new Set(target.facts.sockets.flatMap(({ identity }) => identity ?? []));
  const [engines, others]: [string[], string[]] = [[], []];
  for (let at = 0; at < sockets.length; at += atOnce) {
    const some = sockets.slice(at, at + atOnce);
    const statuses = await target.run(together(some.map(readStatus)));
    if (!statuses.ok) return statuses;
    for (const [index, status] of statuses.value.entries()) {
      const path = some[index] ?? "";
      if (status.ok && status.value.isSocket)
        (isEngine(path, status.value, identities) ? engines : others).push(path);
    }
  }
  return ok({ engines, others, unread: waiting.length });
}

/** By device and inode where the host is this machine, and by the names that engines give their sockets. */
function isEngine(path: string, status: Status, identities: ReadonlySet<string>): boolean {
  return identities.has(identityOf(status)) || Object.hasOwn(engineSocketNames, posix.basename(path));
}

/** Mount points that are not the runtime's own, no matter who mounted them. */
function foreignMounts(mounts: readonly Mounted[]): readonly string[] {
  return mounts
    .map(({ point }) => point)
    .filter((point) => point !== "/" && point !== own && !/^\/(proc|sys|dev)(\/|$)/.test(point));
}

const mostAbstract = 500;

/** Abstract sockets that listen in its network namespace: `@` and a name in /proc/net/unix (unix(7)). */
async function abstractSockets(target: ProbeTarget): Promise<Result<readonly string[]>> {
  const table = await textFile(target, "/proc/net/unix", 262_144);
  if (!table.ok) return table;
  const lines = table.value.ok ? table.value.value.split("\n").slice(1) : [];
  const names = lines.flatMap((line) => {
    const [, , , flags, type, , , name = ""] = line.trim().split(/\s+/);
    // __SO_ACCEPTCON, SOCK_STREAM
    return flags === "00010000" && type === "0001" && name.startsWith("@") ? [name] : [];
  });
  return ok([...new Set(names)].slice(0, mostAbstract));
}

function isEngineName(name: string): boolean {
  return /docker|containerd|podman|buildkit|crio/.test(name);
}

/** `DEVICE:INODE` as stat(2) of this machine gives it (gnu_dev_makedev). */
export function identityOf({ device: [major, minor], inode }: Pick<Status, "device" | "inode">): string {
  const [a, b] = [BigInt(major), BigInt(minor)];
  const number = ((a & 0xfffff000n) << 32n) | ((b & 0xffffff00n) << 12n) | ((a & 0xfffn) << 8n) | (b & 0xffn);
  return `${number}:${inode}`;
}

const question = Buffer.from(ping);

/** /proc/net/unix shows every NUL as `@`; some programs fill the whole address up with them (unix(7)). */
function abstractName(shown: string): string {
  const name = shown.length === 108 ? shown.replace(/@+$/, (filling) => "\0".repeat(filling.length)) : shown;
  return `\0${name.slice(1)}`;
}

/**
 * Connects to unix sockets and asks each for a sign of life, which an Engine gives with its version. `patience` in
 * milliseconds is for the answers.
 */
function knock(paths: readonly string[], patience = 30): Plan<readonly Attempt[]> {
  return (builder) => {
    const calls = paths.map((path) => {
      // struct sockaddr_un (unix(7)): the family, then the path, which is cut where it is too long for any socket.
      // An abstract name begins with a NUL instead, and ends where its length says.
      const address = Buffer.alloc(2 + 108);
      address.writeUInt16LE(1, 0);
      const isAbstract = path.startsWith("@");
      const length = address.write(isAbstract ? abstractName(path) : path, 2, isAbstract ? 108 : 107);
      // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
      const socket = builder.call("socket", 1, 1 | 0o4000 | 0o2000000, 0);
      const connected = builder.call(
        "connect",
        socket,
        builder.bytes(address),
        2 + length + (isAbstract ? 0 : 1),
      );
      builder.call("sendto", socket, builder.bytes(question), question.length, noSignal, 0, 0);
      return { socket, connected };
    });
    builder.call("nanosleep", builder.words(0, patience * 1_000_000), 0);
    const answers = calls.map(({ socket }) => {
      const memory = builder.space(256);
      const count = builder.call("read", socket, memory, 256);
      builder.call("close", socket);
      return { memory, count };
    });
    return (ran) =>
      paths.map((path, index) => {
        const { connected } = calls[index] ?? {};
        const { memory, count } = answers[index] ?? {};
        const error = errnoOf((connected && ran.result(connected)) ?? -1);
        const length = Math.max((count && ran.result(count)) ?? 0, 0);
        const answer = memory ? ran.data(memory).toString("latin1", 0, length) : "";
        const version = versionIn(answer);
        const said = version === undefined ? "" : `, where an Engine answers with API ${version}`;
        const shown = path.replace(/^(@.*[^@])@+$/, "$1");
        return { what: `connect(${shown})${error === undefined ? said : ""}`, error };
      });
  };
}
