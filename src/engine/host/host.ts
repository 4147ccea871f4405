import { posix } from "node:path";
import type { Result } from "../../base/result.ts";
import type { SocketFile } from "../../model/engine.ts";
import { type HostFiles, readWriters } from "./files.ts";
import { findDaemon, flagValues } from "./process.ts";
import { listeningAddresses, type TcpAddress, usualSockets } from "./reach.ts";

/** What this machine shows of an Engine that runs on it. */
export interface HostSight {
  /** The daemon's process, as the /proc that was read numbers it. */
  readonly pid: number;
  /** `dockerd` or `podman`: the process's name. */
  readonly process: string;
  /** Its arguments, its own name first. */
  readonly commandLine: readonly string[];
  /** The daemon.json that it reads, or why that is unreadable. `missing`: there is none, which is fine. */
  readonly configFile: {
    readonly path: string;
    readonly text: Result<string> | "missing";
    /** The file and its folder, whose writers are root when dockerd starts again; left out for a rootless Engine. */
    readonly places?: readonly UnitPlace[];
  };
  /** The TCP addresses that it listens on: its API's, and others (Swarm, metrics). */
  readonly tcp: readonly TcpAddress[];
  /** The unix sockets of its API as far as they are known: the one in use and those that its flags name. */
  readonly sockets: readonly string[];
  /** The daemon sees this process's file system, so that its paths mean the same here. */
  readonly sameFiles: boolean;
  /** Where its file system begins, for reading: `/proc/PID/root`, or "" where that is this one. */
  readonly root: string;
  /** Where its procfs entry is: `/proc/PID`. */
  readonly folder: string;
  /** The systemd service that started it; undefined where none did. */
  readonly unit: string | undefined;
  /** Docker's systemd units. */
  readonly units: readonly HostUnit[];
}

/**
 * Looks for the process behind a unix socket, and for what it was told. Undefined where the Engine is not on this
 * machine or cannot be seen: another host, a virtual machine, a container without the host's /proc.
 */
export function seeHost(socketPath: string, proc: string, files: HostFiles): HostSight | undefined {
  const daemon = findDaemon(socketPath, proc, files);
  if (!daemon) return undefined;
  const folder = `${proc}/${daemon.pid}`;
  const commandLine = wordsOf(files.read(`${folder}/cmdline`));
  const own = files.readLink("/proc/self/ns/mnt");
  const theirs = files.readLink(`${folder}/ns/mnt`);
  const sameFiles = proc === "/proc" && (theirs === undefined || own === theirs);
  const root = sameFiles ? "" : `${folder}/root`;
  const socketFlags = flagValues(commandLine, ["-H", "--host"]).filter((host) => host.startsWith("unix://"));
  const unit = serviceOf(folder, files);
  return {
    pid: daemon.pid,
    process: daemon.name,
    commandLine,
    configFile: readConfigFile(commandLine, { folder, root, files }),
    tcp: listeningAddresses(folder, files),
    sockets: [...new Set([socketPath, ...socketFlags.map((host) => host.slice("unix://".length))])],
    sameFiles,
    root,
    folder,
    unit,
    units: readUnits(root, unit, files),
  };
}

/** The same process, with its arguments, its daemon.json and its units read again; undefined where it has ended. */
export function seeHostAgain(before: HostSight, files: HostFiles): HostSight | undefined {
  const { folder, root } = before;
  const commandLine = wordsOf(files.read(`${folder}/cmdline`));
  if (commandLine.length === 0) return undefined;
  const configFile = readConfigFile(commandLine, { folder, root, files });
  return { ...before, commandLine, configFile, units: readUnits(root, before.unit, files) };
}

/** Who is in the group of a socket (group(5), passwd(5)). */
const groupFiles = ["/etc/group", "/etc/passwd"];

/** The files on this machine that say what the Engine does and who may use it: their paths, and where they are read. */
export function engineFiles(
  { configFile, sockets, units, root, commandLine }: HostSight,
  files: HostFiles,
): readonly { readonly path: string; readonly at: string }[] {
  const ofUnits = units.flatMap((unit) => [...unit.files, ...unit.folders].map(({ path }) => path));
  const containerd = containerdSocket({ commandLine, root }, files);
  const ofSockets = [...sockets, ...(containerd === undefined ? [] : [containerd])];
  return [...new Set([configFile.path, ...ofSockets, ...groupFiles, ...ofUnits])].map((path) => ({
    path,
    at: `${root}${path}`,
  }));
}

/** The socket of the containerd that dockerd uses: using it is root on the host, too. */
export function containerdSocket(
  { commandLine, root }: Pick<HostSight, "commandLine" | "root">,
  files: HostFiles,
): string | undefined {
  const own = flagValues(commandLine, ["--exec-root"]).map((each) => `${each}/containerd/containerd.sock`);
  return [
    ...flagValues(commandLine, ["--containerd"]),
    ...own,
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
  ].find((path) => files.stat(`${root}${path}`) !== undefined);
}

/** The path by which the Engine finds its own socket: in a container bulkhead may have it under another. */
export function socketOfEngine({ sockets, root }: HostSight, files: HostFiles): string | undefined {
  const [used = ""] = sockets;
  const identity = files.stat(used)?.identity;
  const isIt = (path: string) => {
    const there = files.stat(`${root}${path}`);
    return there?.isSocket === true && there.identity === identity;
  };
  return [...sockets, ...usualSockets].find(isIt) ?? sockets[0];
}

