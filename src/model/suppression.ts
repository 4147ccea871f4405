/** Why a finding does not count. */
export interface Suppression {
  readonly kind: "comment" | "config";
  readonly reason: string;
  /** ISO date after which the finding returns. */
  readonly until: string | null;
  /** Where it is written: `compose.yaml:4`, `bulkhead.yaml`. */
  readonly at?: string;
}
