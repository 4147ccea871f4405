import { describe, expect, it } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { madeUpServer } from "../../../test/support/fleet/other-servers.ts";
import { describeStores } from "../../../test/support/fleet/postgres.ts";
import { testHost, testServer } from "../../../test/support/fleet/reporting.ts";
import type { Portrait } from "../protocol/report.ts";
import { portraitOf } from "../store/hosts/portraits.ts";

const portrait = (taken: number): Portrait => ({
  taken,
  settings: [{ group: "daemon", name: "icc", value: "on", from: "default" }],
  benchmark: { id: "cis-1.6", results: [] },
});

describeStores((open) => {
  it("a host tells its portrait, and each newer one", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const host = testHost(url, { open: [findingOf("privileged")] });
    const kept = async () => {
      const [row] = await database.selectFrom("host").select("id").execute();
      return row && (await portraitOf(database, row.id))?.settings;
    };
    host.portrait(portrait(Date.now() - 1_000));
    await expect.poll(kept, { timeout: 15_000 }).toEqual(portrait(0).settings);
    host.portrait({ ...portrait(Date.now()), settings: [] });
    await expect.poll(kept, { timeout: 15_000 }).toEqual([]);
  });
});

describe("a portrait", () => {
  it("is sent once, and one that is refused holds nothing else up", async () => {
    const { url, told } = await madeUpServer((report) => report.portrait !== undefined);
    const host = testHost(url);
    host.portrait(portrait(1));
    await expect.poll(() => host.said.join(), { timeout: 10_000 }).toContain("rejected this host's settings");
    host.change("opened", findingOf("privileged"));
    await expect.poll(() => told.filter((report) => report.changes.length > 0).length).toBe(1);
    expect(told.filter((report) => report.portrait)).toHaveLength(1);
  });
});
