/** How a dialect spells what the two do not spell alike. */
export interface Spelling {
  readonly id: "integer" | "bigserial";
  readonly number: "integer" | "bigint";
}
