import { expect, it } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { everywhere, testFleet } from "../../../test/support/fleet/fleet.ts";
import { testServer } from "../../../test/support/fleet/reporting.ts";
import { countFindings } from "../store/findings/counts.ts";
import { putHost, putOpen } from "../store/hosts/hosts.ts";
import { retention } from "./upkeep.ts";

it("serve forgets what was resolved long ago, also where it watches nothing", async () => {
  const database = await testFleet();
  const now = Date.now();
  const state = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };
  await putHost(database, state, now);
  const areaOf = () => "";
  const [old, young] = [findingOf("privileged"), findingOf("host-pid")];
  await putOpen(database, "h", [old, young], now - retention - 2_000, areaOf);
  await putOpen(database, "h", [young], now - retention - 1_000, areaOf);
  await putOpen(database, "h", [], now - 1_000, areaOf);
  const resolved = () => countFindings(database, { ...everywhere, state: "resolved" });
  expect(await resolved()).toBe(2);
  await testServer(database);
  await expect.poll(resolved).toBe(1);
});
