import type { Control } from "../../../controls/control.ts";
import { controls } from "../../../controls/registry.ts";

/**
 * Controls with a remedy that hardens nobody unless the policy says so by name: what they would change is what the client
 * came for.
 */
export const hardenOnlyByName: Readonly<Record<string, string>> = {
  "published-port":
    "A port is published to be reached; on the loopback address it is not, and nothing says which address is meant.",
  "read-only-volume":
    "A folder is mounted to be written to as often as to be read, and only the client knows.",
  "io-limit":
    "The Engine drops a weight where the kernel has no scheduler for it, with a warning on every docker run.",
};

/**
 * Controls about settings that a rule of the guard denies by default, with lists of their own (allow.sysctls, …): by default
 * the rule speaks, not the control.
 */
export const leftToRules: Readonly<Record<string, string>> = {
  "volume-options": "guard-volume-options, guard-volume-driver",
  "supplementary-groups": "guard-group",
  "unsafe-sysctl": "guard-sysctl",
  "runtime-handler": "guard-runtime",
  "remote-log-driver": "guard-log-driver",
  "oom-score": "guard-oom-score",
  "realtime-cpu": "guard-realtime",
  "custom-profile": "guard-security-option",
  "storage-option": "guard-storage-option",
  "runtime-annotation": "guard-annotation",
  "network-options": "guard-network-driver, guard-network-options",
  "endpoint-option": "guard-endpoint",
  "legacy-link": "guard-link",
};

/** Controls that no default policy denies by: what they find is the client's own business. */
export const leftToClients: Readonly<Record<string, string>> = {
  "image-secret": "A client may pass secrets to its own program; audit reports where others could read them.",
};

/**
 * Controls whose remedy breaks an image that needs what it takes away. They are made where the image's needs are known
 * (src/fix/plan/known-needs.ts), and for any image where the policy names them under `harden`.
 */
export const hardenWhereKnown: ReadonlySet<string> = new Set([
  "capabilities-drop",
  "read-only-rootfs",
  "root-user",
]);

/** Those that a container can be judged by as the Engine API tells of it. */
export const containerControls: readonly Control[] = controls.filter(
  ({ where, check }) => where.includes("A") && check.container !== undefined,
);
