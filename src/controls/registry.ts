import type { Control } from "./control.ts";
import { readOnlyRootfs } from "./mounts/read-only-rootfs.ts";

/** Every control, in the order that `bulkhead controls` lists them. */
export const controls: readonly Control[] = [readOnlyRootfs];

const byId = new Map(controls.map((control) => [control.id, control]));

export function findControl(id: string): Control | undefined {
  return byId.get(id);
}
