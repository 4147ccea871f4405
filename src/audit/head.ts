import type { FileOrigin } from "../model/origin.ts";

/**
 * Where something stands that a subject lacks: at the head of its definition, not at all of it. A service's head is its
 * name; that of a command, an image or a daemon.json the first line, without the backslash that continues it.
 */
export function headOf(
  location: FileOrigin,
  name: string,
  lineOf: (file: string, line: number) => string | undefined = () => undefined,
): FileOrigin {
  const { startLine, startColumn, endLine } = location;
  if (startLine === endLine) return location;
  const text = lineOf(location.file, startLine)?.slice(startColumn - 1) ?? "";
  const written = [name, `"${name}"`, `'${name}'`].find((each) => text.startsWith(`${each}:`));
  const head = written ?? text.replace(/[\s\\]+$/, "");
  return { ...location, endLine: startLine, endColumn: startColumn + head.length };
}
