import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { selfSigned } from "../../../test/support/self-signed.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { fleetClient } from "./client.ts";

async function answering(status: number, body: string): Promise<URL> {
  const server = createServer((_, response) => response.writeHead(status, { location: "/" }).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

it.each<[string, Parameters<typeof fleetClient>[0], NodeJS.ProcessEnv, string]>([
  ["an address", {}, { BULKHEAD_TOKEN: "t" }, "where is bulkhead serve?"],
  [
    "HTTPS, too, of a name that begins like this machine's address",
    { url: new URL("http://127.evil.example") },
    { BULKHEAD_TOKEN: "t" },
    "in the clear",
  ],
  ["HTTPS", { url: new URL("http://bulkhead.example.org") }, { BULKHEAD_TOKEN: "t" }, "in the clear"],
  ["a token", {}, { BULKHEAD_URL: "https://bulkhead.example.org" }, "an API token is needed"],
  [
    "the file",
    { tokenFile: "/nonexistent" },
    { BULKHEAD_URL: "https://b.example" },
    "/nonexistent: it does not exist",
  ],
])("says that it needs %s", (_, options, environment, reason) => {
  expect(fleetClient(options, environment)).toMatchObject({
    ok: false,
    reason: expect.stringContaining(reason),
  });
});

it.each([
  [200, '{"hosts":[]}', { ok: true, value: { hosts: [] } }],
  [200, "<html>", { ok: false, reason: expect.stringContaining("is not bulkhead serve") }],
  [
    403,
    '{"error":"This needs the scope read."}',
    { ok: false, reason: expect.stringMatching(/answers: This needs/) },
  ],
  [502, "", { ok: false, reason: expect.stringContaining("status 502") }],
  // The token goes nowhere else.
  [302, "", { ok: false, reason: expect.stringContaining("cannot be talked to: unexpected redirect") }],
])("an answer %i %j is told in one line", async (status, body, expected) => {
  const path = join(testFolder(), "token");
  writeFileSync(path, "secret\n");
  const client = fleetClient({ url: await answering(status, body), tokenFile: path }, {});
  expect(client.ok && (await client.value.get("/hosts", {}))).toMatchObject(expected);
});

it("says how a certificate of one's own becomes trusted", async () => {
  const client = fleetClient({ url: await selfSigned() }, { BULKHEAD_TOKEN: "t" });
  expect(client.ok && (await client.value.get("/hosts", {}))).toMatchObject({
    ok: false,
    reason: expect.stringContaining("(if it is yours, set NODE_EXTRA_CA_CERTS to the file"),
  });
});

it("says why nobody answers", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const client = fleetClient({ url: new URL(`http://127.0.0.1:${port}`) }, { BULKHEAD_TOKEN: "t" });
  expect(client.ok && (await client.value.get("/hosts", {}))).toEqual({
    ok: false,
    reason: `http://127.0.0.1:${port} refuses the connection`,
  });
});
