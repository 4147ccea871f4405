import { benchmarkGuidance } from "./benchmark/guidance.ts";
import { capabilitiesGuidance } from "./capabilities/guidance.ts";
import { cgroupsGuidance } from "./cgroups/guidance.ts";
import type { Guidance } from "./control.ts";
import { driftGuidance } from "./drift/guidance.ts";
import { engineGuidance } from "./engine/guidance.ts";
import { imagesGuidance } from "./images/guidance.ts";
import { macGuidance } from "./mac/guidance.ts";
import { mountsGuidance } from "./mounts/guidance.ts";
import { namespacesGuidance } from "./namespaces/guidance.ts";
import { usersGuidance } from "./users/guidance.ts";

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
