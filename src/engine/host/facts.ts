import { posix } from "node:path";
import type { Engine } from "../../model/engine.ts";
import { type Fact, type FactList, set, unresolved, valueOr } from "../../model/fact.ts";
import { kernelInterfaces } from "../../model/kernel-interfaces/table.ts";
import { isRootlessOwner } from "../../model/root-owner.ts";
import { storageQuota } from "../documents/info.ts";
import { sayAll } from "./acl.ts";
import { type HostFiles, readWriters } from "./files.ts";
import { containerdSocket, type HostSight } from "./host.ts";
import { readKernelPrograms } from "./kernel-programs.ts";
import { flagValues } from "./process.ts";
import { readRootlessHost, readRootOwner } from "./root.ts";

/** The engine with what only its host shows. */
export function withHost(engine: Engine, sight: HostSight, files: HostFiles): Engine {
  const at = (path: string) => `${sight.root}${path}`;
  const kernelLsm = readKernelLsm(at, files);
  const place = { ...sight, proc: posix.dirname(sight.folder) };
  const owner = readRootOwner(place, files);
  const rootless = isRootlessOwner(owner) ? readRootlessHost(place, owner, files) : undefined;
  return {
    ...engine,
    kernelLsm,
    absentModules: readAbsentModules(sight, files),
    ...(owner && { rootOwner: set(owner, { kernel: `${sight.folder}/uid_map` }) }),
    ...(rootless && {
      rootlessHost: set(
        { ...valueOr(engine.rootlessHost, {}), ...rootless },
        { kernel: `${sight.folder}/cmdline` },
      ),
    }),
    selinuxMode: readSelinuxMode(at, files),
    swapTotal: readSwap(at, files),
    storageQuotaSupported: storageQuota(
      engine.storageDriver,
      engine.backingFilesystem,
      mountOptions(sight, valueOr(engine.dataRoot, ""), files),
    ),
    socketFiles: readSocketFiles(sight, files),
    kernelPrograms: readKernelPrograms(sight, files),
    listenAddresses: [...engine.listenAddresses, ...inheritedAddresses(engine, sight)],
    ...(knowsConfiguration(sight) && {
      logOptions: [],
      storageOptions: [],
      furtherOptions: [],
      defaultUlimits: [],
    }),
  };
}

/** Where the command line and the daemon.json were read, what they do not set is not set. */
function knowsConfiguration({ commandLine, configFile: { text } }: HostSight): boolean {
  return commandLine.length > 0 && (text === "missing" || text.ok);
}

type Path = (path: string) => string;

/** /sys/kernel/security/lsm; where securityfs is not mounted, the traces that AppArmor and SELinux leave in sysfs. */
function readKernelLsm(at: Path, files: HostFiles): Fact<readonly string[]> {
  const list = files.read(at("/sys/kernel/security/lsm"));
  if (list.ok) {
    const names = list.value.trim().split(",");
    return set(names, { kernel: "/sys/kernel/security/lsm" });
  }
  if (files.stat(at("/sys/module")) === undefined) return unresolved("the host's /sys cannot be read");
  const apparmor = files.read(at("/sys/module/apparmor/parameters/enabled"));
  const names = [
    ...(apparmor.ok && apparmor.value.trim() === "Y" ? ["apparmor"] : []),
    ...(files.stat(at("/sys/fs/selinux/enforce")) === undefined ? [] : ["selinux"]),
  ];
  return set(names, { kernel: "/sys/module" });
}

/**
 * Of the modules that the table of interfaces names: those that are not in the kernel and that modprobe would not find. A file of
 * /etc/modprobe.d may forbid one (modprobe.d(5)).
 */
