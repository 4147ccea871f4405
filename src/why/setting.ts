import { spellComposePatch } from "../formats/compose/spell.ts";
import { spellRunPatch } from "../formats/run-command/spell.ts";
import type { ContainerPatch } from "../model/patch.ts";
import type { Refusal } from "./refusal.ts";
import { wantsToWrite } from "./words.ts";

/** What refuses. */
export const layers = [
  ...["seccomp", "capability", "user", "read-only root", "read-only mount", "kernel path", "memory limit"],
  ...["pids limit", "full file system", "ulimit", "device", "noexec", "AppArmor", "SELinux", "unknown"],
] as const;

export type Layer = (typeof layers)[number];

/** One way to let the call through. */
export interface Setting {
  readonly compose: string;
  readonly run: string;
  /** What it means, or what to do beside it; undefined where the setting says all. */
  readonly note: string | undefined;
}

/** Which rule refused a call, as a clause behind `refused by` or `refused:`, and what to change, the smallest first. */
export interface Rule {
  readonly layer: Layer;
  readonly because: string;
  readonly settings: readonly Setting[];
}

export function setting(patch: ContainerPatch, note?: string): Setting {
  return { compose: spellComposePatch(patch), run: spellRunPatch(patch), note };
}

export function unknown({ error, missing, words }: Refusal): Rule {
  const explains =
    words === undefined ? "only the end of the call was seen" : "no setting of the container explains it";
  const because = missing.length > 0 ? `with ${error}` : `with ${error}, and ${explains}`;
  return { layer: "unknown", because, settings: [] };
}

/** Whether it asked for a new entry in a folder: then the folder refuses. */
export function makes(refusal: Refusal): boolean {
  return /^(?:mk|symlink|link|rename|unlink|rmdir|creat)/.test(refusal.call) || wantsToWrite(refusal);
}

/** Of several paths the one that is made: the last. */
export function pathOf({ texts }: Refusal): string | undefined {
  const path = texts.findLast((text) => text?.startsWith("/"));
  return path === undefined || path === "/" ? path : path.replace(/\/+$/, "");
}
