import { posix } from "node:path";
import { statFields } from "../../base/stat-fields.ts";
import type { RootlessHost } from "../../model/engine.ts";
import type { RootOwner } from "../../model/root-owner.ts";
import type { HostFiles } from "./files.ts";
import { flagValues } from "./process.ts";

export { isRootlessOwner, nameOwner } from "../../model/root-owner.ts";

/** Where the Engine's process is looked at: `/proc`, and its entry there. */
interface EnginePlace {
  readonly proc: string;
  readonly folder: string;
  readonly commandLine: readonly string[];
  /** `dockerd` or `podman`. */
  readonly process: string;
}

/** Whose root the Engine's is, by the uid_map of its process; undefined where that cannot be read. */
export function readRootOwner(place: EnginePlace, files: HostFiles): RootOwner | undefined {
  const { proc, folder, process } = place;
  const map = files.read(`${folder}/uid_map`);
  const zero = map.ok ? /^\s*0\s+(\d+)\s+(\d+)/m.exec(map.value) : null;
  if (!zero) return undefined;
  const uid = Number(zero[1]);
  // A process in a user namespace that is a sibling of ours has no uid that we know.
  if (uid === 4_294_967_295) return undefined;
  const isWhole = uid === 0 && Number(zero[2]) === 4_294_967_295;
  if (isWhole && process === "podman" && effectiveUid(folder, files) !== 0) return undefined;
  if (!isWhole && uid !== 0) {
    const account = accountOf(uid, placeOfAccounts(place, files), files);
    return { kind: process === "podman" ? "podman-rootless" : "rootless", uid, ...account };
  }
  const [own, first] = [files.readLink(`${folder}/ns/pid`), files.readLink(`${proc}/1/ns/pid`)];
  const isNested = !isWhole || (own !== undefined && first !== undefined && own !== first);
  if (isNested) return { kind: "nested", uid };
  const remap = flagValues(place.commandLine, ["--userns-remap"]).at(-1) ?? "";
  return remap === "" ? { kind: "rootful", uid: 0 } : undefined;
}

function effectiveUid(folder: string, files: HostFiles): number | undefined {
  const status = files.read(`${folder}/status`);
  const uid = status.ok ? /^Uid:\s*\d+\s+(\d+)/m.exec(status.value)?.[1] : undefined;
  return uid === undefined ? undefined : Number(uid);
}

/** Below /proc/PID/root of the first ancestor with other mounts: rootlesskit copies /etc, and its parent has the host's. */
function placeOfAccounts({ proc, folder }: EnginePlace, files: HostFiles): string {
  const own = files.readLink(`${folder}/ns/mnt`);
  let at = folder;
  for (let steps = 0; steps < 16; steps++) {
    const parent = parentOf(at, files);
    if (parent <= 1) break;
    at = `${proc}/${parent}`;
    const theirs = files.readLink(`${at}/ns/mnt`);
    if (theirs !== undefined && theirs !== own) return `${at}/root`;
  }
  return `${folder}/root`;
}

function parentOf(folder: string, files: HostFiles): number {
  const stat = files.read(`${folder}/stat`);
  return stat.ok ? Number(statFields(stat.value)[4]) : 0;
}

function accountOf(uid: number, root: string, files: HostFiles): Pick<RootOwner, "user" | "home"> {
  const [user, , , , , home] = passwdLine(uid, root, files);
  return user === undefined ? {} : { user, home: home || undefined };
}

/** The fields of an account's line in the passwd file below `root` (passwd(5)); none where no account has the id. */
export function passwdLine(uid: number, root: string, files: Pick<HostFiles, "read">): readonly string[] {
  const accounts = files.read(`${root}/etc/passwd`);
  const line = accounts.ok
    ? accounts.value.split("\n").find((each) => each.split(":")[2] === String(uid))
    : undefined;
  return line?.split(":") ?? [];
}

/** How a rootless Engine stands on its host, beside what its API says of rootlesskit. */
export function readRootlessHost(place: EnginePlace, owner: RootOwner, files: HostFiles): RootlessHost {
  const root = placeOfAccounts(place, files);
  const { uid, user } = owner;
  const rootfulBeside = uid === undefined ? undefined : rootfulDockerd(place.proc, files);
  const init = files.read(`${root}/run/systemd/system`);
  const hasSystemd = init.ok || files.list(`${root}/run/systemd/system`).length > 0;
  const kit = kitWords(place, files);
  return {
    ...(kit && {
      networkDriver: flagValues(kit, ["--net"]).at(-1) ?? "host",
      portDriver: flagValues(kit, ["--port-driver"]).at(-1) ?? "none",
      loopbackOpen: isLoopbackOpen(kit),
    }),
    ...(user !== undefined && uid !== undefined && { overlaps: overlapsOf({ user, uid }, root, files) }),
    ...(user !== undefined &&
      hasSystemd && { lingers: files.stat(`${root}/var/lib/systemd/linger/${user}`) !== undefined }),
    ...(rootfulBeside !== undefined && { rootfulBeside }),
    ...sysctlsOf(place.proc, files),
  };
}

