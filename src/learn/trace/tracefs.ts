import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import { isOrphan, ownLabel } from "../../engine/owner.ts";

/** Where tracefs belongs (Documentation/trace/ftrace.rst). */
const standard = "/sys/kernel/tracing";

/** A trace of one command's own, beside whatever else this machine traces. */
export interface TraceInstance {
  readonly write: (file: string, text: string) => void;
  /** The names in one of its folders; none where there is no such folder. */
  readonly list: (folder: string) => readonly string[];
  /** What the kernel has written since the last read. */
  readonly read: () => string;
  readonly close: () => void;
}

const prefix = "bulkhead-";
/** Of an instance whose command has mounted tracefs, and is to unmount it. */
const mounter = "bulkhead-mounted-";

/** Opens an instance with these events. Fails with why the kernel cannot be traced from here. */
export function openInstance(events: readonly string[], bufferKib: number): Result<TraceInstance> {
  if (process.getuid?.() !== 0) return failed("only root can trace the kernel");
  const mounted = mountPoint();
  if (mounted === undefined && spawnSync("mount", ["-t", "tracefs", "nodev", standard]).status !== 0) {
    return failed("tracefs is not mounted and cannot be mounted here");
  }
  const root = mounted ?? standard;
  const isOurs = sweep(root) || mounted === undefined;
  const folder = join(root, "instances", `${isOurs ? mounter : prefix}${ownLabel().replaceAll("/", "_")}`);
  let pipe: number | undefined;
  const close = () => {
    quietly(() => writeFileSync(join(folder, "tracing_on"), "0"));
    if (pipe !== undefined) closeSync(pipe);
    pipe = undefined;
    quietly(() => rmdirSync(folder));
    // Another command may still trace: then it stays mounted.
    if (isOurs) spawnSync("umount", [standard]);
  };
  try {
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
    const read = () => (pipe === undefined ? "" : drain(pipe));
    if (!seesOurPids(write, read)) {
      close();
      return failed("bulkhead runs in a PID namespace, and the kernel's trace shows other process IDs");
    }
    const list = (each: string) => {
      const path = join(folder, each);
      return existsSync(path) ? readdirSync(path) : [];
    };
    return ok({ write, list, read, close });
  } catch (error) {
    close();
    return failed(`the kernel cannot be traced: ${error instanceof Error ? error.message : error}`);
  }
}

/** In a process namespace of its own bulkhead sees other numbers than the trace does. */
function seesOurPids(write: TraceInstance["write"], read: TraceInstance["read"]): boolean {
  write("trace_marker", "bulkhead");
  return new RegExp(`-${process.pid}\\s+\\[.*bulkhead`).test(read());
}

function mountPoint(): string | undefined {
  const line = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((each) => each.split(" ")[2] === "tracefs");
  return line?.split(" ")[1];
}

/** Removes instances of commands that were killed. Says whether bulkhead has mounted tracefs: the last one unmounts it. */
function sweep(root: string): boolean {
  let hadMounted = false;
  for (const name of readdirSync(join(root, "instances"))) {
    if (!name.startsWith(prefix)) continue;
    const isMounter = name.startsWith(mounter);
    const owner = name.slice((isMounter ? mounter : prefix).length).replaceAll("_", "/");
    hadMounted ||= isMounter;
    if (isOrphan(owner) === true) quietly(() => rmdirSync(join(root, "instances", name)));
  }
  return hadMounted;
}

const chunk = Buffer.allocUnsafe(256 * 1024);
/** More than this at once would keep all else waiting. Bytes. */
const mostAtOnce = 16 * 1024 * 1024;

function drain(pipe: number): string {
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
    if (total >= mostAtOnce) break;
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
