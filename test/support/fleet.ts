import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type FleetDatabase, openFleet } from "../../src/store/fleet/open.ts";
import { testFolder } from "./test-folder.ts";

/** A database of `bulkhead serve`, in a folder that is gone after the test. */
export async function testFleet(path = join(testFolder(), "serve.db")): Promise<FleetDatabase> {
  const opened = await openFleet(path);
  if (!opened.ok) throw new Error(opened.reason);
  onTestFinished(() => opened.value.destroy());
  return opened.value;
}
