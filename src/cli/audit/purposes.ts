import type { Severity } from "../../model/severity.ts";

/** What `--profile-of` sets: how much some findings weigh where these containers run, and what the audit fails for. */
export interface Purpose {
  readonly failOn: Severity;
  readonly severities: Readonly<Partial<Record<string, Severity>>>;
}

export const purposeNames = ["homelab", "ci", "production"] as const;

export type PurposeName = (typeof purposeNames)[number];

/** Controls whose severity depends on the case (a published database, a raw disk) are left alone. */
export const purposes: Readonly<Record<PurposeName, Purpose>> = {
  // One person's machine: what lets an intruder out of a container counts, a neighbour without limits hardly.
  homelab: {
    failOn: "high",
    severities: {
      "cpu-limit": "info",
      "memory-limit": "low",
      "pids-limit": "low",
      "read-only-rootfs": "low",
      "image-unpinned": "info",
      "engine-ulimits": "info",
      "engine-icc": "low",
      "engine-user-namespaces": "low",
      // Most homes run no SELinux; the option is there against a denied bind mount.
      "selinux-label": "low",
    },
  },
  // Jobs that live for minutes and run what others push: their images and secrets count, their endurance does not.
  ci: {
    failOn: "high",
    severities: {
      "cpu-limit": "info",
      "memory-limit": "low",
      "log-limit": "info",
      "image-healthcheck": "info",
      "image-unpinned": "medium",
      "image-root-user": "low",
      "engine-insecure-registry": "critical",
    },
  },
  // Others depend on it: what starves a neighbour or changes by itself counts too.
  production: {
    failOn: "medium",
    severities: {
      "cpu-limit": "medium",
      "image-unpinned": "medium",
      "image-healthcheck": "low",
      "log-limit": "medium",
      "engine-log-limit": "medium",
      "engine-live-restore": "medium",
      "engine-ulimits": "medium",
    },
  },
};
