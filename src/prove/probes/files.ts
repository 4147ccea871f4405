import { ok, type Result } from "../../base/result.ts";
import { setItems } from "../../model/fact.ts";
import { helper, openTmpfs, own } from "../containers/archive.ts";
import { type Attempt, errorOf, inChild, judgeAttempts, tryCall, tryCalls } from "../experiment/attempts.ts";
import { mountsIn, mountsOf, placesOf } from "../experiment/kernel-files.ts";
import { readStatus, type Status, textFile, together } from "../experiment/looks.ts";
import type { Way } from "../experiment/ways.ts";
import { atFdCwd, errnoOf, folder, namelessFile, open } from "../helper/errno.ts";
import type { Plan } from "../helper/program.ts";
import { type Facts, measurement, type ProbeTarget } from "../probe.ts";
import { right } from "../right.ts";
import { tmpfsTargets } from "../subject/subject.ts";

/** The paths that Docker masks and most kernels have. */
const maskedFiles = ["/kcore", "/keys", "/timer_list", "/sched_debug"];
const maskedFolders = [
  ...(["/acpi", "/scsi"] as const).map((path) => ["proc", path] as const),
  ...(["/firmware", "/devices/virtual/powercap"] as const).map((path) => ["sysfs", path] as const),
];

/** @see https://docs.docker.com/reference/cli/docker/container/run/#security-opt */
export const maskedPaths = right({
  id: "masked-paths",
  control: "masked-paths",
  others: ["root-user"],
  tries: "read what Docker masks of the kernel: its memory, keys, timers, firmware",
  inPlace: true,
  isOfMounts: true,
  refusals: ["empty", "ENOENT", "EACCES", "EIO"],
  async ways(target, attempt) {
    const mounts = await mountsOf(target);
    if (!mounts.ok) return mounts;
    const files = maskedFiles.flatMap((path) => placesOf(mounts.value, "proc", path));
    const folders = maskedFolders.flatMap(([type, path]) => placesOf(mounts.value, type, path));
    const [first, second, ...rest] = [...files.map(readsFile), ...folders.map(readsFolder)];
    return first && second ? await attempt([first, second, ...rest]) : ok([]);
  },
});

function readsFile(path: string): Way {
  return {
    what: path,
    make(builder) {
      const flags = open.readOnly | open.nonBlocking | open.closeOnExec;
      const file = builder.call("openat", atFdCwd, builder.text(path), flags, 0);
      const count = builder.call("read", file, builder.space(64), 64);
      return (ran) => errorOf(ran, file) ?? errorOf(ran, count) ?? emptyWhere(ran.result(count) === 0);
    },
  };
}

function readsFolder(path: string): Way {
  return {
    what: path,
    make(builder) {
      const file = builder.call("openat", atFdCwd, builder.text(path), folder, 0);
      const memory = builder.space(4096);
      const count = builder.call("getdents64", file, memory, 4096);
      // Two entries are the folder itself and the one above, 24 bytes each.
      return (ran) => errorOf(ran, file) ?? errorOf(ran, count) ?? emptyWhere((ran.result(count) ?? 0) <= 48);
    },
  };
}

function emptyWhere(isEmpty: boolean): string | undefined {
  return isEmpty ? "empty" : undefined;
}

/** @see https://docs.docker.com/engine/storage/tmpfs/ */
export const scriptFromTmpfs = measurement<readonly Attempt[]>({
  id: "script-from-tmpfs",
  control: "tmpfs-options",
  tries: "run a script that was written to a tmpfs",
  inPlace: false,
  looser: "open",
  before: ({ view }) =>
    tmpfsTargets(view).length === 0 ? { outcome: "notApplicable", evidence: "it has no tmpfs" } : undefined,
  experiment: (target) =>
    target.run(
      together((target.role === "looser" ? [openTmpfs] : tmpfsTargets(target.facts.view)).map(runScript)),
    ),
  judge: (seen) => judgeAttempts(seen, ["EACCES"], { looser: "a tmpfs that is mounted with exec" }),
});

/** The helper is the script's interpreter; it ends well when it is started with a script. */
function runScript(target: string): Plan<Attempt> {
  return (builder) => {
    const script = `${target}/.bulkhead-prove-script`;
    const path = builder.text(script);
    const text = Buffer.from(`#!${helper}\n`);
    const flags = open.writeOnly | open.create | open.exclusive | open.closeOnExec;
    const file = builder.call("openat", atFdCwd, path, flags, 0o700);
    const written = builder.call("write", file, builder.bytes(text), text.length);
    builder.call("close", file);
    let executed = written;
    const child = inChild(builder, () => {
      executed = builder.call("execve", path, builder.words(path, 0), builder.words(0));
    });
    const run = executed;
    builder.call("unlinkat", atFdCwd, path, 0);
    return (ran) => {
      const unwritten = errnoOf(ran.result(file) ?? -1) ?? errnoOf(ran.result(written) ?? -1);
      const error = unwritten === undefined ? undefined : `it cannot be written (${unwritten})`;
      return { what: `a script in ${target}`, error: error ?? errorOf(ran, run) ?? child(ran).killedBy };
    };
  };
}

