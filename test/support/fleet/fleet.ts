import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { everything, type FindingsQuery } from "../../../src/fleet/store/findings/query.ts";
import { type FleetDatabase, openFleet } from "../../../src/fleet/store/open.ts";
import { testFolder } from "../test-folder.ts";

/** Everything on every host. */
export const everywhere: FindingsQuery = { ...everything, sight: "all" };

/** A database of `bulkhead serve`, in a folder that is gone after the test. */
export async function testFleet(path = join(testFolder(), "serve.db")): Promise<FleetDatabase> {
  if (!path.includes("://") && !existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await emptyDatabase());
  }
  const opened = await openFleet(path);
  if (!opened.ok) throw new Error(opened.reason);
  onTestFinished(() => opened.value.destroy());
  return opened.value;
}

let empty: Promise<Uint8Array> | undefined;

/** Each step of the schema waits for the disk: it is made once, and copied. */
function emptyDatabase(): Promise<Uint8Array> {
  empty ??= makeEmpty();
  return empty;
}

async function makeEmpty(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-fleet-"));
  try {
    const path = join(folder, "empty.db");
    const opened = await openFleet(path);
    if (!opened.ok) throw new Error(opened.reason);
    await opened.value.destroy();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every change that is kept of a control: `opened`, `changed`, `resolved`. */
export async function changesOf(database: FleetDatabase, control: string): Promise<readonly string[]> {
  const rows = await database
    .selectFrom("change")
    .innerJoin("finding", "finding.id", "change.finding")
    .select("change.change")
    .where("finding.control", "=", control)
    .orderBy("change.id")
    .execute();
  return rows.map(({ change }) => change);
}
