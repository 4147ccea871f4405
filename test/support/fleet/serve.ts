import { BlockList } from "node:net";
import { cis } from "../../../src/audit/benchmark/cis/cis.ts";
import { failed } from "../../../src/base/result.ts";
import { buildApp } from "../../../src/fleet/server/app.ts";
import { openNews } from "../../../src/fleet/server/news.ts";
import type { Service } from "../../../src/fleet/server/service.ts";
import { hashToken, openHashTurns } from "../../../src/fleet/server/sign-in/passwords.ts";
import { openSession } from "../../../src/fleet/store/accounts/accounts.ts";
import { acceptInvitation, invite } from "../../../src/fleet/store/accounts/invitations.ts";
import type { Role } from "../../../src/fleet/store/accounts/roles.ts";
import type { FleetDatabase } from "../../../src/fleet/store/open.ts";
import { testFleet } from "./fleet.ts";

/** What a browser calls it. */
export const host = "127.0.0.1:7070";

/** What the routes share, over this database. */
export function testService(database: FleetDatabase, more: Partial<Service> = {}) {
  const passwords: Service["passwords"] = {
    hash: async (password) => `hash of ${password}`,
    matches: async (hash, password) => hash === `hash of ${password}`,
  };
  const said: string[] = [];
  const service: Service = {
    ...{ database, passwords, turns: openHashTurns(), news: openNews(), version: "1.2.3", isSecure: false },
    provider: undefined,
    areaOf: () => "",
    titleOf: (control) => (control === "*" ? "" : `title of ${control}`),
    needsOf: () => undefined,
    ownHost: "own",
    mailer: undefined,
    benchmarks: [cis],
    candidateOf: async () => failed("no policy is read in this test"),
    proxies: new BlockList(),
    whyNotReady: async () => undefined,
    refused: { signIns: 0, reports: 0 },
    say: (text) => said.push(text),
    ...more,
  };
  return { service, said };
}

/** The API over a database of its own, without a listener. */
export async function testApp(more: Partial<Service> = {}) {
  const database = await testFleet();
  const { service, said } = testService(database, more);
  const page = new Map([["/index.html", { type: "text/html", bytes: new Uint8Array([60]) }]]);
  const app = buildApp(service, { hosts: new Set([host]), page });
  const call = (
    method: string,
    path: string,
    more: { body?: unknown; headers?: Record<string, string> } = {},
  ) =>
    app.request(`http://${host}${path}`, {
      method,
      headers: {
        host,
        ...(more.body === undefined
          ? {}
          : {
              "content-type": "application/json",
              "content-length": String(Buffer.byteLength(JSON.stringify(more.body))),
            }),
        ...more.headers,
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    });
  return { app, database, call, said, news: service.news };
}

export type Test = Awaited<ReturnType<typeof testApp>>;

/** Makes an account of this role, named after it, and gives the headers that its browser sends. */
export async function signedIn(
  { database }: Pick<Test, "database">,
  role: Role,
  name: string = role,
  url = `http://${host}`,
): Promise<Record<string, string>> {
  await invite(database, { token: name, role, expires: Date.now() + 1_000_000 });
  const made = await acceptInvitation(database, { token: name, name, password: "x", now: 1 });
  if (typeof made !== "object") throw new Error("no account");
  await openSession(database, {
    token: hashToken(name),
    account: made.id,
    agent: "",
    address: "",
    now: Date.now(),
  });
  return { cookie: `bulkhead-${new URL(url).port}=${name}` };
}
