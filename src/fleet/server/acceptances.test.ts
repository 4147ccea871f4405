import { beforeEach, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { putChanges, putHost } from "../store/hosts/hosts.ts";

let test: Test;
let ada: Record<string, string>;
let bob: Record<string, string>;

beforeEach(async () => {
  test = await testApp();
  ada = await signedIn(test, "operator", "ada");
  bob = await signedIn(test, "administrator", "bob");
  const containers = [{ name: "web", image: "nginx:1", project: "shop", running: true }];
  await putHost(
    test.database,
    { id: "h", name: "h", engine: "e", version: "1", connected: true, containers },
    1,
  );
  const findings = [findingOf("privileged"), findingOf("privileged-exec", { subject: "exec:web" })];
  await putChanges(
    test.database,
    "h",
    findings.map((each) => changeOf("opened", each)),
    () => "",
  );
});

const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
const onImage = { scope: "image", control: "privileged", image: "nginx:1", reason: "the driver: #1", until };

const ask = async (who: Record<string, string>, method: string, path: string, body?: unknown) => {
  const answer = await test.call(method, `/api/v1${path}`, { headers: who, ...(body ? { body } : {}) });
  return { status: answer.status, said: await answer.json().catch(() => undefined) };
};
const open = async () => ((await ask(ada, "GET", "/findings")).said as { total: number }).total;

it("accepts what is asked for, and says in one line why it does not", async () => {
  const accept = (body: Record<string, unknown>) => ask(ada, "POST", "/acceptances", body);
  expect(await accept({ ...onImage, until: "2020-01-01" })).toEqual({
    status: 409,
    said: { error: "The last day, 2020-01-01, has passed." },
  });
  expect(await accept({ ...onImage, until: "2027-02-30" })).toMatchObject({ status: 400 });
  expect(await accept({ ...onImage, reason: " " })).toEqual({
    status: 400,
    said: { error: "reason: a reason is needed" },
  });
  expect(await accept({ ...onImage, control: "*" })).toMatchObject({ status: 409 });
  expect(await accept({ scope: "finding", finding: 99, reason: "x", until })).toEqual({
    status: 409,
    said: { error: "This finding is no longer open." },
  });
  expect(await open()).toBe(2);
  expect(await accept(onImage)).toMatchObject({ status: 200, said: { state: "active" } });
  expect(await open()).toBe(1);
  expect((await ask(ada, "GET", "/findings?state=accepted")).said).toMatchObject({ total: 1 });
  expect(await ask(ada, "DELETE", "/acceptances/1")).toMatchObject({ status: 204 });
  expect(await ask(ada, "DELETE", "/acceptances/1")).toMatchObject({ status: 404 });
  expect(await open()).toBe(2);
  expect((await ask(bob, "GET", "/audit-log")).said).toMatchObject({
    entries: [
      { who: "ada", what: "acceptance ended", detail: { image: "nginx:1" } },
      { who: "ada", what: "accepted", detail: { reason: "the driver: #1", until } },
    ],
  });
});

it("waits for a second person where that is configured", async () => {
  expect(await ask(bob, "PUT", "/settings", { isReviewNeeded: true })).toMatchObject({ status: 204 });
  expect(await ask(ada, "POST", "/acceptances", onImage)).toMatchObject({ said: { state: "waiting" } });
  expect(await ask(ada, "PUT", "/acceptances/1/review")).toMatchObject({ status: 409 });
  expect(await open()).toBe(2);
  expect(await ask(bob, "PUT", "/acceptances/1/review")).toMatchObject({ status: 204 });
  expect(await open()).toBe(1);
});

it("is asked for once while it waits", async () => {
  await ask(bob, "PUT", "/settings", { isReviewNeeded: true });
  expect(await ask(ada, "POST", "/acceptances", onImage)).toMatchObject({ status: 200 });
  expect(await ask(bob, "POST", "/acceptances", onImage)).toEqual({
    status: 409,
    said: {
      error: "ada asked for this already. The page Acceptances shows it: it waits for a second person.",
    },
  });
  const other = { ...onImage, control: "host-pid" };
  expect(await ask(ada, "POST", "/acceptances", other)).toMatchObject({ status: 200 });
  await ask(ada, "DELETE", "/acceptances/1");
  expect(await ask(ada, "POST", "/acceptances", onImage)).toMatchObject({ status: 200 });
});

it("is exported as a bulkhead.yaml that audit reads", async () => {
  await ask(ada, "POST", "/acceptances", onImage);
  await ask(ada, "POST", "/acceptances", { ...onImage, scope: "project", control: "*", project: "shop" });
  await ask(ada, "POST", "/acceptances", { scope: "finding", finding: 1, reason: "x", until });
  await ask(ada, "POST", "/acceptances", { scope: "finding", finding: 2, reason: "x", until });
  const ignores = async (query: string) => {
    const answer = await test.call("GET", `/api/v1/acceptances/bulkhead.yaml${query}`, { headers: ada });
    const config = readConfig("bulkhead.yaml", memoryFiles({ "bulkhead.yaml": await answer.text() }));
    return config.ok ? config.value.ignores : config;
  };
  const shared = [
    { control: "*", project: "shop", reason: "the driver: #1", until },
    { control: "privileged", image: "nginx:1", reason: "the driver: #1", until },
  ];
  expect(await ignores("?host=h")).toEqual([
    { control: "privileged-exec", subject: "exec:web/*", reason: "x", until },
    { control: "privileged", subject: "container:web", reason: "x", until },
    ...shared,
  ]);
  expect(await ignores("")).toEqual(shared);
});
