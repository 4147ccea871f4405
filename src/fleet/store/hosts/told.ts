import type { FleetDatabase } from "../open.ts";

/** Milliseconds by which a host's clock may differ. */
const tolerated = 60_000;

/** Whether a host's clock is wrong that is ahead by so many milliseconds. */
export function isClockWrong(ahead: number): boolean {
  return Math.abs(ahead) > tolerated;
}

/** Milliseconds to take from the times that a host tells whose clock is ahead by so many. */
export function clockError(ahead: number): number {
  return isClockWrong(ahead) ? ahead : 0;
}

/**
 * Keeps the number of what a host tells, in a transaction that holds the host. False if it told this before, or is not
 * known.
 */
export async function isNews(
  step: FleetDatabase,
  host: string,
  column: "last_guards" | "last_proofs",
  number: number,
): Promise<boolean> {
  const row = await step
    .updateTable("reporter")
    .set({ [column]: number })
    .where("host", "=", host)
    .where(column, "<", number)
    .returning("host")
    .executeTakeFirst();
  return row !== undefined;
}
