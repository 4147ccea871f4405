import { statSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { putInPlace } from "../../fix/apply.ts";
import { type FormatName, isFormatName } from "../../report/format-names.ts";

export interface Output {
  readonly format: FormatName;
  /** Undefined for standard output. */
  readonly path: string | undefined;
}

const byExtension: Readonly<Record<string, FormatName>> = {
  ".txt": "text",
  ".json": "json",
  ".sarif": "sarif",
  ".xml": "junit",
  ".html": "html",
  ".htm": "html",
  ".md": "markdown",
  ".csv": "csv",
};

/**
 * Pairs formats and files in their order: the n-th file takes the n-th format, a file beyond them the format that its
 * extension says, a format beyond them standard output. Nothing at all is text on standard output.
 */
export function plan(formats: readonly string[], paths: readonly string[]): Result<readonly Output[]> {
  if (formats.length === 0 && paths.length === 0) return ok([{ format: "text", path: undefined }]);
  const outputs: Output[] = [];
  for (let index = 0; index < Math.max(formats.length, paths.length); index += 1) {
    const path = paths[index];
    const format = formats[index] ?? byExtension[extname(path ?? "")];
    if (format === undefined || !isFormatName(format)) {
      return failed(`the name of ${path} does not show its format: add --format`);
    }
    outputs.push({ format, path: path === "-" ? undefined : path });
  }
  const printed = outputs.filter((output) => output.path === undefined);
  if (printed.length > 1) {
    return failed("only one format fits on standard output: give the others a file with --output");
  }
  return ok(outputs);
}

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