/** Paths where sockets of this engine, of its containerd and of others may be. */
export function apiSockets({ sockets, commandLine }: HostSight): readonly string[] {
  const execRoots = flagValues(commandLine, ["--exec-root"]).map(
    (root) => `${root}/containerd/containerd.sock`,
  );
  return [...usualSockets, ...sockets, ...execRoots, ...flagValues(commandLine, ["--containerd"])];
}

/** /proc/PID/cmdline: every argument ends with a NUL. */
function wordsOf(text: Result<string>): readonly string[] {
  return text.ok ? text.value.split("\0").slice(0, -1) : [];
}

interface HostRoot {
  readonly folder: string;
  readonly root: string;
  readonly files: HostFiles;
}

/** @see https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file */
function readConfigFile(
  words: readonly string[],
  { folder, root, files }: HostRoot,
): HostSight["configFile"] {
  const given = flagValues(words, ["--config-file"]).at(-1);
  const variable = environmentOf(folder, files);
  const said = flagValues(words, ["--rootless"]).at(-1);
  // Without the flag it is what started it that counts (moby: pkg/rootless, RunningWithRootlessKit).
  const rootless = said === undefined ? Boolean(variable("ROOTLESSKIT_STATE_DIR")) : said !== "false";
  // The rootless daemon's own XDG_CONFIG_HOME, else ~/.config of its HOME.
  const home = variable("XDG_CONFIG_HOME") || `${variable("HOME") ?? ""}/.config`;
  const path = given ?? (rootless ? `${home}/docker/daemon.json` : "/etc/docker/daemon.json");
  const absolute = posix.resolve(files.readLink(`${folder}/cwd`) ?? "/", path);
  const text = files.read(`${root}${absolute}`);
  const isMissing = !text.ok && files.stat(`${root}${absolute}`) === undefined && given === undefined;
  const places = [absolute, posix.dirname(absolute)].flatMap((each) => statUnit(root, each, files) ?? []);
  return {
    path: absolute,
    text: isMissing ? "missing" : text,
    ...(!isMissing && !rootless && { places }),
  };
}

/** A process's environment, of which nothing is kept. */
function environmentOf(folder: string, files: HostFiles): (name: string) => string | undefined {
  const environment = files.read(`${folder}/environ`);
  const variables = environment.ok ? environment.value.split("\0") : [];
  return (name) => variables.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** A systemd unit of Docker, as it stands on the disk. */
interface HostUnit {
  /** `docker.service`. */
  readonly name: string;
  /** The unit and its drop-ins, in the order in which systemd reads them. */
  readonly files: readonly UnitText[];
  /** Folders into which anyone who may write them can put a drop-in. */
  readonly folders: readonly UnitPlace[];
}

type UnitPlace = Omit<SocketFile, "closedBy">;

interface UnitText extends UnitPlace {
  readonly text: Result<string>;
}

/** Where units are, the strongest first (systemd.unit(5)). */
const places = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];

/** What root starts for Docker. */
const usual = ["docker.service", "docker.socket", "containerd.service"];

/** The service of systemd that a process belongs to, by its cgroup; undefined where somebody else started it. */
function serviceOf(folder: string, files: HostFiles): string | undefined {
  const cgroup = files.read(`${folder}/cgroup`);
  if (!cgroup.ok) return undefined;
  return /^(?:0::|\d+:name=systemd:)\/system\.slice\/(?:[^\n]*\/)?([\w@.:\\-]+\.service)$/m.exec(
    cgroup.value,
  )?.[1];
}

/** Docker's units on a host whose file system begins at `root`, and `own`, where the daemon is started by another one. */
function readUnits(root: string, own: string | undefined, files: HostFiles): readonly HostUnit[] {
  const names = new Set([...usual, ...(own === undefined ? [] : [own])]);
  return [...names].flatMap((name) => {
    const main = places.flatMap((place) => readUnit(root, `${place}/${name}`, files) ?? [])[0];
    const folders = places.flatMap((place) => statUnit(root, `${place}/${name}.d`, files) ?? []);
    if (!main && folders.length === 0) return [];
    return [{ name, files: [...(main ? [main] : []), ...readDropIns(root, folders, files)], folders }];
  });
}

/** In the order of their names, wherever they are; of two that have the same name, the stronger folder's counts. */
function readDropIns(root: string, folders: readonly UnitPlace[], files: HostFiles): readonly UnitText[] {
  const byName = new Map<string, string>();
  for (const { path } of folders) {
    for (const name of files.list(`${root}${path}`))
      if (name.endsWith(".conf") && !byName.has(name)) byName.set(name, `${path}/${name}`);
  }
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, path]) => readUnit(root, path, files) ?? []);
}

function readUnit(root: string, path: string, files: HostFiles): UnitText | undefined {
  const place = statUnit(root, path, files);
  return place && { ...place, text: files.read(`${root}${path}`) };
}

function statUnit(root: string, path: string, files: HostFiles): UnitPlace | undefined {
  // A masked unit is a link to /dev/null, which everybody may write.
  if (files.realPath(`${root}${path}`)?.endsWith("/dev/null")) return undefined;
  const status = files.stat(`${root}${path}`);
  if (!status) return undefined;
  const { mode, uid, gid } = status;
  return { path, mode, uid, gid, ...readWriters(`${root}${path}`, mode, files) };
}
