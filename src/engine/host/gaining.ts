import { spawnSync } from "node:child_process";
import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, join } from "node:path";
import { isRecord, textAt } from "../../base/json.ts";

/** A program that gives who executes it more rights than they have. no-new-privileges takes that away. */
export interface GainingProgram {
  readonly path: string;
  /** setuid or setgid bits, or capabilities of the file. */
  readonly by: "mode" | "capabilities";
}

/** The folders of an image's layers on this host, the topmost first; none where its inspect document names none. */
export function layersOf(image: unknown): readonly string[] {
  const data = isRecord(image) && isRecord(image.GraphDriver) ? image.GraphDriver.Data : undefined;
  return [textAt(data, "UpperDir") ?? "", ...(textAt(data, "LowerDir") ?? "").split(":")].filter(
    (folder) => folder !== "",
  );
}

/** More entries than this are not looked at. */
const mostEntries = 400_000;

/**
 * The setuid and setgid files in layers, the topmost first: the layer that has a path says its mode. Undefined where a layer
 * cannot be read. Other file systems that are mounted in one are left out.
 */
export function modeFilesIn(
  layers: readonly string[],
): readonly { readonly path: string; readonly file: string; readonly mode: number }[] | undefined {
  const seen = new Set<string>();
  const found: { path: string; file: string; mode: number }[] = [];
  let left = mostEntries;

  function walk(layer: string, path: string, device: number): boolean {
    let entries: readonly Dirent[];
    try {
      // `/proc/PID/root` is a link: what counts is behind it.
      if (lstatSync(`${layer}${path}/.`).dev !== device) return true;
      entries = readdirSync(`${layer}${path}/.`, { withFileTypes: true });
    } catch {
      // Of a container that runs, a folder may go meanwhile.
      return path !== "";
    }
    for (const entry of entries) {
      left -= 1;
      if (left < 0) return false;
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!walk(layer, inside, device)) return false;
        continue;
      }
      if (seen.has(inside)) continue;
      seen.add(inside);
      // What a later layer deletes is a device there.
      if (!entry.isFile()) continue;
      const mode = statusOf(join(layer, inside))?.mode ?? 0;
      if ((mode & 0o6000) !== 0) found.push({ path: inside, file: join(layer, inside), mode });
    }
    return true;
  }

  for (const layer of layers) {
    const status = statusOf(`${layer}/.`);
    if (!status || !walk(layer, "", status.dev)) return undefined;
  }
  return found;
}

/** Undefined where it is gone or this user may not look: `/proc/PID/root` needs the right to trace the process. */
function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Setuid and setgid programs that base images bring (Debian, Ubuntu, Alpine, Fedora) and servers do without. */
const ofBaseImages = new Set(
  (
    "su mount umount passwd chsh chfn newgrp gpasswd chage expiry unix_chkpwd pam_timestamp_check bbsuid " +
    "wall write bsd-write ssh-agent ssh-keysign utempter"
  ).split(" "),
);

/** By name and place: a `su` below /opt is another program. */
function isOfBaseImages(path: string): boolean {
  return /^\/(?:usr\/)?(?:s?bin|lib(?:exec)?(?:64|32)?)\//.test(path) && ofBaseImages.has(basename(path));
}

/**
 * Programs in layers that give others than root more rights, beside those of every base image. Undefined where the layers
 * cannot be read. Capabilities of files are seen where this host has getcap(8).
 */
export function gainingPrograms(layers: readonly string[]): readonly GainingProgram[] | undefined {
  if (layers.length === 0) return undefined;
  const modes = modeFilesIn(layers);
  if (!modes) return undefined;
  const byMode = modes.filter(({ path, mode }) => (mode & 0o011) !== 0 && !isOfBaseImages(path));
  return [
    ...byMode.map(({ path }) => ({ path, by: "mode" }) as const),
    ...layers.flatMap(withCapabilities).map((path) => ({ path, by: "capabilities" }) as const),
  ];
}

/** Where programs are: getcap would follow a container's mounts. */
const programFolders = ["bin", "sbin", "usr", "opt", "app", "home", "srv", "root"];

/** Milliseconds. */
const patience = 20_000;

function withCapabilities(layer: string): readonly string[] {
  const folders = programFolders.map((name) => `${layer}/${name}`);
  const asked = spawnSync("getcap", ["-r", ...folders], { encoding: "utf8", timeout: patience });
  return (asked.stdout ?? "").split("\n").flatMap((line) => {
    // libcap 2.25 writes `FILE = cap_net_raw+ep`, newer ones `FILE cap_net_raw=ep`.
    const path = /^(.+?)(?: =)? cap_\w+.*$/.exec(line)?.[1];
    return path === undefined ? [] : [path.slice(layer.length)];
  });
}
