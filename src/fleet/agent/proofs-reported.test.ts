import { describe, expect, it, onTestFinished } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { breakingNetwork, madeUpServer } from "../../../test/support/fleet/other-servers.ts";
import { describeStores } from "../../../test/support/fleet/postgres.ts";
import { liar, testHost, testServer, whole } from "../../../test/support/fleet/reporting.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { openQueue } from "../../watch/outputs/queue/queue.ts";
import type { ProofTold } from "../protocol/job.ts";
import type { ReportRequest } from "../protocol/report.ts";
import { proofOf } from "../store/hosts/proofs.ts";
import type { FleetDatabase } from "../store/open.ts";
import { proofsIn } from "./channels.ts";

const patience = { timeout: 15_000 };

function proof(container: string, evidence = "refused"): ProofTold {
  const probe = { probe: "p", control: "c", outcome: "held", evidence, tries: "tries" } as const;
  return { container, time: Date.now(), trouble: null, probes: [probe] };
}

/** What the database has of a container of the only host. */
function keptOf(database: FleetDatabase) {
  return async (container: string) => {
    const host = (await database.selectFrom("host").select("id").executeTakeFirst())?.id ?? "";
    return (await proofOf(database, { host, container }))?.probes?.map(({ evidence }) => evidence);
  };
}

describeStores((open) => {
  it("what a proof shows is kept, over a network that breaks off each second report", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const network = await breakingNetwork(url);
    const host = testHost(network.url);
    const kept = keptOf(database);
    for (let round = 1; round <= 8; round += 1) {
      for (const name of ["web", "db"]) host.proven(proof(name, `round ${round}`));
      await expect.poll(() => kept("web"), patience).toEqual([`round ${round}`]);
      await expect.poll(() => kept("db"), patience).toEqual([`round ${round}`]);
    }
  });

  it("waits on the disk while nobody serves, also over an end of the watch", async () => {
    const database = await open();
    const folder = testFolder();
    const away = testHost("http://127.0.0.1:1", { folder });
    for (let at = 1; at <= 50; at += 1) away.proven(proof(`service-${at}`, `of ${at}`));
    await away.close();
    const { url } = await testServer(database);
    testHost(url, { folder });
    const kept = keptOf(database);
    await expect.poll(() => kept("service-50"), patience).toEqual(["of 50"]);
    expect(await kept("service-1")).toEqual(["of 1"]);
  });

  it("are kept as the host tells them, and a host that lies is refused", async () => {
    const database = await open();
    const { report, id } = await liar(database);
    expect(await report(whole(1))).toMatchObject({ status: 200 });
    const of = (container: string) => proofOf(database, { host: id, container });
    const told = (number: unknown, proofs: unknown) => report({ proofs: { number, proofs } });
    expect(await told(1, [proof("web")])).toMatchObject({ status: 200, body: { last: 1 } });
    expect(await of("web")).toMatchObject({ trouble: null });
    for (const wrong of [
      await told(2, [{ ...proof("web"), probes: [{ probe: "<b>", control: "c" }] }]),
      await told(2, [{ ...proof("web"), time: "soon" }]),
      await told(2, [proof("w".repeat(301))]),
      await told(2, [proof("web", "e".repeat(2_001))]),
      await told(
        2,
        Array.from({ length: 21 }, () => proof("web")),
      ),
      await told(0, [proof("web")]),
      await told(Number.MAX_SAFE_INTEGER + 1, [proof("web")]),
    ])
      expect(wrong.status).toBe(400);
  });
});

async function madeUpProofs(refuses: (report: ReportRequest) => boolean) {
  const server = await madeUpServer(refuses);
  const proofs = () => server.told.flatMap((report) => (report.proofs ? [report.proofs] : []));
  return { ...server, proofs };
}

describe("a proof", () => {
  it("that comes while others are on their way goes with the next ones, under another number", () => {
    const queue = openQueue({ folder: testFolder(), size: 1_000_000, say() {} });
    onTestFinished(() => queue.close());
    let number = 0;
    const proofs = proofsIn(queue, () => (number += 1));
    proofs.add(proof("web"));
    const first = proofs.next();
    expect(first?.proofs.map(({ container }) => container)).toEqual(["web"]);
    proofs.add(proof("db"));
    // The answer was lost.
    expect(proofs.next()).toEqual(first);
    proofs.kept();
    expect(proofs.next()).toMatchObject({ number: 2, proofs: [{ container: "db" }] });
    proofs.kept();
    expect(proofs.next()).toBeUndefined();
    expect(queue.waiting()).toBe(0);
  });

  it("that is refused holds up neither others nor a change", async () => {
    const isBad = ({ container }: ProofTold) => container === "bad";
    const { url, told, proofs } = await madeUpProofs((report) => report.proofs?.proofs.some(isBad) ?? false);
    const host = testHost(url, { isReady: false });
    for (const name of ["web", "bad", "db"]) host.proven(proof(name));
    await expect.poll(() => told.length, patience).toBeGreaterThan(1);
    host.ready();
    await expect.poll(() => host.said.join(), patience).toContain("rejected a proof");
    host.change("opened", findingOf("host-pid"));
    await expect.poll(() => told.filter(({ changes }) => changes.length > 0).length, patience).toBe(1);
    const batches = proofs().map(({ proofs: each }) => each.map(({ container }) => container));
    await expect.poll(() => proofs().at(-1)?.proofs[0]?.container, patience).toBe("db");
    expect(batches[0]).toEqual(["web", "bad", "db"]);
    const numbers = proofs().map(({ number }) => number);
    expect(numbers.toSorted((one, other) => one - other)).toEqual(numbers);
  });
});
