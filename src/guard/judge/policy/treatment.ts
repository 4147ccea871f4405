import type { Control } from "../../../controls/control.ts";
import { controls } from "../../../controls/registry.ts";

/**
 * Controls whose remedy breaks an image that needs what it takes away. They are made where the image's needs are known
 * (src/fix/plan/known-needs.ts), and for any image where the policy names them under `harden`.
 */
export const hardenWhereKnown: ReadonlySet<string> = new Set([
  "capabilities-drop",
  "read-only-rootfs",
  "root-user",
]);

/** Those that a request to the Engine's API can be judged by. */
export const judgedControls: readonly Control[] = controls.filter(({ guard }) => guard !== "off");

export const containerControls: readonly Control[] = judgedControls.filter(
  ({ check }) => check.container !== undefined,
);
