import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuthzMessage } from "./message.ts";
import { authzServer, type Ruling } from "./server.ts";

let rule: (message: AuthzMessage) => Promise<Ruling> = async () => ({ allow: true });
const authz = authzServer((message) => rule(message));
const { server } = authz;
let port = 0;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => authz.end());

function post(path: string, body: string): Promise<{ status: number; type: string; document: unknown }> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: "127.0.0.1", path, method: "POST", agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          document: JSON.parse(Buffer.concat(chunks).toString()),
        }),
      );
    });
    call.on("error", reject);
    call.end(body);
  });
}

const question = JSON.stringify({
  User: "ci",
  UserAuthNMethod: "TLS",
  RequestMethod: "POST",
  RequestUri: "/v1.45/containers/create?name=web",
  RequestHeaders: { "Content-Type": "application/json", "Content-Length": "2" },
  RequestBody: Buffer.from("{}").toString("base64"),
});

test("it says what it implements", async () => {
  expect(await post("/Plugin.Activate", "")).toEqual({
    status: 200,
    type: "application/vnd.docker.plugins.v1.1+json",
    document: { Implements: ["authz"] },
  });
});

test("what dockerd says comes to the judge", async () => {
  let seen: AuthzMessage | undefined;
  rule = async (message) => {
    seen = message;
    return { allow: true };
  };
  expect(await post("/AuthZPlugin.AuthZReq", question)).toMatchObject({ document: { Allow: true } });
  expect(seen).toMatchObject({
    user: "ci",
    authenticatedBy: "TLS",
    method: "POST",
    target: "/v1.45/containers/create?name=web",
    headers: [
      ["Content-Type", "application/json"],
      ["Content-Length", "2"],
    ],
  });
  expect(Buffer.from(seen?.body ?? []).toString()).toBe("{}");
});

test("a denial carries its words", async () => {
  rule = async () => ({ allow: false, message: "it is privileged" });
  expect(await post("/AuthZPlugin.AuthZReq", question)).toMatchObject({
    status: 200,
    document: { Allow: false, Msg: "it is privileged" },
  });
});

test.each([
  "",
  "[]",
  "{",
  '{"RequestMethod":"GET"}',
  '{"RequestMethod":"GET","RequestUri":"/_ping","RequestHeaders":{"A":1}}',
  '{"RequestMethod":"GET","RequestUri":"/_ping","RequestBody":{}}',
])("what dockerd would not say is denied: %s", async (text) => {
  rule = async () => ({ allow: true });
  expect(await post("/AuthZPlugin.AuthZReq", text)).toMatchObject({ document: { Allow: false } });
});

test("a judge that breaks denies", async () => {
  rule = () => Promise.reject(new Error("a bug"));
  expect(await post("/AuthZPlugin.AuthZReq", question)).toMatchObject({
    document: { Allow: false, Msg: "bulkhead failed to judge this request" },
  });
});

test("an answer of the Engine passes, and nothing else is implemented", async () => {
  expect(await post("/AuthZPlugin.AuthZRes", question)).toMatchObject({ document: { Allow: true } });
  expect(await post("/VolumeDriver.Mount", "{}")).toMatchObject({ status: 404 });
});

test("it ends when what was asked is answered, no matter who keeps a connection", async () => {
  const ending = authzServer(async () => {
    await pause(100);
    return { allow: false, message: "at last" };
  });
  ending.server.listen(0, "127.0.0.1");
  await once(ending.server, "listening");
  const at = { port: (ending.server.address() as AddressInfo).port, host: "127.0.0.1" };
  const kept = connect(at);
  const asking = connect(at);
  await Promise.all([once(kept, "connect"), once(asking, "connect")]);
  asking.write(
    `POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: x\r\nContent-Length: ${question.length}\r\n\r\n${question}`,
  );
  await pause(30);
  const answered = once(asking, "data");
  await Promise.all([ending.end(), once(kept, "close")]);
  expect(String((await answered)[0])).toContain("at last");
});
