import { failed, ok, type Result } from "../../base/result.ts";
import { type FormatName, formatNames, formats } from "../../formats/formats.ts";
import type { Files } from "../../model/reading.ts";
import type { DiskFiles } from "./disk-files.ts";

/**
 * What the file is, by its name first and its text where the name does not show it. A file that a walk found
 * and that cannot be read is a failure only if its name says that it is ours.
 */
export function classify(path: string, io: DiskFiles): Result<FormatName | undefined> {
  const byName = formatOfName(path);
  const opens = formatNames.some((name) => formats[name].recognise.opens?.(path));
  if ((byName || opens) && isUnspeakable(path, io)) return failed(unspeakable);
  if (byName) return ok(byName);
  const opensScript = formatNames.some((name) => formats[name].recognise.opensScript?.(path));
  if (!opens && !(opensScript && io.startsWith(path, "#!"))) return ok(undefined);
  const text = io.read(path);
  const format = text.ok ? formatOfText(path, text.value) : undefined;
  if (!format) io.forget(path);
  return ok(format);
}

/** For a file that was named: reading is tried whatever the name, and failing to is an answer. */
export function classifyNamed(path: string, io: Files): Result<FormatName> {
  const byName = formatOfName(path);
  if (byName) return ok(byName);
  const text = io.read(path);
  if (!text.ok) return text;
  const format = formatOfText(path, text.value) ?? formatOfShape(text.value);
  return format
    ? ok(format)
    : failed("it is not a Compose file, a Dockerfile, a daemon.json or a script that runs docker");
}

/** Why a file or folder cannot be opened whose name holds other bytes than UTF-8's. */
export const unspeakable = "its name is not UTF-8, so it cannot be opened: rename it";

/** Node replaces the bytes of such a name, so no file has the name that Node gives. */
export function isUnspeakable(path: string, io: Pick<Files, "exists">): boolean {
  return path.includes("\uFFFD") && !io.exists(path);
}

/** What a file's name alone shows. */
export function formatOfName(path: string): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognise.name?.(path));
}

function formatOfText(path: string, text: string): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognise.text?.(text, path));
}

/** For a text without a name that shows it: standard input, or a file that was named all the same. */
export function formatOfShape(text: string): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognise.shape?.(text));
}

/** For a text without a file. */
export function formatOfGiven(text: string): FormatName | undefined {
  return formatOfShape(text) ?? formatNames.find((name) => formats[name].recognise.given?.(text));
}
