import { basename, dirname, join } from "node:path";
import { type Gap, gap } from "../../model/gap.ts";
import type { FolderFiles } from "../../model/reading.ts";
import type { TextFile, UnitSurroundings } from "./unit.ts";

/** Where systemd looks for units (systemd.unit(5)). */
const ownFolders = /^\/(?:etc|run|(?:usr\/(?:local\/)?)?lib)\/systemd\/system\//;

/**
 * What stands beside dockerd's unit and takes part in what it starts: its drop-ins (`docker.service.d/*.conf`), the
 * socket unit of its name, a daemon.json. The files that EnvironmentFile= names are read only for a unit of this machine:
 * those of another one are elsewhere.
 */
export function besideUnit(
  file: string,
  io: FolderFiles,
): { readonly around: UnitSurroundings; readonly gaps: readonly Gap[] } {
  const gaps: Gap[] = [];
  const read = (path: string): readonly TextFile[] => {
    const text = io.read(path);
    if (text.ok) return [{ text: text.value, file: path }];
    gaps.push(gap(text.reason, { file: path }));
    return [];
  };
  const readThere = (path: string) => (io.exists(path) ? read(path)[0] : undefined);
  const socket = readThere(socketOf(file));
  const daemonJson = readThere(daemonJsonOf(file));
  const around: UnitSurroundings = {
    dropIns: dropInsOf(file, io).flatMap(read),
    ...(socket && socketOf(file) !== file && { socket }),
    ...(daemonJson && { daemonJson }),
    ...(ownFolders.test(file) && { io }),
  };
  return { around, gaps };
}

/**
 * The files that a unit among the given ones takes along, so that they are not judged by themselves: the daemon.json too, for
 * what dockerd is told by both together is one engine.
 */
export function takenAlong(units: readonly string[], io: FolderFiles): ReadonlySet<string> {
  const services = units.filter((file) => file.endsWith(".service"));
  return new Set(services.flatMap((file) => [socketOf(file), daemonJsonOf(file), ...dropInsOf(file, io)]));
}

function daemonJsonOf(file: string): string {
  return join(dirname(file), "daemon.json");
}

function socketOf(file: string): string {
  return join(dirname(file), basename(file).replace(/\.service$/, ".socket"));
}

/** In the order of their names, as systemd reads them. */
function dropInsOf(file: string, io: FolderFiles): readonly string[] {
  const folder = `${file}.d`;
  return io
    .list(folder)
    .filter((name) => name.endsWith(".conf"))
    .map((name) => join(folder, name));
}
