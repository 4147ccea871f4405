import type { Release } from "./release.ts";
import { isBefore } from "./release.ts";

/** The parts that a container runs on: the Engine as `docker-engine`, its builder, what runs containers, and the host's kernel. */
export const packages = ["docker-engine", "buildkit", "containerd", "runc", "linux"] as const;
export type Package = (typeof packages)[number];

/** What of a container takes an advisory away, beside the interfaces of the kernel that it does not reach. */
export const mitigations = ["user namespace", "user", "user with no-new-privileges"] as const;
export type Mitigation = (typeof mitigations)[number];

export type Event = { readonly introduced: string } | { readonly fixed: string };

/**
 * A known hole of the Engine, its parts or the kernel, as OSV has it (https://ossf.github.io/osv-schema/): what is affected is every version from
 * `introduced` up to, and without, `fixed`; without an event it is not known which.
 */
export interface Advisory {
  /** The id of the project's advisory, else of the CVE. */
  readonly id: string;
  readonly aliases: readonly string[];
  /** The day it became public, YYYY-MM-DD. */
  readonly published: string;
  readonly summary: string;
  readonly severity: "medium" | "high";
  readonly affected: readonly { readonly package: Package; readonly events: readonly Event[] }[];
  /** Where it and its versions are described; the first one is the project's own, where it has one. */
  readonly references: readonly string[];
  /** Who can use it: a container that runs, a client of the API, or a build. */
  readonly by: "container" | "client" | "build";
  readonly mitigatedBy: readonly Mitigation[];
  /** The interfaces of the kernel that it was used through, any of them: a container that reaches none is not exposed. */
  readonly interfaces: readonly string[];
}

/** Whether a release is affected: `unknown` for a distribution's build whose number does not show it, and where no event is known. */
export function isAffected(release: Release, events: readonly Event[]): boolean | "unknown" {
  if (events.length === 0) return "unknown";
  let isIn = false;
  let isPast = false;
  for (const event of events) {
    const isReached =
      "introduced" in event
        ? event.introduced === "0" || !isBefore(release, event.introduced)
        : !isBefore(release, event.fixed);
    if (!isReached) continue;
    isIn = "introduced" in event;
    isPast ||= !isIn;
  }
  if (!release.isOfDistribution) return isIn;
  // A distribution brings fixes, and new parts with their holes, to an old number.
  return isIn || !isPast ? "unknown" : false;
}
