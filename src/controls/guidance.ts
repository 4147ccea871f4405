import { benchmarkGuidance } from "./benchmark/guidance.ts";
import { capabilitiesGuidance } from "./capabilities/guidance.ts";
import { cgroupsGuidance } from "./cgroups/guidance.ts";
import { driftGuidance } from "./drift/guidance.ts";
import { engineGuidance } from "./engine/guidance.ts";
import { imagesGuidance } from "./images/guidance.ts";
import { macGuidance } from "./mac/guidance.ts";
import { mountsGuidance } from "./mounts/guidance.ts";
import { namespacesGuidance } from "./namespaces/guidance.ts";
import { usersGuidance } from "./users/guidance.ts";

/**
 * What `explain` tells beside the control itself. It stands apart so that an audit does not load it; a test holds every
 * control against it.
 */
export interface Guidance {
  /** When a finding may stay: a reason for its ignore. */
  readonly letItBe: string;
  /** What somebody sees where the fix was too much, as a message of the program where it prints one. */
  readonly symptom: string;
  /** Why, as a sentence without its end. */
  readonly cause: string;
  /** What to do then, short of taking the fix back. */
  readonly action: string;
  /** Whether a test on a real Engine expects its verdict. */
  readonly onEngine?: true;
}

const all: Readonly<Record<string, Guidance>> = {
  ...benchmarkGuidance,
  ...capabilitiesGuidance,
  ...cgroupsGuidance,
  ...driftGuidance,
  ...engineGuidance,
  ...imagesGuidance,
  ...macGuidance,
  ...mountsGuidance,
  ...namespacesGuidance,
  ...usersGuidance,
};

/** The guidance of a control; undefined for a team's own. */
export function guidanceOf(id: string): Guidance | undefined {
  return all[id];
}
