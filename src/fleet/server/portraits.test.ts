import { expect, it } from "vitest";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";
import { cis } from "../../audit/benchmark/cis/cis.ts";
import { putHost } from "../store/hosts/hosts.ts";
import { putPortrait } from "../store/hosts/portraits.ts";
import type { HostPortrait } from "./api/shapes.ts";

const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };

it("a host's portrait has every recommendation, and what its host did not tell is unknown", async () => {
  const test = await testApp();
  const headers = await signedIn(test, "viewer");
  const ask = async (id: string) => await test.call("GET", `/api/v1/hosts/${id}/portrait`, { headers });
  expect((await ask("h")).status).toBe(404);
  await putHost(test.database, host, 1);
  expect(await (await ask("h")).json()).toEqual({
    taken: null,
    settings: [],
    changes: [],
    benchmark: null,
  });
  const told = {
    number: "2.15",
    outcome: "fail" as const,
    evidence: [{ subject: "engine", message: "Live restore is off" }],
    more: 0,
    remedy: "Turn it on.",
  };
  const settings = [{ group: "daemon" as const, name: "live-restore", value: "off", from: "default" }];
  await putPortrait(test.database, "h", {
    taken: 5,
    settings,
    benchmark: { id: "cis-1.6", results: [told] },
  });
  const answer = (await (await ask("h")).json()) as HostPortrait;
  expect(answer).toMatchObject({ taken: 5, settings, benchmark: { title: "CIS Docker Benchmark 1.6" } });
  const results = answer.benchmark?.sections.flatMap((section) => section.results);
  const all = cis.sections.flatMap(({ recommendations }) => recommendations);
  expect(results).toHaveLength(all.length);
  for (const { number, title } of all) {
    const expected = number === told.number ? told : { outcome: "unknown", evidence: [], remedy: null };
    expect(results).toContainEqual(expect.objectContaining({ ...expected, number, title }));
  }
});
