import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { recordAt, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { statFields } from "../../base/stat-fields.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { type EngineWriter, openWriter } from "../../engine/write-client.ts";
import type { Ids } from "../policy/policy.ts";

/** IDs that are nobody's: those of a container that are not the caller's lie here on the disk. */
const nobodys = 3_000_000_000;
const last = 65_535;

/**
 * Which IDs of the container are which on the disk, as `X-mount.idmap` of mount(8) takes them. `root`: the container's root is the
 * caller. `own`: the caller's own ID is itself, and root is nobody. `base`: what userns-remap adds to the container's IDs.
 */
export function idmapOf({ uid, gid }: Ids, kind: "root" | "own", base: Ids): string {
  const ranges = (id: number, added: number): readonly string[] => {
    const nobody = (first: number, end: number) =>
      end < first ? [] : [`${first + nobodys}:${added + first}:${end - first + 1}`];
    return kind === "root"
      ? [`${id}:${added}:1`, ...nobody(1, last)]
      : [...nobody(0, Math.min(id - 1, last)), `${id}:${added + id}:1`, ...nobody(id + 1, last)];
  };
  const of = (letter: string, all: readonly string[]) => all.map((each) => `${letter}:${each}`);
  return [...of("u", ranges(uid, base.uid)), ...of("g", ranges(gid, base.gid))].join(" ");
}

/** Of an Engine's /info: where the IDs of containers begin on the host. dockerd names its folder after that. */
export function remappedBase(info: unknown): Ids {
  const isRemapped = textsOf(recordAt({ info }, "info").SecurityOptions).some((each) =>
    each.startsWith("name=userns"),
  );
  const [, uid = 0, gid = 0] =
    /\/(\d+)\.(\d+)$/.exec(isRemapped ? (textAt(info, "DockerRootDir") ?? "") : "") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** Where views are mounted: root's alone, and gone with the next boot. */
const place = "/run/bulkhead-folders";

/** One that is there and shows the same folder stays; what was mounted there before stays for anyone who has it. */
const script = `set -e
mkdir -p -m 700 "\${2%/*}"
[ "$(stat -c %u:%a "\${2%/*}")" = 0:700 ]
[ "$(stat -Lc %d:%i "$1")" != "$(stat -c %d:%i "$2" 2>/dev/null)" ] || exit 0
umount -l "$2" 2>/dev/null || mkdir -p "$2"
mount --no-canonicalize --bind -o "nosuid,nodev,X-mount.idmap=$3" "$1" "$2"
[ "$(stat -Lc %d:%i "$1")" = "$(stat -c %d:%i "$2")" ] || { umount -l "$2"; exit 1; }`;

/** Runs a program of the host as its root; fails with what it said. */
export type OnHost = (command: readonly string[]) => Promise<Result<void>>;

/** `$1-…`: of one leash, which mounts them for itself. */
const unmounting = `for at in ${place}/"$1"-*; do
  [ ! -d "$at" ] || { umount -l "$at" 2>/dev/null; rmdir "$at"; }
done
exit 0`;

/** Takes the views of one leash away, whose volumes are gone. Nothing is asked of the host where there is none. */
export async function unmountViews(own: string, onHost: OnHost): Promise<void> {
  if (readFileSync("/proc/self/mountinfo", "utf8").includes(` ${place}/${own}-`))
    await onHost(["sh", "-c", unmounting, "sh", own]);
}

/** Mounts what the descriptor holds of `root` with other owners, and gives where. Fails where the kernel or the file system cannot. */
export async function mountView(
  { root, descriptor }: { readonly root: string; readonly descriptor: number },
  as: Ids,
  kind: "root" | "own",
  onHost: OnHost,
  { own, base }: { readonly own: string | undefined; readonly base: Ids },
): Promise<Result<string>> {
  const map = idmapOf(as, kind, base);
  const at = `${place}/${own === undefined ? "" : `${own}-`}${createHash("sha256").update(`${root} ${map}`).digest("hex").slice(0, 24)}`;
  const done = await onHost(["sh", "-c", script, "sh", `/proc/${process.pid}/fd/${descriptor}`, at, map]);
  return done.ok ? ok(at) : done;
}

/** By this process where it is root, else by a container of its own. */
export function hostPrograms(connect: ConnectOptions): OnHost {
  if (process.getuid?.() === 0) return asRoot;
  return async (command) => {
    // The versions of it that matter here are in every Engine.
    const writer = openWriter(connect, "1.41");
    if (!writer.ok) return writer;
    const done = await byContainer(writer.value)(command);
    await writer.value.close();
    return done;
  };
}

const asRoot: OnHost = ([program = "", ...args]) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 10_000 }, (error, _, stderr) => {
      resolve(error ? failed(stderr.trim().split("\n")[0] || error.message) : ok(undefined));
    });
  });

/** Images and containers of one process: two at the same time must not take each other's name. */
let made = 0;

const repository = "bulkhead.invalid/host";

/**
 * Whether an image is of a helper whose process is dead, by the image's name. No client of a guard can make that name, while a label can
 * come from anybody's image. After a reboot another process has the ID, which began at another time.
 */
export function isLeftHelper(image: string): boolean {
  const [name, tag = ""] = image.split(":");
  const [, pid, started] = /^(\d{1,10})-(\d+)-\d+$/.exec(tag) ?? [];
  return name === repository && pid !== undefined && startOf(Number(pid)) !== started;
}

/** When a process was started, in ticks since the boot (proc_pid_stat(5), field 22); "" where there is none. */
export function startOf(pid: number): string {
  try {
    return String(statFields(readFileSync(`/proc/${pid}/stat`, "utf8"))[22] ?? "");
  } catch {
    return "";
  }
}

/** Of a guard that is not root: a container of its own, which has the host's programs and the guard's mounts, and ends at once. */
function byContainer(engine: Pick<EngineWriter, "post" | "delete">): OnHost {
  return async (command) => {
    made += 1;
    const tag = `${process.pid}-${startOf(process.pid)}-${made}`;
    const image = `${repository}:${tag}`;
    // An archive without a file.
    const imported = await engine.post(
      `/images/create?fromSrc=-&repo=${repository}&tag=${tag}`,
      Buffer.alloc(1024),
    );
    if (!imported.ok) return failed(imported.reason);
    const folders = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache"].filter(existsSync);
    const created = await engine.post("/containers/create", {
      Image: image,
      Cmd: ["/usr/bin/nsenter", "--target", String(process.pid), "--mount", "--", ...command],
      NetworkDisabled: true,
      HostConfig: {
        Privileged: true,
        // With userns-remap the Engine makes no privileged container else.
        UsernsMode: "host",
        PidMode: "host",
        NetworkMode: "none",
        LogConfig: { Type: "none" },
        Binds: folders.map((each) => `${each}:${each}:ro`),
      },
    });
    const id = created.ok ? textAt(created.value, "Id") : undefined;
    const started = id === undefined ? created : await engine.post(`/containers/${id}/start`);
    const ended = started.ok ? await engine.post(`/containers/${id}/wait`) : started;
    if (id !== undefined) await engine.delete(`/containers/${id}?force=1`);
    await engine.delete(`/images/${image}`);
    if (!ended.ok) return failed(ended.reason);
    const status = recordAt({ at: ended.value }, "at").StatusCode;
    return status === 0 ? ok(undefined) : failed(`a program of the host ends with status ${String(status)}`);
  };
}