/** Also what is mounted below: `ro` is not recursive before Linux 5.12. */
export const writeReadOnlyVolume = measurement({
  id: "write-read-only-volume",
  control: "read-only-volume",
  tries: "write to volumes that are mounted read-only",
  inPlace: false,
  looser: "open",
  before: (facts) =>
    readOnlyTargets(facts).length === 0
      ? { outcome: "notApplicable", evidence: "it mounts no volume read-only" }
      : undefined,
  experiment: tryVolumes,
  judge: (seen) => judgeAttempts(seen, ["EROFS"], { looser: "a volume that is mounted writable" }),
});

function readOnlyTargets({ view }: Facts): readonly string[] {
  return setItems(view.mounts).flatMap(({ value }) =>
    value.readOnly && (value.type === "bind" || value.type === "volume") ? [value.target] : [],
  );
}

async function tryVolumes(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const targets = target.role === "looser" ? [own] : readOnlyTargets(target.facts);
  const table = await textFile(target, "/proc/self/mountinfo");
  if (!table.ok) return table;
  const below = table.value.ok ? mountedBelow(table.value.value, targets) : [];
  const paths = [...targets, ...below];
  const attempts = await target.run(together(paths.map(tryWrite)));
  if (!attempts.ok) return attempts;
  const readOnly = table.value.ok ? readOnlyMounts(table.value.value) : new Set<string>();
  // A socket is written to whatever its mount says, so this is not the place to try.
  const judged = attempts.value.map((attempt, index) =>
    readOnly.has(paths[index] ?? "") ? refusedTwice(attempt) : beyondReadOnly(attempt),
  );
  return { ok: true, value: judged.filter(({ error }) => error !== "ENXIO") };
}

/** Permissions are looked at before the mount: of a file, and of a folder on the way that this user may not search. */
function refusedTwice({ what, error }: Attempt): Attempt {
  if (error !== "EACCES" && error !== "EPERM") return { what, error };
  return {
    what: `${what} (the kernel has it mounted read-only, and permissions refuse it too: ${error})`,
    error: "EROFS",
  };
}

/** A folder takes a file without a name; a file is opened for writing and not written. */
function tryWrite(path: string): Plan<Attempt> {
  return (builder) => {
    const text = builder.text(path);
    const inFolder = tryCall(builder, `a new file in ${path}`, () =>
      builder.call("openat", atFdCwd, text, namelessFile, 0o600),
    );
    const flags = open.writeOnly | open.nonBlocking | open.closeOnExec;
    const toFile = tryCall(builder, `open(${path}, O_WRONLY)`, () =>
      builder.call("openat", atFdCwd, text, flags, 0),
    );
    return (ran) => {
      const first = inFolder(ran);
      return first.error === "ENOTDIR" ? toFile(ran) : first;
    };
  };
}

/** Mount points below one of the folders. */
export function mountedBelow(mountinfo: string, folders: readonly string[]): readonly string[] {
  const points = mountsIn(mountinfo).map(({ point }) => point);
  return points.filter((path) => folders.some((folder) => folder !== "/" && path.startsWith(`${folder}/`)));
}

/** Mount points whose latest mount is read-only. */
function readOnlyMounts(mountinfo: string): ReadonlySet<string> {
  const latest = new Map(mountsIn(mountinfo).map(({ point, isReadOnly }) => [point, isReadOnly]));
  return new Set([...latest].flatMap(([point, isReadOnly]) => (isReadOnly ? [point] : [])));
}

const rootFolders = ["/", "/tmp", "/var/tmp", "/run", "/etc", "/home", "/usr"];

/**
 * With files that have no name and are gone at once (O_TMPFILE). A read-only mount refuses before anything else is looked
 * at (EROFS); where the kernel gets as far as permissions or the file system's abilities, the mount is writable.
 *
 * @see https://man7.org/linux/man-pages/man2/open.2.html
 */
export const writeRoot = measurement<readonly Attempt[]>({
  id: "write-root",
  control: "read-only-rootfs",
  tries: "write to its root file system",
  inPlace: true,
  looser: "open",
  experiment: tryFolders,
  judge: (seen) =>
    judgeAttempts(seen, ["EROFS"], { looser: "a container of the same image without --read-only" }),
});

async function tryFolders(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const looked = await target.run(together(rootFolders.map(readStatus)));
  if (!looked.ok) return looked;
  const statuses = looked.value.map((each) => (each.ok ? each.value : undefined));
  const root = statuses[0];
  const own = rootFolders.filter((_, index) => isOn(root, statuses[index]));
  const attempts = await tryCalls(
    target,
    Object.fromEntries(
      own.map((path) => [
        `a new file in ${path}`,
        (builder) => builder.call("openat", atFdCwd, builder.text(path), namelessFile, 0o600),
      ]),
    ),
  );
  return attempts.ok ? { ok: true, value: attempts.value.map(beyondReadOnly) } : attempts;
}

/** Whether it is a folder of the root file system itself, and not a volume or a tmpfs. */
function isOn(root: Status | undefined, status: Status | undefined): boolean {
  return status?.isFolder === true && status.device.join() === root?.device.join();
}

/** These come only after the mount let a write through. */
export function beyondReadOnly({ what, error }: Attempt): Attempt {
  if (error === "EOPNOTSUPP" || error === "EISDIR") return { what, error: undefined };
  if (error === "EACCES" || error === "EPERM") {
    return { what: `${what} (the mount is writable, permissions alone refuse: ${error})`, error: undefined };
  }
  return { what, error };
}
