import { posix } from "node:path";
import { ok, type Result } from "../../base/result.ts";
import { usualSockets } from "../../engine/host/reach.ts";
import { setItems } from "../../model/fact.ts";
import { engineSocketNames } from "../../model/host/places-sockets.ts";
import { engineSocket as looserSocket, own } from "../containers/paths.ts";
import { type Attempt, judgeAttempts } from "../experiment/attempts.ts";
import { readFolder, readStatus, type Status, textFile, together } from "../experiment/looks.ts";
import { noSignal, ping, versionIn } from "../experiment/tcp.ts";
import { errnoOf } from "../helper/errno.ts";
import type { Plan } from "../helper/program.ts";
import { type Facts, measurement, type ProbeTarget } from "../probe.ts";
import { mountPoints } from "./files.ts";

/** Folders of its mounts that are looked through for a socket under another name. */
const mostFolders = 200;
const deepest = 3;

/**
 * By path (where engines listen, and where its mounts lead to one), by device and inode at what the kernel shows mounted,
 * among the abstract sockets of its network namespace, and by asking: `_ping`.
 *
 * @see https://docs.docker.com/engine/security/#docker-daemon-attack-surface
 */
export const engineSocket = measurement<readonly Attempt[]>({
  id: "engine-socket",
  control: "docker-socket-mount",
  tries: "reach an engine's socket",
  inPlace: true,
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
  const found = await hidden(target);
  if (!found.ok) return found;
  const byInode = await target.run(knock(found.value.filter((path) => !paths.includes(path))));
  if (!byInode.ok) return byInode;
  const abstract = await abstractSockets(target);
  if (!abstract.ok) return abstract;
  const nameless = await target.run(knock(abstract.value, 250));
  if (!nameless.ok) return nameless;
  const engines = nameless.value.filter(
    ({ what, error }) => error === undefined && (what.includes("an Engine answers") || isEngineName(what)),
  );
  // It is there, whether its permissions let this user in or not.
  const there = [...byPath.value, ...byInode.value, ...engines].map(({ what, error }) =>
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
      what: `${paths.length} paths, its mounts and ${abstract.value.length} abstract sockets`,
      error: "no socket of an engine",
    },
  ]);
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

/** Sockets in its bind mounts that are an engine's by device and inode, whatever they are called. */
async function hidden(target: ProbeTarget): Promise<Result<readonly string[]>> {
  const identities = new Set(target.facts.sockets.flatMap(({ identity }) => identity ?? []));
  const table = await textFile(target, "/proc/self/mountinfo", 262_144);
  if (!table.ok) return table;
  const asked = setItems(target.facts.view.mounts).flatMap(({ value }) =>
    value.type === "bind" || value.hostPath !== undefined ? [value.target] : [],
  );
  const found: string[] = [];
  let layer = [...new Set([...asked, ...(table.value.ok ? foreignMounts(table.value.value) : [])])];
  for (let depth = 0, looked = 0; depth < deepest && looked < mostFolders && layer.length > 0; depth += 1) {
    const folders = layer.slice(0, mostFolders - looked);
    looked += folders.length;
    const sockets: string[] = depth === 0 ? [...folders] : [];
    const next: string[] = [];
    for (const folder of folders) {
      const list = await target.run(readFolder(folder));
      if (!list.ok) return list;
      if (!list.value.ok) continue;
      for (const { name, kind } of list.value.value) {
        if (kind === "socket") sockets.push(posix.join(folder, name));
        if (kind === "folder") next.push(posix.join(folder, name));
      }
    }
    for (let at = 0; at < sockets.length; at += 200) {
      const some = sockets.slice(at, at + 200);
      const statuses = await target.run(together(some.map(readStatus)));
      if (!statuses.ok) return statuses;
      for (const [index, status] of statuses.value.entries())
        if (status.ok && status.value.isSocket && isEngine(some[index] ?? "", status.value, identities))
          found.push(some[index] ?? "");
    }
    layer = next;
  }
  return ok(found);
}

/** By device and inode where the host is this machine, and by the names that engines give their sockets. */
function isEngine(path: string, status: Status, identities: ReadonlySet<string>): boolean {
  return identities.has(identityOf(status)) || Object.hasOwn(engineSocketNames, posix.basename(path));
}

/** Mount points that are not the runtime's own, whoever mounted them (proc(5): the fifth field). */
export function foreignMounts(mountinfo: string): readonly string[] {
  return mountPoints(mountinfo).filter(
    (point) => point !== "/" && point !== own && !/^\/(proc|sys|dev)(\/|$)/.test(point),
  );
}

const mostAbstract = 100;

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
