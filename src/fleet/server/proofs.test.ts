import { expect, it } from "vitest";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";
import { enrol } from "../store/hosts/enrolments.ts";
import { addJob, tellJobs } from "../store/hosts/jobs.ts";
import { putProofs } from "../store/hosts/proofs.ts";
import type { Jobs } from "./api/jobs.ts";

const probe = { probe: "p", control: "c", outcome: "held", evidence: "refused", tries: "tries" } as const;

it("a container's jobs come with what its host proves daily, and with the latest proof, however old", async () => {
  const test = await testApp();
  const { database } = test;
  const headers = await signedIn(test, "viewer");
  await database
    .insertInto("enrolment")
    .values({ token: "t", author: "ada", created: 1, expires: 2 })
    .execute();
  const containers = [{ name: "web", image: undefined, project: undefined, running: true }];
  const state = { name: "h", engine: "e", version: "1", connected: true, containers };
  const host = (await enrol(database, { token: "t", key: "k", host: state, now: 1 }))?.id ?? "";
  const ask = async () => {
    const answer = await test.call("GET", `/api/v1/hosts/${host}/containers/web/jobs`, { headers });
    return (await answer.json()) as Jobs;
  };
  expect(await ask()).toEqual({ daily: null, allowed: [], jobs: [] });
  const proof = { container: "web", time: 5, trouble: null, probes: [probe] };
  await putProofs(database, host, { number: 1, proofs: [proof], ahead: 0 }, 9);
  expect((await ask()).daily).toEqual({ tried: 5, trouble: null, proven: 5, probes: [probe] });
  const end = async (kind: "prove" | "learn") => {
    const id = Number(
      await addJob(database, { host, container: "web", kind, seconds: null, author: "o" }, 1),
    );
    const probes = kind === "prove" ? [probe] : null;
    await tellJobs(database, host, { now: null, ended: { id, trouble: null, probes, report: null } }, 2);
    return id;
  };
  const earlier = [await end("prove"), await end("prove")];
  for (let times = 0; times < 12; times += 1) await end("learn");
  const { jobs } = await ask();
  expect(jobs).toHaveLength(11);
  expect(jobs.at(-1)).toMatchObject({ id: earlier[1], kind: "prove", probes: [probe] });
});
