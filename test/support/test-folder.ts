import { onTestFinished } from "vitest";
import { folderOf } from "./cli.ts";

/** A folder of the given files, which every user can read and which goes with the test. */
export function testFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const { path, remove } = folderOf(files);
  onTestFinished(remove);
  return path;
}