/** With the host's network there is no other loopback; slirp4netns and pasta close it only where they are told. */
function isLoopbackOpen(words: readonly string[]): boolean {
  if ((flagValues(words, ["--net"]).at(-1) ?? "host") === "host") return true;
  return !flagValues(words, ["--disable-host-loopback"]).some((value) => value !== "false");
}

/** The command line of the rootlesskit that started the Engine; undefined where none is seen. */
function kitWords({ proc, folder }: EnginePlace, files: HostFiles): readonly string[] | undefined {
  let at = folder;
  for (let steps = 0; steps < 16; steps++) {
    const parent = parentOf(at, files);
    if (parent <= 1) return undefined;
    at = `${proc}/${parent}`;
    const line = files.read(`${at}/cmdline`);
    const words = line.ok ? line.value.split("\0").slice(0, -1) : [];
    const program = posix.basename(files.readLink(`${at}/exe`) ?? words[0] ?? "");
    if (/rootlesskit$/.test(program)) return optionsOf(words);
  }
  return undefined;
}

/** Those of rootlesskit itself, which end where the command begins that it runs. */
function optionsOf(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word, index) => index > 0 && !word.startsWith("-"));
  return end < 0 ? words : words.slice(0, end);
}

function rootfulDockerd(proc: string, files: HostFiles): number | undefined {
  return files
    .list(proc)
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => {
      const comm = files.read(`${proc}/${pid}/comm`);
      return comm.ok && comm.value.trim() === "dockerd" && effectiveUid(`${proc}/${pid}`, files) === 0;
    });
}

interface Range {
  readonly who: string;
  readonly first: number;
  readonly last: number;
}

/** Lines `NAME:FIRST:COUNT` (subuid(5)) of other users that share ids with this one's, and ids of accounts that are among them. */
function overlapsOf(
  { user, uid }: { readonly user: string; readonly uid: number },
  root: string,
  files: HostFiles,
): readonly string[] {
  const accounts = files.read(`${root}/etc/passwd`);
  const lines = accounts.ok ? accounts.value.split("\n").map((line) => line.split(":")) : [];
  return ["subuid", "subgid"].flatMap((name) => {
    const text = files.read(`${root}/etc/${name}`);
    if (!text.ok) return [];
    const ranges = text.value.split("\n").flatMap((line): readonly Range[] => {
      const [who = "", first = "", count = ""] = line.split(":");
      if (!/^\d+$/.test(first) || !/^\d+$/.test(count)) return [];
      return [{ who, first: Number(first), last: Number(first) + Number(count) - 1 }];
    });
    const isOwn = ({ who }: Range) => who === user || who === String(uid);
    const own = ranges.filter(isOwn);
    const shares = (one: Range, other: Range) => one.first <= other.last && other.first <= one.last;
    const others = ranges.filter((each) => !isOwn(each) && own.some((mine) => shares(mine, each)));
    const system = lines.filter(([, , id = ""]) => {
      const number = Number(id);
      return id !== "" && own.some(({ first, last }) => number >= first && number <= last);
    });
    return [
      ...others.map(({ who, first, last }) => `/etc/${name}: ${who} has ${first} to ${last}, too`),
      ...(name === "subuid" ? system.map(([account, , id]) => `/etc/passwd: ${account} is uid ${id}`) : []),
    ];
  });
}

function sysctlsOf(proc: string, files: HostFiles): Pick<RootlessHost, "apparmorRestricts" | "cloneAllowed"> {
  const flag = (name: string) => {
    const read = files.read(`${proc}/sys/kernel/${name}`);
    return read.ok ? read.value.trim() !== "0" : undefined;
  };
  const [apparmorRestricts, cloneAllowed] = [
    flag("apparmor_restrict_unprivileged_userns"),
    flag("unprivileged_userns_clone"),
  ];
  return {
    ...(apparmorRestricts !== undefined && { apparmorRestricts }),
    ...(cloneAllowed !== undefined && { cloneAllowed }),
  };
}
