import type { Result } from "../../base/result.ts";
import type { FileStatus, HostFiles } from "./files.ts";

/** A systemd unit of Docker, as it stands on the disk. */
export interface HostUnit {
  /** `docker.service`. */
  readonly name: string;
  /** The unit and its drop-ins, in the order in which systemd reads them. */
  readonly files: readonly UnitText[];
  /** Folders into which whoever may write them can put a drop-in. */
  readonly folders: readonly UnitPlace[];
}

export interface UnitPlace extends Pick<FileStatus, "mode" | "uid" | "gid"> {
  readonly path: string;
}

export interface UnitText extends UnitPlace {
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
export function serviceOf(folder: string, files: HostFiles): string | undefined {
  const cgroup = files.read(`${folder}/cgroup`);
  if (!cgroup.ok) return undefined;
  return /^(?:0::|\d+:name=systemd:)\/system\.slice\/(?:[^\n]*\/)?([\w@.:\\-]+\.service)$/m.exec(
    cgroup.value,
  )?.[1];
}

/** Docker's units on a host whose file system begins at `root`, and `own`, where the daemon is started by another one. */
export function readUnits(root: string, own: string | undefined, files: HostFiles): readonly HostUnit[] {
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
  return status && { path, mode: status.mode, uid: status.uid, gid: status.gid };
}
