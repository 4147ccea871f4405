import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import { type Input, readInput } from "../audit/inputs/inputs.ts";
import type { ComposeOptions } from "../formats/format.ts";
import type { Gap } from "../model/gap.ts";
import type { ChangedText } from "./changed-texts.ts";

/**
 * Reads what is about to be written as an audit would. The answer names the files that must not be: those of an input that
 * could be read before and cannot after, each with the reason. A writer's fault then costs a fix, never a file.
 */
export async function unreadableAfter(
  inputs: readonly Input[],
  texts: readonly ChangedText[],
  gapsBefore: readonly Gap[],
  compose: ComposeOptions,
  io: DiskFiles,
): Promise<ReadonlyMap<string, string>> {
  const changed = new Set(texts.map(({ file }) => file));
  const known = new Set(gapsBefore.map(({ reason }) => reason));
  const faults = new Map<string, string>();
  for (const input of inputs) {
    const { files } = input;
    if (!files.some((file) => changed.has(file))) continue;
    const { gaps } = await readInput(input, compose, io);
    const fresh = gaps.find(({ reason }) => !known.has(reason));
    if (!fresh) continue;
    for (const file of files) if (changed.has(file)) faults.set(file, fresh.reason);
  }
  return faults;
}
