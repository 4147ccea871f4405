import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";
import type { Mailer } from "../../watch/outputs/send/send.ts";

const rule = {
  name: "ops",
  kind: "changes",
  type: "slack",
  target: "https://hooks.slack.com/services/T0/B0/k",
};

async function asked() {
  const mails: Parameters<Mailer["send"]>[0][] = [];
  const test = await testApp({
    mailer: {
      async send(mail) {
        mails.push(mail);
        return { outcome: "taken" };
      },
    },
  });
  const headers = await signedIn(test, "administrator", "ada");
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await test.call(method, `/api/v1/notifications${path}`, {
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, said: (await answer.json().catch(() => undefined)) as unknown };
  };
  return { test, ask, mails };
}

it("a rule is shown without what is a secret, and written down without it", async () => {
  const { test, ask } = await asked();
  const webhook = { ...rule, name: "program", type: "webhook", target: "https://x.example/p4th" };
  expect(await ask("POST", "", rule)).toEqual({ status: 200, said: { id: 1 } });
  expect(await ask("POST", "", { ...webhook, secret: "s3cret", token: "t0ken" })).toMatchObject({
    status: 200,
  });
  const { said } = await ask("GET", "");
  expect(said).toMatchObject({
    hasMailServer: true,
    rules: [
      { name: "ops", target: "slack https://hooks.slack.com", severity: "high", sent: 0, waiting: 0 },
      { name: "program", target: "webhook https://x.example" },
    ],
  });
  const log = await test.database.selectFrom("audit_log").selectAll().execute();
  expect(JSON.stringify([said, log])).not.toMatch(/s3cret|t0ken|p4th|services/);
  expect(await ask("DELETE", "/1")).toMatchObject({ status: 204 });
  expect(await ask("DELETE", "/1")).toMatchObject({ status: 404 });
});

it.each([
  [{ name: "ops" }, "Another rule has this name."],
  [{ target: "hooks.slack.com/x" }, "The target is not an address such as https://host/path."],
  [{ target: "file:///etc/passwd" }, "The target is not an address such as https://host/path."],
  [{ type: "ntfy", target: "https://ntfy.sh/" }, "The target names no topic: write https://ntfy.sh/TOPIC."],
  [{ secret: "s" }, "A notification by Slack has no secret."],
  [{ token: "t" }, "A notification by Slack has no token."],
  [
    { type: "otlp", target: "https://collector.example.org:4318/v1/logs" },
    "The target must not have /v1/logs or a query: write https://collector:4318.",
  ],
  [
    { type: "syslog", target: "logs:514" },
    "The target is not an address of a syslog: udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log is expected.",
  ],
  [
    { type: "syslog", target: "unix:///dev/log" },
    "Name a syslog server: tls://host:6514. The socket of one replica is not that of another.",
  ],
  [
    { type: "syslog", target: "tls://logs", kind: "weekly" },
    "A notification by syslog is for programs; a weekly summary is for people.",
  ],
  [{ facility: "daemon" }, "A notification by Slack has no facility."],
  [
    { type: "otlp", kind: "weekly" },
    "A notification by OpenTelemetry (OTLP) is for programs; a weekly summary is for people.",
  ],
  [{ team: 9 }, "No team has this number."],
  [{ controls: ["*"] }, "There is no control *."],
  [{ type: "mail", target: "ops" }, "The target names ops, which is not a mail address."],
  [
    { type: "mail", target: "a@example.org\r\nBcc: b@example.org" },
    "The target names a@example.org\r\nBcc: b@example.org, which is not a mail address.",
  ],
])("says in one line what is wrong with %j", async (more, error) => {
  const { test, ask } = await asked();
  await ask("POST", "", rule);
  expect(await ask("POST", "", { ...rule, name: "other", ...more })).toEqual({
    status: 409,
    said: { error },
  });
  expect(await test.database.selectFrom("notification_rule").select("id").execute()).toHaveLength(1);
});

