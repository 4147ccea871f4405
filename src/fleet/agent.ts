// The door of the fleet for a watch that reports to `bulkhead serve`.

export { readAccepted, writeAccepted } from "./agent/accepted/file.ts";
export { type AcceptedFilter, openAcceptedFilter } from "./agent/accepted/filter.ts";
export { type Guards, openGuards } from "./agent/guards/guards.ts";
export { beginRun, type Identity, keepIdentity } from "./agent/identity.ts";
export { type Portraits, portraitsOf } from "./agent/portrait/portraits.ts";
export { openReporter, type Reporter } from "./agent/reporter.ts";
export type { TakesAcceptances } from "./agent/channels.ts";
