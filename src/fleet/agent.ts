// The door of the fleet for a watch that reports to `bulkhead serve`.

export { type AcceptedFilter, openAcceptedFilter, readAccepted, writeAccepted } from "./agent/accepted.ts";
export type { TakesAcceptances } from "./agent/channels.ts";
export { type Guards, openGuards } from "./agent/guards.ts";
export { beginRun, type Identity, keepIdentity } from "./agent/identity.ts";
export { type Portraits, portraitsOf } from "./agent/portrait/portraits.ts";
export { openReporter, type Reporter } from "./agent/reporter.ts";