it("a rule is changed; the address and the secrets stay where nothing is said of them", async () => {
  const { test, ask } = await asked();
  const webhook = {
    ...rule,
    type: "webhook",
    target: "https://x.example/p4th",
    secret: "s3cret",
    token: "t0ken",
  };
  await ask("POST", "", webhook);
  const next = { name: "night", severity: "critical", controls: ["privileged"], labels: ["env=prod"] };
  expect(await ask("PUT", "/1", next)).toMatchObject({ status: 204 });
  expect((await ask("GET", "")).said).toMatchObject({
    rules: [
      { ...next, kind: "changes", target: "webhook https://x.example", hasSecret: true, hasToken: true },
    ],
  });
  const stored = () => test.database.selectFrom("notification_rule").selectAll().executeTakeFirstOrThrow();
  expect(await stored()).toMatchObject({ target: webhook.target, secret: "s3cret", token: "t0ken" });
  // Nobody can have the token sent to a server of their own.
  const elsewhere = { ...next, target: "https://y.example/" };
  expect(await ask("PUT", "/1", elsewhere)).toEqual({
    status: 409,
    said: { error: "The token belongs to the old address: give one for the new, or none." },
  });
  expect(await ask("PUT", "/1", { ...next, target: "https://x.example/other" })).toMatchObject({
    status: 204,
  });
  expect(await ask("PUT", "/1", { ...elsewhere, token: null, secret: "n3w" })).toMatchObject({ status: 204 });
  expect(await stored()).toMatchObject({ target: "https://y.example/", secret: "n3w", token: null });
  expect(await ask("PUT", "/1", { ...next, target: "ftp://y.example/" })).toMatchObject({ status: 409 });
  expect(await ask("PUT", "/9", next)).toMatchObject({ status: 404 });
  await ask("POST", "", { ...rule, name: "other" });
  expect(await ask("PUT", "/1", { name: "other" })).toEqual({
    status: 409,
    said: { error: "Another rule has this name." },
  });
  const log = await test.database.selectFrom("audit_log").select(["what", "detail"]).execute();
  expect(log).toContainEqual({
    what: "notification rule changed",
    detail: expect.stringContaining('"to":"webhook https://y.example"'),
  });
  expect(JSON.stringify(log)).not.toMatch(/s3cret|t0ken|n3w|p4th/);
});

it("a rule is paused and resumed", async () => {
  const { test, ask } = await asked();
  await ask("POST", "", rule);
  expect(await ask("PUT", "/1/paused", { paused: true })).toMatchObject({ status: 204 });
  expect((await ask("GET", "")).said).toMatchObject({ rules: [{ paused: true }] });
  expect(await ask("PUT", "/1/paused", { paused: false })).toMatchObject({ status: 204 });
  expect((await ask("GET", "")).said).toMatchObject({ rules: [{ paused: false }] });
  expect(await ask("PUT", "/2/paused", { paused: true })).toMatchObject({ status: 404 });
  const log = await test.database.selectFrom("audit_log").select("what").execute();
  expect(log.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["notification rule paused", "notification rule resumed"]),
  );
});

it("without a mail server no mail can be asked for", async () => {
  const test = await testApp();
  const headers = await signedIn(test, "administrator");
  const body = { ...rule, type: "mail", target: "ops@example.org" };
  const answer = await test.call("POST", "/api/v1/notifications", { headers, body });
  expect(await answer.json()).toEqual({
    error: "bulkhead has no mail server: start bulkhead serve with --smtp and --mail-from.",
  });
});

it("a test goes at once, and says what the receiver does", async () => {
  const { ask, mails } = await asked();
  await ask("POST", "", { ...rule, kind: "weekly", type: "mail", target: "ops@example.org, b@example.org" });
  expect(await ask("POST", "/1/test")).toMatchObject({ status: 204 });
  expect(mails).toMatchObject([
    {
      to: "ops@example.org, b@example.org",
      subject: "bulkhead: the week on 0 hosts",
      text: expect.stringContaining("Open now: none.\nNew and still open: none.\nMended: 0 findings.\n"),
    },
  ]);
  const server = createServer((_, response) => {
    response.statusCode = 404;
    response.end("the secret of the receiver");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await ask("POST", "", { ...rule, name: "down", target: `http://127.0.0.1:${port}/x` });
  expect(await ask("POST", "/2/test")).toEqual({
    status: 502,
    said: { error: `slack http://127.0.0.1:${port} answers 404.` },
  });
});
