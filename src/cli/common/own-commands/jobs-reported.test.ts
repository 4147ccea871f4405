import { expect, it } from "vitest";
import { findingOf } from "../../../../test/support/changes.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import { testHost, testServer } from "../../../../test/support/fleet/reporting.ts";
import type { HostJobs } from "../../../fleet/protocol/job.ts";
import { addJob, allowedOn, jobsOf } from "../../../fleet/store/hosts/jobs.ts";
import type { FleetDatabase } from "../../../fleet/store/open.ts";
import type { JobKind } from "../../../watch/job-kinds.ts";
import { openJobs } from "./jobs.ts";

const patience = { timeout: 15_000 };
const proof = { schemaVersion: 1, probes: [{ probe: "p", control: "c", outcome: "notHeld", evidence: "e" }] };

/** A host whose commands end when the test says so. */
function workingHost(url: string, allowed: readonly JobKind[]) {
  const finishes: (() => void)[] = [];
  const jobs: HostJobs = openJobs({
    ...{ allowed, engine: [], kernel: [], tries: () => "tries", say() {} },
    running: () => ["web"],
    compose: () => undefined,
    changed: () => host.looked(),
    async run(_, signal) {
      await new Promise<void>((resolve) => {
        finishes.push(resolve);
        signal.addEventListener("abort", () => resolve());
      });
      return { printed: JSON.stringify(proof), complaint: "", status: 1 };
    },
  });
  const host = testHost(url, { open: [findingOf("privileged")], jobs });
  return { host, jobs, finish: () => finishes.at(-1)?.(), begun: () => finishes.length };
}

async function idOf(database: FleetDatabase): Promise<string> {
  const id = async () => (await database.selectFrom("host").select("id").executeTakeFirst())?.id;
  await expect.poll(id, patience).toBeDefined();
  return (await id()) ?? "";
}

describeStores((open) => {
  it("a host does what an operator asked for, says when it begins, and tells what came of it", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const { finish, begun } = workingHost(url, ["prove"]);
    const id = await idOf(database);
    await expect.poll(() => allowedOn(database, id), patience).toEqual(["prove"]);
    const job = { host: id, container: "web", kind: "prove", seconds: null, author: "otto" } as const;
    await addJob(database, job, Date.now());
    const latest = async () => (await jobsOf(database, { host: id, container: "web" }, 1))[0];
    await expect.poll(latest, patience).toMatchObject({ started: expect.any(Number), ended: null });
    finish();
    await expect.poll(latest, patience).toMatchObject({
      ended: expect.any(Number),
      probes: [{ probe: "p", control: "c", outcome: "notHeld", evidence: "e", tries: "tries" }],
    });
    // What the host does not allow it refuses, no matter who asked.
    await addJob(database, { ...job, kind: "learn", seconds: 60 }, Date.now());
    await expect.poll(latest, patience).toMatchObject({ trouble: "this host does not allow learn" });
    expect(begun()).toBe(1);
  });

  it("a host that ends says so of its job", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const { host, jobs } = workingHost(url, ["prove"]);
    const id = await idOf(database);
    const job = { host: id, container: "web", kind: "prove", seconds: null, author: "otto" } as const;
    await addJob(database, job, Date.now());
    await expect.poll(() => jobs.told().now, patience).not.toBeNull();
    await jobs.close();
    await host.close();
    const [row] = await jobsOf(database, { host: id, container: "web" }, 1);
    expect(row).toMatchObject({ trouble: "the watch was stopped", ended: expect.any(Number) });
  });
});
