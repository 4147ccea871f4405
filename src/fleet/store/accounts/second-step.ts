import type { FleetDatabase } from "../open.ts";

/** What the codes of an authenticator app are checked with. */
export interface SecondStep {
  /** Base32. It has to be readable: each code is made from it. */
  readonly secret: string;
  /** The number of the last used code (RFC 6238's T): a code is good once. */
  readonly last: number;
  /** SHA-256 of the recovery codes that are left, each good once. */
  readonly recovery: readonly string[];
}

/** The second step of an account; undefined: a password is enough. */
export async function secondStepOf(database: FleetDatabase, id: number): Promise<SecondStep | undefined> {
  const row = await database
    .selectFrom("account")
    .select("second_step")
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.second_step ? (JSON.parse(row.second_step) as SecondStep) : undefined;
}

/** Changes it, if it still is `before`: of two requests with the same code one succeeds. */
export async function setSecondStep(
  database: FleetDatabase,
  id: number,
  before: SecondStep | undefined,
  next: SecondStep | undefined,
): Promise<boolean> {
  const text = (step: SecondStep | undefined) => (step ? JSON.stringify(step) : null);
  const { numUpdatedRows } = await database
    .updateTable("account")
    .set({ second_step: text(next) })
    .where("id", "=", id)
    .where("second_step", before ? "=" : "is", text(before))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
