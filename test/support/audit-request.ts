import type { AuditRequest } from "../../src/audit/audit.ts";
import { controls } from "../../src/controls/registry.ts";

/** An audit of these files and folders alone, by every control and without a configuration. */
export function auditRequest(paths: readonly string[]): AuditRequest {
  return {
    paths,
    ...{ texts: [], composeFiles: [], compose: { profiles: [], envFiles: [] }, exclude: [] },
    live: undefined,
    ...{ controls, ignores: [], severities: {}, today: "2026-01-01" },
    ...{ minimum: "info", failOn: "high", baseline: undefined, version: "0" },
  };
}
