import { beforeEach, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import { failed, ok } from "../../base/result.ts";
import { putChanges, putHost } from "../../fleet/store/hosts/hosts.ts";
import { accept, assign, enrol, remove } from "./change.ts";
import type { FleetClient } from "./client.ts";

let test: Test;
let client: FleetClient;

const common = { format: "json", severity: [] } as const;
const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
const accepting = { ...common, all: false, reason: "the driver", until };

beforeEach(async () => {
  test = await testApp();
  const headers = await signedIn(test, "administrator", "ada");
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await test.call(method, `/api/v1${path}`, { headers, ...(body ? { body } : {}) });
    const said = answer.status === 204 ? {} : ((await answer.json()) as { error?: string });
    return answer.ok ? ok(said) : failed(said.error ?? String(answer.status));
  };
  client = {
    get: async (path, query) => {
      const asked = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
      return await ask("GET", `${path}?${new URLSearchParams(asked)}`);
    },
    send: ask,
  };
  for (const id of ["one", "two"]) {
    await putHost(
      test.database,
      { id, name: `${id}.example`, engine: "e", version: "1", connected: true, containers: [] },
      1,
    );
    const findings = [findingOf("privileged"), findingOf("privileged", { subject: "container:db" })];
    await putChanges(
      test.database,
      id,
      findings.map((each) => changeOf("opened", each)),
      () => "",
    );
  }
});

const openFindings = async () => {
  const answer = await client.get("/findings", { state: "open" });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.value as { total: number; findings: { assignment: { assignee: string } | null }[] };
};

it("accepts the findings that the filters choose, several only where all are wanted", async () => {
  expect(await accept(client, accepting)).toMatchObject({
    ok: false,
    reason: "4 open findings match: name a single one, or give --all",
  });
  expect(await accept(client, { ...accepting, subject: "container:none" })).toMatchObject({
    ok: false,
    reason: "no open finding matches",
  });
  expect(await openFindings()).toMatchObject({ total: 4 });
  const one = await accept(client, { ...accepting, on: "one.example", subject: "container:db" });
  expect(one).toMatchObject({ ok: true, value: { document: { acceptances: [{ state: "active" }] } } });
  expect(await openFindings()).toMatchObject({ total: 3 });
  expect(await accept(client, { ...accepting, all: true })).toMatchObject({ ok: true });
  expect(await openFindings()).toMatchObject({ total: 0 });
});

it("says what the server refuses", async () => {
  const old = await accept(client, { ...accepting, all: true, until: "2020-01-01" });
  expect(old).toEqual({ ok: false, reason: "The last day, 2020-01-01, has passed." });
});

it("assigns findings, and takes the assignment back", async () => {
  const chosen = { ...common, all: true, on: "two" };
  expect(await assign(client, { ...chosen, to: "bob", due: until })).toMatchObject({
    ok: true,
    value: { lines: [expect.stringMatching(/^bob until .*container:/), expect.any(String)] },
  });
  const assignees = async () =>
    (await openFindings()).findings.map(({ assignment }) => assignment?.assignee ?? "nobody");
  expect((await assignees()).toSorted()).toEqual(["bob", "bob", "nobody", "nobody"]);
  expect(await assign(client, { ...chosen, to: "" })).toMatchObject({ ok: true });
  expect((await assignees()).includes("bob")).toBe(false);
});

it("makes a token by which hosts enrol, and removes a host", async () => {
  const made = await enrol(client, { ...common, hours: 2, label: ["site=berlin"] });
  expect(made).toMatchObject({ ok: true, value: { lines: [expect.stringMatching(/^[\w-]{20,}$/)] } });
  expect(await client.get("/enrolments", {})).toMatchObject({
    ok: true,
    value: { enrolments: [{ author: "ada" }] },
  });
  expect(await remove("three")(client, common)).toMatchObject({
    ok: false,
    reason: /no host is named three/,
  });
  expect(await remove("one.example")(client, common)).toMatchObject({ ok: true });
  expect(await client.get("/hosts", {})).toMatchObject({ ok: true, value: { hosts: [{ id: "two" }] } });
});
