import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { findingOf } from "../../../../test/support/changes.ts";
import { scraped, usedIn } from "../../../../test/support/fleet/promql.ts";
import { signedIn, testApp } from "../../../../test/support/fleet/serve.ts";
import { putHost, putOpen } from "../../store/hosts/hosts.ts";
import { addRule } from "../../store/notifications/rules.ts";
import { addTeam } from "../../store/teams/teams.ts";
import { takesGzip } from "./page.ts";

async function withFindings() {
  const test = await testApp();
  const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };
  const labels = { env: "prod" };
  await putHost(test.database, { ...host, labels }, Date.now());
  const open = (controls: readonly string[]) =>
    putOpen(
      test.database,
      "h",
      controls.map((control) => findingOf(control)),
      Date.now(),
      () => "",
    );
  await open(["a", "b", "c", "d"]);
  const cookie = await signedIn(test, "viewer");
  const get = (path: string, headers = {}) => test.call("GET", path, { headers: { ...cookie, ...headers } });
  return { get, open, test };
}

it("an answer that the page has is not sent again, until it is another", async () => {
  const { get, open } = await withFindings();
  const etag = (await get("/api/v1/findings")).headers.get("etag") ?? "";
  const again = await get("/api/v1/findings", { "if-none-match": etag });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  await open(["a"]);
  expect((await get("/api/v1/findings", { "if-none-match": etag })).status).toBe(200);
  // What is the same for nobody else: who has signed out gets nothing.
  expect((await get("/api/v1/findings", { cookie: "", "if-none-match": etag })).status).toBe(401);
});

it("answers are compressed for who takes it, and exports and the stream of events go as they are", async () => {
  const { get } = await withFindings();
  const gzip = { "accept-encoding": "br, gzip" };
  const zipped = await get("/api/v1/findings", gzip);
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  const plain = await get("/api/v1/findings");
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(gunzipSync(await zipped.arrayBuffer()).toString()).toBe(await plain.text());
  const exported = await get("/api/v1/exports/findings.json", gzip);
  expect(exported.headers.get("content-encoding")).toBeNull();
  expect(((await exported.json()) as { findings: unknown[] }).findings).toHaveLength(4);
  const page = await get("/", gzip);
  const same = await get("/", { ...gzip, "if-none-match": page.headers.get("etag") });
  expect([page.status, same.status]).toEqual([200, 304]);
});

it.each([
  ["gzip", true],
  ["deflate, gzip;q=0.5", true],
  ["gzip;q=0", false],
  ["gzip; q=0.0, br", false],
  ["br", false],
  [undefined, false],
])("%s: %s", (accepted, takes) => expect(takesGzip(accepted)).toBe(takes));

it("metrics count by control and severity, and a fault is one sentence without a stack", async () => {
  const { get, test } = await withFindings();
  const text = await (await get("/metrics")).text();
  for (const line of [
    'bulkhead_control_open_findings{control="a",severity="high"} 1',
    'bulkhead_open_findings{severity="high"} 4',
    "bulkhead_refused_sign_ins_total 0",
    "bulkhead_refused_reports_total 0",
  ])
    expect(text).toContain(`${line}\n`);
  expect(text).toMatch(/^bulkhead_database_seconds 0\.\d+$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d{6,}$/m);
  await test.call("POST", "/api/v1/session", { body: { name: "nobody", password: "wrong" } });
  expect(await (await get("/metrics")).text()).toContain("bulkhead_refused_sign_ins_total 1\n");
  await test.database.schema.dropTable("open_count").execute();
  const broken = await get("/metrics");
  expect(broken.status).toBe(500);
  expect(await broken.json()).toEqual({ error: "bulkhead could not answer. Its log says why." });
  expect(test.said.join("\n")).not.toMatch(/\n\s+at /);
});

it("the alerts and the dashboard ask for numbers and labels that there are", async () => {
  const { get, test } = await withFindings();
  await addTeam(test.database, { name: "shop", labels: ["env=prod"] }, 1);
  const rule = {
    name: "ops",
    kind: "changes",
    team: null,
    severity: "high",
    controls: [],
    labels: [],
  } as const;
  const target = { type: "webhook", target: "http://127.0.0.1:1/", secret: null, token: null } as const;
  await addRule(test.database, { ...rule, ...target, facility: null, author: "ada" }, 1);
  const known = scraped(await (await get("/metrics")).text());
  const dashboard = JSON.parse(readFileSync("packaging/serve/grafana-dashboard.json", "utf8")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const rules = parse(readFileSync("packaging/serve/prometheus-rules.yml", "utf8")) as {
    groups: { rules: { expr: string }[] }[];
  };
  const asked = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
  ].map(usedIn);
  expect(asked.flatMap(({ metrics }) => metrics).length).toBeGreaterThan(20);
  for (const { metrics, grouped } of asked)
    for (const { name, labels } of metrics)
      for (const label of [...labels, ...grouped]) expect(known.get(name), name).toContain(label);
  for (const { name } of asked.flatMap(({ metrics }) => metrics)) expect([...known.keys()]).toContain(name);
});

it("two serves on one machine do not take each other's cookie", async () => {
  const { get } = await withFindings();
  expect((await get("/api/v1/findings", { cookie: "bulkhead-7070=viewer" })).status).toBe(200);
  expect((await get("/api/v1/findings", { cookie: "bulkhead-7071=viewer" })).status).toBe(401);
});
