import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { describeStores } from "../../../test/support/fleet/postgres.ts";
import { testHost, testServer } from "../../../test/support/fleet/reporting.ts";
import { portraitOf } from "../../store/fleet/hosts/portraits.ts";
import type { Portrait } from "../portrait/portrait.ts";
import type { ReportRequest } from "./protocol.ts";

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

/** A server that answers 400 to what `refuses` says, and keeps everything else. */
async function madeUp(answer: object, refuses: (report: ReportRequest) => boolean = () => false) {
  const told: ReportRequest[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const report = JSON.parse(text) as ReportRequest;
      if (request.url?.endsWith("/enrol")) return void response.end(JSON.stringify({ id: "h" }));
      told.push(report);
      const last = report.whole?.number ?? (report.changes.length > 0 ? report.first : 0);
      response.writeHead(refuses(report) ? 400 : 200);
      response.end(JSON.stringify({ last, wantsWhole: false, now: Date.now(), ...answer }));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

describe("a portrait", () => {
  it("is not sent to a server that does not say that it takes one", async () => {
    const { url, told } = await madeUp({});
    const host = testHost(url);
    host.portrait(portrait(1));
    host.change("opened", findingOf("privileged"));
    await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThan(4);
    expect(told.filter((report) => report.portrait)).toEqual([]);
  });

  it("is sent once, and one that is refused holds nothing else up", async () => {
    const { url, told } = await madeUp({ protocol: 2 }, (report) => report.portrait !== undefined);
    const host = testHost(url);
    host.portrait(portrait(1));
    await expect.poll(() => host.said.join(), { timeout: 10_000 }).toContain("will not take this host's");
    host.change("opened", findingOf("privileged"));
    await expect.poll(() => told.filter((report) => report.changes.length > 0).length).toBe(1);
    expect(told.filter((report) => report.portrait)).toHaveLength(1);
  });
});