function readAbsentModules({ folder, root }: HostSight, files: HostFiles): Fact<readonly string[]> {
  const protocols = files.read(`${folder}/net/protocols`);
  const proc = posix.dirname(folder);
  const release = files.read(`${proc}/sys/kernel/osrelease`);
  if (!protocols.ok || !release.ok) return unresolved("the host's /proc cannot be read");
  const place = `${root}/lib/modules/${release.value.trim()}`;
  const [aliases, builtin] = [
    files.read(`${place}/modules.alias`),
    files.read(`${place}/modules.builtin.modinfo`),
  ];
  const loadable = files.stat(`${proc}/modules`) !== undefined;
  if (loadable && !aliases.ok) return unresolved(`${place}/modules.alias cannot be read: ${aliases.reason}`);
  const modules = new Map(
    [...(aliases.ok && loadable ? aliases.value : "").matchAll(/^alias (net-pf-\S+) (\S+)$/gm)].map(
      ([, alias = "", name = ""]) => [alias, name.replaceAll("-", "_")] as const,
    ),
  );
  const forbidden = forbiddenModules(root, files);
  const inKernel = new Set(
    [...(builtin.ok ? builtin.value : "").matchAll(/\.alias=(net-pf-[^\0]+)/g)].map(([, alias]) => alias),
  );
  const running = new Set(protocols.value.split("\n").map((line) => line.split(/\s+/)[0] ?? ""));
  const absent = kernelInterfaces.flatMap(({ module, protocol }) => {
    if (module === undefined || protocol === undefined) return [];
    const name = modules.get(module);
    const isThere =
      inKernel.has(module) || running.has(protocol) || (name !== undefined && !forbidden.has(name));
    return isThere ? [] : [module];
  });
  return set(absent, { kernel: `${folder}/net/protocols` });
}

function forbiddenModules(root: string, files: HostFiles): ReadonlySet<string> {
  const folders = ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];
  const texts = folders.flatMap((folder) =>
    files.list(`${root}${folder}`).flatMap((name) => {
      const text = files.read(`${root}${folder}/${name}`);
      return text.ok && name.endsWith(".conf") ? [text.value] : [];
    }),
  );
  const words = /^\s*(?:blacklist\s+(\S+)|install\s+(\S+)\s+\S*\/(?:false|true))\s*$/gm;
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(words)].map(([, one, other]) => (one ?? other ?? "").replaceAll("-", "_")),
    ),
  );
}

/** @see https://man7.org/linux/man-pages/man8/getenforce.8.html */
function readSelinuxMode(at: Path, files: HostFiles): Engine["selinuxMode"] {
  const origin = { kernel: "/sys/fs/selinux/enforce" };
  const enforce = files.read(at("/sys/fs/selinux/enforce"));
  if (enforce.ok) return set(enforce.value.trim() === "1" ? "enforcing" : "permissive", origin);
  const isThere = files.stat(at("/sys/fs/selinux/enforce")) !== undefined;
  return isThere
    ? unresolved(`SELinux' mode cannot be read: ${enforce.reason}`, origin)
    : set("disabled", origin);
}

/** /proc/meminfo counts in KiB. */
function readSwap(at: Path, files: HostFiles): Fact<number> {
  const meminfo = files.read(at("/proc/meminfo"));
  const kibibytes = meminfo.ok ? /^SwapTotal:\s+(\d+) kB$/m.exec(meminfo.value)?.[1] : undefined;
  if (kibibytes === undefined) return unresolved("the host's /proc/meminfo cannot be read");
  return set(Number(kibibytes) * 1024, { kernel: "/proc/meminfo", field: "SwapTotal" });
}

/** The options of the file system that holds a path (proc_pid_mountinfo(5)); undefined where they cannot be read. */
function mountOptions({ folder }: HostSight, path: string, files: HostFiles): readonly string[] | undefined {
  const table = files.read(`${folder}/mountinfo`);
  if (!table.ok) return undefined;
  const mounts = table.value.split("\n").flatMap((line) => {
    const [head = "", tail = ""] = line.split(" - ");
    const [, , , , target = ""] = head.split(" ");
    const holds = target === "/" || path === target || path.startsWith(`${target}/`);
    return target !== "" && holds ? [{ target, options: tail.split(" ")[2]?.split(",") ?? [] }] : [];
  });
  // Of two mounts on one folder the later covers the other.
  return mounts.toSorted((a, b) => a.target.length - b.target.length).at(-1)?.options;
}

