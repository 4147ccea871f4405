import {
  chmodSync,
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { whyUnwritten } from "../fix/why.ts";
import { failed, ok, type Result } from "../model/result.ts";

/**
 * Writes a text to standard output (no path, or `-`) or to a file, which is replaced at once or not at all and keeps its
 * mode. Of a symbolic link the target is replaced. A device or a pipe (`/dev/stdout`, `/dev/null`) is written to.
 */
export function deliver(path: string | undefined, text: string): Result<void> {
  if (path === undefined || path === "-") {
    process.stdout.write(text);
    return ok(undefined);
  }
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile()) writeFileSync(path, text);
    else replace(there ? realpathSync(path) : path, there, text);
    return ok(undefined);
  } catch (error) {
    return failed(`${path} cannot be written: ${whyUnwritten(error)}`);
  }
}

function replace(path: string, there: Stats | undefined, text: string): void {
  const made = `${path}.${process.pid}.tmp`;
  const file = openSync(made, "wx");
  try {
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
    if (there) chmodSync(made, there.mode & 0o7777);
    renameSync(made, path);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
}
