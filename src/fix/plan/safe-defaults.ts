import type { Needs } from "./needs.ts";

/*
 * What cannot break a workload. `bulkhead fix` writes it as `safe`; `bulkhead guard` and `bulkhead run` fill it in where
 * nobody says otherwise. Log rotation is the third one: log-limit's remedy.
 */

/**
 * Podman's default. Few workloads ever reach it; a fork bomb does.
 *
 * @see https://docs.podman.io/en/stable/markdown/podman-run.1.html#pids-limit-limit
 */
export const defaultPids = 2048;

/** Whether an image is a server that is known to run no setuid program. In a base image anything may run. */
export function needsNoSetuid(needs: Needs | undefined): boolean {
  return needs !== undefined && !needs.bare && needs.capabilities !== undefined;
}
