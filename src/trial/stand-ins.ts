import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { failed, ok, type Result } from "../base/result.ts";
import { isSocket } from "./barriers.ts";
import type { StandIn } from "./isolate.ts";
import { likeFolder, type Scratch } from "./scratch.ts";

/**
 * Gives each bind mount of one run its stand-in. Root gets overlays: nothing is copied, and the upper layer is thrown away.
 * Another user cannot give files away, and gets copies.
 */
export function standInsFor(
  scratch: Scratch,
  isRoot: boolean,
): (source: string, readOnly: boolean) => StandIn {
  const given = new Map<string, StandIn>();
  return (source, readOnly) => {
    const status = statOf(source);
    if (isSocket(source) || /^\/(?:proc|sys|dev)(?:\/|$)/.test(source)) return { kind: "same" };
    if (status && readOnly) return { kind: "same" };
    const known = given.get(source);
    if (known) return known;
    const made = make(source, status?.isDirectory(), `bind${given.size}`);
    given.set(source, made);
    return made;
  };

  function make(source: string, isFolder: boolean | undefined, volume: string): StandIn {
    const place = scratch.make("bind");
    // Docker makes a folder where there is nothing.
    if (isFolder === undefined) return { kind: "path", path: place };
    if (isFolder && isRoot && !/[,:\\]/.test(source)) {
      const [upper, work] = [join(place, "upper"), join(place, "work")];
      mkdirSync(upper);
      mkdirSync(work);
      likeFolder(upper, source);
      const o = `lowerdir=${source},upperdir=${upper},workdir=${work}`;
      return {
        kind: "volume",
        volume,
        options: { driver: "local", driver_opts: { type: "overlay", device: "overlay", o } },
      };
    }
    const path = join(place, basename(source));
    copy(source, path);
    return { kind: "path", path };
  }
}

/** Copies files with owner, mode and times; shares blocks where the file system can. */
function copy(from: string, to: string): void {
  execFileSync("cp", ["-a", "--reflink=auto", from, to], { stdio: ["ignore", "ignore", "pipe"] });
}

/** Copies a folder into the scratch folder, once it is known to fit. */
export function copyWithin(
  scratch: Scratch,
  source: string,
  limit: number,
): Result<{ readonly path: string; readonly bytes: number }> {
  try {
    const size = sizeOf(source);
    if (size > limit) return failed(`${source} holds ${mib(size)}, more than the limit of ${mib(limit)}`);
    const { bavail, bsize } = statfsSync(scratch.folder);
    // A tenth stays free for the trial itself.
    if (size > bavail * bsize * 0.9) {
      const free = `${dirname(scratch.folder)} has only ${mib(bavail * bsize)} free`;
      return failed(`${source} holds ${mib(size)}, but ${free}: set TMPDIR to a folder on a larger disk`);
    }
    const path = join(scratch.make("data"), "content");
    copy(source, path);
    return ok({ path, bytes: size });
  } catch (error) {
    return failed(`${source} cannot be copied: ${firstLine(error)}`);
  }
}

/** The bytes that a folder takes on its disk. */
export function sizeOf(path: string): number {
  const said = execFileSync("du", ["-sB1", path], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return Number(said.split("\t")[0]);
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

function firstLine(error: unknown): string {
  const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return said.trim().split("\n").at(-1) ?? "it failed";
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
