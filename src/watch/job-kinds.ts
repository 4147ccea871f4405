/** What an operator of bulkhead serve may start for a container of a host that allows it. */
export const jobKinds = ["prove", "learn", "fix", "verify"] as const;
export type JobKind = (typeof jobKinds)[number];
