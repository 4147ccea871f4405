import type { FileOrigin } from "../../../model/origin.ts";
import { locator } from "../../values/positions.ts";
import type { Folder } from "../load/file-path.ts";

/** A text that was read, and how its offsets become lines and columns. */
export interface SourceText {
  /** The path as given. */
  readonly file: string;
  readonly text: string;
  /** What relative paths in it stand on. */
  readonly base: Folder;
  range(start: number, end: number): FileOrigin;
}

export function sourceText(file: string, text: string, base: Folder): SourceText {
  const locate = locator(file, text);
  return { file, text, base, range: (start, end) => locate({ start, end }) };
}
