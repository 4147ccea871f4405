import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { breakingNetwork, madeUpServer } from "../../../test/support/fleet/other-servers.ts";
import { describeStores } from "../../../test/support/fleet/postgres.ts";
import { testHost, testServer } from "../../../test/support/fleet/reporting.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { ReportRequest } from "../protocol/report.ts";
import { pastDecisions } from "../store/hosts/guards.ts";
import { openGuards } from "./guards.ts";

function line(verdict: "allow" | "deny", client = "ci"): string {
  return `${JSON.stringify({
    ...{ time: new Date().toISOString(), client, listener: "unix:///run/ci.sock", policy: "default" },
    ...{ mode: "enforce", method: "GET", route: "container-list", object: {}, verdict, controls: [] },
    ...{ reasons: [], changes: [], warnings: [] },
  })}\n`;
}

/** A guard's log, and a host that follows it. */
function guardedHost(url: string) {
  const log = join(testFolder(), "guard.log");
  writeFileSync(log, "");
  const guards = openGuards({
    ...{ logs: [log], say() {}, pauses: { look: 2, apart: 2, gather: 10 } },
    changed: () => host.looked(),
  });
  const host = testHost(url, { open: [findingOf("privileged")], guards });
  return { log, host, add: (...lines: readonly string[]) => appendFileSync(log, lines.join("")) };
}

const patience = { timeout: 15_000 };

describeStores((open) => {
  it("what guards decide on a host is counted once, over a network that breaks off each second report", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const network = await breakingNetwork(url);
    const { log, host, add } = guardedHost(network.url);
    const counted = async () => {
      const [row] = await database.selectFrom("host").select("id").execute();
      const past = row ? await pastDecisions(database, { host: row.id, log, since: 0 }, 10) : [];
      return Object.fromEntries(past.map(({ verdict, times }) => [verdict, times]));
    };
    for (let round = 1; round <= 8; round += 1) {
      add(line("allow"), line("deny"), line("allow"));
      await expect.poll(counted, patience).toEqual({ allow: 2 * round, deny: round });
    }
    network.mend();
    // The end tells what is not due yet.
    add(line("allow"));
    await host.close();
    expect(await counted()).toEqual({ allow: 17, deny: 8 });
  });
});

const isOfGuards = ({ guards }: ReportRequest) => guards !== undefined;

describe("what guards decide", () => {
  it("is dropped where it is refused, and holds nothing else up", async () => {
    const { url, told } = await madeUpServer(isOfGuards);
    const { host, add } = guardedHost(url);
    add(line("deny"));
    await expect.poll(() => host.said.join(), patience).toContain("rejected the guard decisions");
    host.change("opened", findingOf("host-pid"));
    await expect.poll(() => told.filter(({ changes }) => changes.length > 0).length, patience).toBe(1);
  });
});