/** Who may use the sockets of the API, and containerd's, by their mode, owners and ACL. */
export function readSocketFiles(sight: HostSight, files: HostFiles): Engine["socketFiles"] {
  const containerd = containerdSocket(sight, files);
  return [...sight.sockets, ...(containerd === undefined ? [] : [containerd])].flatMap((path) => {
    const status = files.stat(`${sight.root}${path}`);
    if (!status?.isSocket) return [];
    const { mode, uid, gid } = status;
    const closedBy = closedFolder(posix.dirname(path), sight, files);
    const writers = readWriters(`${sight.root}${path}`, mode, files);
    const members = mode & 0o020 ? readMembers(sight.root, gid, files) : undefined;
    const openTo = [members, writers.openTo].filter((each) => each !== undefined).join(" and ");
    const file = {
      ...{ path, mode, uid, gid },
      ...(closedBy && { closedBy }),
      ...writers,
      ...(openTo !== "" && { openTo }),
    };
    return [set(file, { kernel: path, field: "mode" })];
  });
}

/** Who is in a group beside root, by the host's own files (group(5), passwd(5)); undefined where nobody is. */
function readMembers(root: string, gid: number, files: HostFiles): string | undefined {
  // Distributions put accounts of their own (sync, halt) into root's.
  if (gid === 0) return undefined;
  const linesOf = (path: string) => {
    const text = files.read(`${root}${path}`);
    return text.ok ? text.value.split("\n").map((line) => line.split(":")) : [];
  };
  const group = linesOf("/etc/group").find(([, , number]) => number === String(gid));
  const listed = group?.[3]?.split(",").filter(Boolean) ?? [];
  const primary = linesOf("/etc/passwd").flatMap(([name = "", , uid, number]) =>
    number === String(gid) && uid !== "0" ? [name] : [],
  );
  const names = [...new Set([...listed, ...primary])].filter((name) => name !== "root");
  return names.length === 0 ? undefined : `${sayAll(names)} (in the group ${group?.[0] ?? gid})`;
}

/** Others need x on every folder of a path (path_resolution(7)). */
function closedFolder(folder: string, sight: HostSight, files: HostFiles): string | undefined {
  for (let at = folder; at !== "/"; at = posix.dirname(at)) {
    const mode = files.stat(`${sight.root}${at}`)?.mode;
    if (mode !== undefined && (mode & 0o011) === 0) return at;
  }
  return undefined;
}

/**
 * TCP sockets that a service manager opened and dockerd was handed (`-H fd://`): neither its flags nor its warnings name
 * them. Swarm's own ports and the metrics' are none of the API's.
 */
function inheritedAddresses(engine: Engine, { commandLine, configFile, tcp }: HostSight): FactList<never> {
  const config = configFile.text !== "missing" && configFile.text.ok ? configFile.text.value : "";
  const hosts = flagValues(commandLine, ["-H", "--host"]);
  if (!hosts.some((host) => host.startsWith("fd:")) && !config.includes('"fd://')) return [];
  const swarm = valueOr(engine.swarmActive, false) ? [2377, 7946] : [];
  const told = [...hosts, ...flagValues(commandLine, ["--metrics-addr"]), config];
  return tcp
    .filter(({ port }) => !swarm.includes(port) && !told.some((text) => text.includes(`:${port}`)))
    .map(({ ip, port }) =>
      unresolved(
        `dockerd was handed the TCP socket ${ip.includes(":") ? `[${ip}]` : ip}:${port} by its service manager (fd://), and whether TLS protects it cannot be seen`,
      ),
    );
}
