import { lstatSync, mkdirSync } from "node:fs";
import { join, posix } from "node:path";
import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { canonicalPath, isAtOrBelow } from "../../model/host/path.ts";
import type { Policy } from "../policy/policy.ts";
import type { Folders } from "./folder.ts";

/** The label of the container that a command runs in; the mark is in the field that nothing inherits. */
export const commandLabel = "bulkhead.leash";

/** Where docker writes the ID of the command's container, which is the mark in it. */
export function commandMark(runFolder: string): string {
  return join(runFolder, "command");
}

export interface InsideOptions {
  readonly image: string;
  readonly words: readonly string[];
  readonly folders: Folders;
  readonly cwd: string;
  readonly socket: string;
  readonly runFolder: string;
  readonly value: string;
  readonly limits: { readonly memory: number; readonly pids: number; readonly cpuset: string | undefined };
  readonly isTerminal: boolean;
  readonly user: string;
}

/** What stands behind `docker run` for the command: no capability, the folders at their own paths, and one socket. */
export function insideArguments(options: InsideOptions): readonly string[] {
  const { folders, cwd, socket, limits, words } = options;
  const [program = "", ...args] = words;
  const { own, all } = folders;
  const binds = [
    ...all.map(({ path, readOnly }) => `${path}:${path}${readOnly ? ":ro" : ""}`),
    ...gitMounts(own).map(({ path, readOnly }) => `${path}:${path}${readOnly ? ":ro" : ""}`),
    `${socket}:${socket}`,
  ];
  return [
    "--rm",
    "--interactive",
    ...(options.isTerminal ? ["--tty"] : []),
    "--init",
    ...["--cidfile", commandMark(options.runFolder), "--label", `${commandLabel}=${options.value}`],
    ...["--user", options.user, "--workdir", all.some(({ path }) => isAtOrBelow(cwd, path)) ? cwd : own],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", String(limits.pids)],
    ...["--memory", String(limits.memory), "--memory-swap", String(limits.memory)],
    ...(limits.cpuset === undefined ? [] : ["--cpuset-cpus", limits.cpuset]),
    ...binds.flatMap((bind) => ["--volume", bind]),
    ...["--env", `DOCKER_HOST=unix://${socket}`, "--env", "HOME=/tmp"],
    ...["TERM", "LANG", "TZ"].flatMap((name) => ["--env", name]),
    ...["--entrypoint", program, options.image, ...args],
  ];
}

/** Parts of a checkout that run as the user, or say what does; the first one only so that nobody puts another in its place. */
const gitParts = [
  { part: ".git", readOnly: false },
  { part: ".git/hooks", readOnly: true },
  { part: ".git/config", readOnly: true },
];

/** None where the folder is no checkout of its own. */
export function gitMounts(folder: string): readonly { readonly path: string; readonly readOnly: boolean }[] {
  if (!lstatSync(join(folder, ".git"), { throwIfNoEntry: false })?.isDirectory()) return [];
  if (!lstatSync(join(folder, ".git/hooks"), { throwIfNoEntry: false }))
    mkdirSync(join(folder, ".git/hooks"));
  return gitParts
    .map(({ part, readOnly }) => ({ path: join(folder, part), readOnly }))
    .filter(({ path }) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
}

type Json = Readonly<Record<string, unknown>>;

interface Mounted {
  readonly path: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** The same mount of another part of the folder, by its path in it. */
  readonly part: (relative: string, target: string, readOnly: boolean) => Json;
}

/**
 * A HostConfig whose mounts of the checkout leave `.git/hooks` and `.git/config` read-only. A part of the checkout is mounted only to be
 * read: its path may be a link to `.git` by the time that dockerd follows it.
 */
export function withGit(host: Json, folder: string, volumes: Policy["folders"]): Result<Json> {
  const git = gitMounts(folder);
  if (git.length === 0) return ok(host);
  const added: Json[] = [];
  for (const item of [...itemsOf(host.Binds), ...itemsOf(host.Mounts)]) {
    const mounted = mountedBy(item, volumes);
    if (!mounted || mounted.readOnly || !isAtOrBelow(mounted.path, folder)) continue;
    if (mounted.path !== folder)
      return failed(
        `mounts ${mounted.path} writable: beside --in mount ${folder} as a whole, or a part of it read-only, so that .git/hooks and .git/config stay as they are`,
      );
    for (const { path, readOnly } of git) {
      const relative = posix.relative(folder, path);
      added.push(mounted.part(relative, posix.join(mounted.target, relative), readOnly));
    }
  }
  return ok(added.length === 0 ? host : { ...host, Mounts: [...itemsOf(host.Mounts), ...added] });
}

function mountedBy(item: unknown, volumes: Policy["folders"]): Mounted | undefined {
  if (typeof item === "string") {
    const [source = "", target = "", options = ""] = item.split(":");
    return source.startsWith("/") ? bound(source, target, options.split(",").includes("ro")) : undefined;
  }
  if (!isRecord(item)) return undefined;
  const target = textAt(item, "Target") ?? "";
  const source = textAt(item, "Source") ?? "";
  const readOnly = item.ReadOnly === true;
  if (item.Type === "bind") return bound(source, target, readOnly);
  const folder = volumes?.named(source);
  if (item.Type !== "volume" || !folder) return undefined;
  const options = recordAt(item, "VolumeOptions");
  return {
    path: canonicalPath(`${folder.root}/${textAt(options, "Subpath") ?? ""}`),
    target,
    readOnly,
    part: (relative, at, ro) => ({
      ...item,
      Target: at,
      ReadOnly: ro,
      VolumeOptions: { ...options, Subpath: relative },
    }),
  };
}

function bound(source: string, target: string, readOnly: boolean): Mounted {
  return {
    path: canonicalPath(source),
    target,
    readOnly,
    part: (relative, at, ro) => ({
      Type: "bind",
      Source: posix.join(source, relative),
      Target: at,
      ReadOnly: ro,
    }),
  };
}
