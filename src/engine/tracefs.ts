import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { failed, ok, type Result } from "../base/result.ts";
import { isOrphan, ownLabel } from "./owner.ts";

/** Of the folder that tracefs is mounted on for a moment, and of the instances in it. */
const prefix = "bulkhead-trace-";

/** One command's trace, beside whatever else this machine traces. */
export interface TraceInstance {
  readonly write: (file: string, text: string) => void;
  /** Adds to what a file has. */
  readonly append: (file: string, text: string) => void;
  /** What one of its files says; "" where it cannot be read. */
  readonly say: (file: string) => string;
  /** The names in one of its folders; none if the folder does not exist. */
  readonly list: (folder: string) => readonly string[];
  /** What the kernel has written since the last read, up to so many bytes and some more; what is left comes with the next read. */
  readonly read: (most?: number) => string;
  /** The names of an event of a system call's arguments, in their order. */
  readonly argumentsOf: (event: string) => readonly string[];
  /**
   * Makes an event of its own and switches it on: `e` from another event, `p` at a function, `r` where that returns. It is gone with the
   * instance. False where this kernel cannot (CONFIG_EPROBE_EVENTS, CONFIG_KPROBE_EVENTS).
   *
   * @see https://docs.kernel.org/trace/eprobetrace.html
   */
  readonly makeEvent: (kind: "e" | "p" | "r", name: string, definition: string) => boolean;
  readonly close: () => void;
}

/**
 * Opens an instance with these events; `name` tells several of one process apart. Fails with why the kernel cannot be traced from
 * here.
 */
export function openInstance(
  events: readonly string[],
  bufferKib: number,
  name = "events",
): Result<TraceInstance> {
  if (process.getuid?.() !== 0) return failed("only root can trace the kernel");
  const opened = openTracefs();
  if (!opened.ok) return opened;
  const { root, release } = opened.value;
  const instances = join(root, "instances");
  const folder = join(instances, `${prefix}${ownLabel().replaceAll("/", "_")}.${name}`);
  let pipe: number | undefined;
  const made: string[] = [];
  const close = () => {
    quietly(() => writeFileSync(join(folder, "tracing_on"), "0"));
    if (pipe !== undefined) closeSync(pipe);
    pipe = undefined;
    quietly(() => rmdirSync(folder));
    for (const event of made) quietly(() => appendFileSync(join(root, definitions), `-:${event}`));
    release();
  };
  try {
    sweep(instances);
    mkdirSync(folder, { recursive: true });
    const missing = events.find((event) => !existsSync(join(folder, "events", event)));
    if (missing !== undefined) {
      close();
      return failed(`this kernel has no event ${missing}`);
    }
    const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
    write("buffer_size_kb", String(bufferKib));
    write("options/event-fork", "1");
    pipe = openSync(join(folder, "trace_pipe"), constants.O_RDONLY | constants.O_NONBLOCK);
    const read = (most?: number) => (pipe === undefined ? "" : drain(pipe, most));
    if (!seesOurPids(write, read)) {
      close();
      return failed("bulkhead runs in a PID namespace, and the kernel's trace shows other process IDs");
    }
    const list = (each: string) => {
      const path = join(folder, each);
      return existsSync(path) ? readdirSync(path) : [];
    };
    const say = (file: string) => {
      try {
        return readFileSync(join(folder, file), "utf8").trim();
      } catch {
        return "";
      }
    };
    const append = (file: string, text: string) => appendFileSync(join(folder, file), text);
    const argumentsOf = (event: string) =>
      fieldsOf(readFileSync(join(folder, "events", event, "format"), "utf8"));
    const makeEvent: TraceInstance["makeEvent"] = (kind, name, definition) => {
      const event = `${ownGroup}${process.pid}/${name}`;
      try {
        appendFileSync(join(root, definitions), `${kind}:${event} ${definition}`);
        made.push(event);
        write(`events/${event}/enable`, "1");
        return true;
      } catch {
        return false;
      }
    };
    return ok({ write, append, say, list, read, argumentsOf, makeEvent, close });
  } catch (error) {
    close();
    return failed(`the kernel cannot be traced: ${error instanceof Error ? error.message : error}`);
  }
}

