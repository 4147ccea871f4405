import { statSync, writeFileSync } from "node:fs";
import { whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { putInPlace } from "../../fix/put-in-place.ts";

/**
 * Writes a text to standard output (no path, or `-`) or to a file, which is replaced at once or not at all and keeps its
 * mode, and its owner where it may. Of a symbolic link the target is replaced. A device or a pipe (`/dev/stdout`,
 * `/dev/null`) is written to.
 */
export function deliver(path: string | undefined, text: string): Result<void> {
  if (path === undefined || path === "-") {
    process.stdout.write(text);
    return ok(undefined);
  }
  const written = write(path, text);
  return written.ok ? written : failed(`${path} cannot be written: ${written.reason}`);
}

function write(path: string, text: string): Result<void> {
  try {
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
    if (isFile) return putInPlace(path, text, { anyOwner: true });
    writeFileSync(path, text);
    return ok(undefined);
  } catch (error) {
    return failed(whyUnwritten(error));
  }
}
