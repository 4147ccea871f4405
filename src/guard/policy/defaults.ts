import { defaultPids } from "../../fix/plan/limits.ts";
import { defaultJsonLimits } from "../json/parse.ts";
import { judgedControls } from "../judge/policy/treatment.ts";
import { oldestVersion } from "../request/version.ts";
import type { Policy } from "./policy.ts";

/**
 * What holds where nobody says anything. Who may make containers and run commands in them sees their environment anyway,
 * so `secretRead` is open and nothing is blanked; a client that only looks gets a preset, which does both.
 */
export const defaultPolicy: Policy = {
  name: "default",
  mode: "enforce",
  groups: {
    safe: "allow",
    read: "allow",
    secretRead: "allow",
    lifecycle: "allow",
    judged: "allow",
    rootEquivalent: "deny",
  },
  routes: {},
  controls: {
    deny: new Set(judgedControls.filter(({ guard }) => guard === "deny").map(({ id }) => id)),
    harden: new Set(judgedControls.filter(({ guard }) => guard === "harden").map(({ id }) => id)),
  },
  override: "replace",
  rules: {},
  allow: {
    mounts: [],
    images: [],
    capabilities: [],
    users: [],
    networks: [],
    labels: [],
    runtimes: [],
    devices: [],
    sysctls: [],
    logDrivers: [],
    volumeDrivers: [],
    registries: [],
    names: [],
    frontends: [],
  },
  limits: { pids: { value: defaultPids, source: "the default of bulkhead guard" } },
  redact: false,
  owner: undefined,
  traffic: { connections: 1_000, concurrent: 256 },
  versions: { min: oldestVersion.minor },
  body: defaultJsonLimits,
};