/** In a PID namespace bulkhead sees other process IDs than the trace shows. */
function seesOurPids(write: TraceInstance["write"], read: TraceInstance["read"]): boolean {
  write("trace_marker", "bulkhead");
  return new RegExp(`-${process.pid}\\s+\\[.*bulkhead`).test(read());
}

/**
 * The root of tracefs: where this machine has mounted it, else a mount for this process alone. That one leaves the file tree
 * as soon as a descriptor holds it (umount2(2), MNT_DETACH), so no other command uses it or is left with it, and it ends with
 * this process, even by kill -9.
 */
function openTracefs(): Result<{ readonly root: string; readonly release: () => void }> {
  const mounted = mountPoint();
  if (mounted !== undefined) return ok({ root: mounted, release() {} });
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), prefix));
    if (spawnSync("mount", ["-t", "tracefs", "nodev", folder]).status !== 0) {
      return failed("tracefs is not mounted and cannot be mounted here");
    }
    const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    spawnSync("umount", ["--lazy", folder]);
    return ok({ root: `/proc/self/fd/${descriptor}`, release: () => closeSync(descriptor) });
  } catch (error) {
    return failed(`the kernel cannot be traced: ${error instanceof Error ? error.message : error}`);
  } finally {
    const made = folder;
    if (made !== undefined) quietly(() => rmdirSync(made));
  }
}

/** Another command's mount is there for a moment only. */
function mountPoint(): string | undefined {
  return readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, path = "", type]) => type === "tracefs" && !basename(path).startsWith(prefix))?.[1];
}

/** Removes the instances of commands that were killed: until then the kernel goes on tracing for them. */
export function sweepInstances(): void {
  if (process.getuid?.() !== 0) return;
  const opened = openTracefs();
  if (!opened.ok) return;
  quietly(() => sweep(join(opened.value.root, "instances")));
  opened.value.release();
}

/** Events that are defined at run time, of the whole machine. */
const definitions = "dynamic_events";
const ownGroup = "bulkhead_";
/** `e:bulkhead_123/openat syscalls.sys_enter_openat …`, made by process 123. */
const ownEvents = /^\w+:(bulkhead_(\d+)\/\w+) /gm;

/** The names of an event's own fields, behind those that every event of a system call has. */
function fieldsOf(format: string): readonly string[] {
  const names = [...format.matchAll(/^\tfield:[^;]*?(\w+);/gm)].map(([, name = ""]) => name);
  return names.filter((name) => !name.startsWith("common_") && name !== "__syscall_nr");
}

function sweep(instances: string): void {
  for (const name of readdirSync(instances)) {
    if (!name.startsWith(prefix)) continue;
    const owner = name.slice(prefix.length).replace(/\..*$/, "").replaceAll("_", "/");
    if (isOrphan(owner) === true) quietly(() => rmdirSync(join(instances, name)));
  }
  const file = join(dirname(instances), definitions);
  quietly(() => {
    for (const [, event = "", owner] of readFileSync(file, "utf8").matchAll(ownEvents))
      if (!existsSync(`/proc/${owner}`)) quietly(() => appendFileSync(file, `-:${event}`));
  });
}

const chunk = Buffer.allocUnsafe(256 * 1024);
/** More than this at once would keep all else waiting. Bytes. */
const mostAtOnce = 16 * 1024 * 1024;

function drain(pipe: number, most = mostAtOnce): string {
  const parts: string[] = [];
  let total = 0;
  for (;;) {
    let length = 0;
    try {
      length = readSync(pipe, chunk);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") break;
      throw error;
    }
    if (length === 0) break;
    total += length;
    // The trace is ASCII.
    parts.push(chunk.toString("latin1", 0, length));
    if (total >= most) break;
  }
  return parts.join("");
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // It is gone, or still in use: the next start sweeps it.
  }
}
