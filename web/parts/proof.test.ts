import { expect, it } from "vitest";
import type { Answer } from "../api.ts";
import { counted, latestProof, type Probe } from "./proof.tsx";

type Jobs = Answer<"/hosts/:id/containers/:name/jobs">;

const probe = (outcome: Probe["outcome"]): Probe => ({
  ...{ probe: "p", control: "c", evidence: "", tries: "", outcome },
});

function job(ended: number | null, probes: Probe[] | null): Jobs["jobs"][number] {
  const times = { asked: 0, started: 0, ended };
  return {
    ...{ id: 1, kind: "prove", seconds: null, author: "ada", trouble: null, report: null },
    ...times,
    probes,
  };
}

const daily = (proven: number | null, probes: Probe[] | null): Jobs["daily"] => ({
  ...{ tried: 9, trouble: null, proven, probes },
});

it("takes the newest proof, by a job or by the watch", () => {
  const jobs = [job(5, [probe("held")]), job(3, [probe("notHeld")])];
  expect(latestProof({ allowed: [], jobs, daily: null })).toMatchObject({ time: 5, author: "ada" });
  const later = { allowed: [], jobs, daily: daily(7, [probe("notHeld")]) };
  expect(latestProof(later)).toMatchObject({ time: 7, author: null });
});

it("takes no job that runs, failed, or proved nothing", () => {
  const jobs = [job(null, null), job(4, null)];
  expect(latestProof({ allowed: [], jobs, daily: daily(null, null) })).toBeUndefined();
});

it("counts probes by their outcome", () => {
  expect(counted([probe("held"), probe("held"), probe("notHeld")])).toContain("2 held");
});
