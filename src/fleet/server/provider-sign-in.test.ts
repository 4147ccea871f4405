import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  client,
  type Lies,
  startProvider,
  visitProvider,
} from "../../../test/support/fleet/openid-provider.ts";
import { host, signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import { freePort } from "../../../test/support/free-port.ts";
import { listAccounts } from "../store/accounts/accounts.ts";
import { openProvider, type ProviderOptions } from "./sign-in/provider.ts";

const groups: Record<string, readonly string[]> = {
  ada: ["admins", "staff"],
  vera: ["staff"],
  eve: ["guests"],
};

let provider: Awaited<ReturnType<typeof startProvider>>;

beforeAll(async () => {
  provider = await startProvider({ pages: [`http://${host}`], groupsOf: (name) => groups[name] ?? [] });
});
beforeEach(() => {
  Object.assign(provider.lies, {
    token: undefined,
    isForged: undefined,
    metadata: undefined,
    status: undefined,
  });
});
afterAll(() => provider.stop());

async function stage(more: Partial<ProviderOptions> = {}) {
  const said: string[] = [];
  const opened = await openProvider({
    issuer: new URL(provider.issuer),
    clientId: client.id,
    secret: client.secret,
    scope: "openid profile groups",
    claim: "groups",
    roles: new Map([
      ["admins", "administrator"],
      ["staff", "viewer"],
    ]),
    teams: [],
    say: (text) => said.push(text),
    ...more,
  });
  return { test: await testApp({ provider: opened }), said };
}

/** The cookie by its name, as the browser sends it back. */
function cookieOf(answer: Response, name: string): string | undefined {
  const found = answer.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`));
  return found?.split(";")[0];
}

async function begin({ call }: Test) {
  const answer = await call("GET", "/api/v1/sign-in/provider");
  return {
    status: answer.status,
    address: answer.headers.get("location") ?? "",
    kept: cookieOf(answer, "bulkhead-sign-in") ?? "",
  };
}

async function comeBack({ call }: Test, back: URL, kept: string) {
  const answer = await call("GET", back.pathname + back.search, { headers: { cookie: kept } });
  return { to: answer.headers.get("location"), cookie: cookieOf(answer, "bulkhead-7070"), answer };
}

async function signInAs(test: Test, name: string) {
  const { address, kept } = await begin(test);
  return await comeBack(test, await visitProvider(address, name), kept);
}

async function who(test: Test, cookie: string | undefined) {
  const answer = await test.call("GET", "/api/v1/session", { headers: { cookie: cookie ?? "" } });
  return ((await answer.json()) as { account: { name: string; role: string } | null }).account;
}

it("signs people in with the role that their claim gives, and makes their accounts", async () => {
  const { test } = await stage();
  const ada = await signInAs(test, "ada");
  expect(ada.to).toBe("/");
  expect(ada.answer.headers.getSetCookie().join("\n")).toMatch(/bulkhead-sign-in=;.*Max-Age=0/);
  expect(await who(test, ada.cookie)).toMatchObject({ name: "ada", role: "administrator" });
  const vera = await signInAs(test, "vera");
  expect(await who(test, vera.cookie)).toMatchObject({ name: "vera", role: "viewer" });
  await signInAs(test, "ada");
  expect(await listAccounts(test.database)).toHaveLength(2);
  // There is no password that such an account has.
  for (const password of ["", "x".repeat(12)]) {
    const answer = await test.call("POST", "/api/v1/session", { body: { name: "ada", password } });
    expect(answer.status).toBe(401);
  }
  const log = await test.database.selectFrom("audit_log").select(["who", "what"]).orderBy("id").execute();
  expect(log.map((row) => `${row.who}: ${row.what}`).slice(0, 2)).toEqual([
    "ada: account made",
    "ada: signed in",
  ]);
});

it("asks with PKCE, state and nonce, and keeps them from scripts", async () => {
  const { test } = await stage();
  const answer = await test.call("GET", "/api/v1/sign-in/provider");
  const asked = new URL(answer.headers.get("location") ?? "").searchParams;
  expect(asked.get("code_challenge_method")).toBe("S256");
  expect(asked.get("redirect_uri")).toBe(`http://${host}/api/v1/sign-in/callback`);
  for (const name of ["code_challenge", "state", "nonce"]) expect(asked.get(name)).toMatch(/^[\w-]{43}$/);
  expect(answer.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax$/);
});

it("the provider changes a role at the next sign-in, and takes it away with sessions and tokens", async () => {
  const { test } = await stage();
  const { cookie } = await signInAs(test, "ada");
  const made = await test.call("POST", "/api/v1/tokens", {
    headers: { cookie: cookie ?? "" },
    body: { name: "ci", scopes: ["read"], days: 1 },
  });
  const { token } = (await made.json()) as { token: string };
  const byToken = async () =>
    (await test.call("GET", "/api/v1/hosts", { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await byToken()).toBe(200);
  groups.ada = ["staff"];
  expect(await who(test, (await signInAs(test, "ada")).cookie)).toMatchObject({ role: "viewer" });
  groups.ada = [];
  expect((await signInAs(test, "ada")).to).toBe("/#/sign-in/role");
  expect(await who(test, cookie)).toBeNull();
  expect(await byToken()).toBe(401);
  groups.ada = ["admins", "staff"];
});

it("a session by the provider ends after half a day, whatever it is used for", async () => {
  const { test } = await stage();
  const { cookie } = await signInAs(test, "ada");
  const bob = await signedIn(test, "viewer", "bob");
  const created = Date.now() - 13 * 3_600_000;
  await test.database
    .updateTable("session")
    .set({ created } as never)
    .execute();
  expect(await who(test, cookie)).toBeNull();
  expect(await who(test, bob.cookie)).toMatchObject({ name: "bob" });
});

it("lets people see the hosts of the teams that their claim gives, and of no other", async () => {
  const { test } = await stage({
    teams: [
      ["staff", "web"],
      ["guests", "all"],
      ["admins", "gone"],
    ],
    roles: new Map([["*", "viewer"]]),
  });
  for (const name of ["web", "all"]) {
    await test.database.insertInto("team").values({ name, labels: "[]", created: 1 }).execute();
  }
  const teams = async (name: string) => {
    await signInAs(test, name);
    const accounts = await listAccounts(test.database);
    return accounts.find((account) => account.name === name)?.teams;
  };
  expect([await teams("ada"), await teams("eve"), await teams("stranger")]).toEqual([[1], [2], []]);
});

it("signs out at the provider, too", async () => {
  const { test } = await stage();
  const { cookie } = await signInAs(test, "ada");
  const out = async (headers: Record<string, string>) =>
    (await (await test.call("DELETE", "/api/v1/session", { headers })).json()) as { next: string | null };
  const { next } = await out({ cookie: cookie ?? "" });
  expect(next).toMatch(new RegExp(`^${provider.issuer}/session/end\\?`));
  expect(new URL(next ?? "").searchParams.get("post_logout_redirect_uri")).toBe(`http://${host}/`);
  expect(await who(test, cookie)).toBeNull();
  expect(await out(await signedIn(test, "viewer", "bob"))).toEqual({ next: null });
});

const now = () => Math.floor(Date.now() / 1_000);
const lies: readonly [string, Lies, string][] = [
  ["another issuer", { token: (claims) => ({ ...claims, iss: "https://evil.example.org" }) }, "issuer"],
  ["another audience", { token: (claims) => ({ ...claims, aud: "shop" }) }, "audience"],
  [
    "two audiences, for the other one",
    { token: (claims) => ({ ...claims, aud: ["bulkhead", "shop"], azp: "shop" }) },
    "audience",
  ],
  ["another nonce", { token: (claims) => ({ ...claims, nonce: "n".repeat(43) }) }, "nonce"],
  ["no nonce", { token: ({ nonce: _, ...claims }) => claims }, "answer"],
  [
    "an end in the past",
    { token: (claims) => ({ ...claims, iat: now() - 7_200, exp: now() - 3_600 }) },
    "expired",
  ],
  ["no subject", { token: ({ sub: _, ...claims }) => claims }, "answer"],
  ["a signature by another key", { isForged: true }, "signature"],
];

it.each(lies)("an ID token with %s signs nobody in", async (_, lie, refusal) => {
  const { test } = await stage();
  const { address, kept } = await begin(test);
  const back = await visitProvider(address, "ada");
  Object.assign(provider.lies, lie);
  const { to, cookie } = await comeBack(test, back, kept);
  expect([to, cookie]).toEqual([`/#/sign-in/${refusal}`, undefined]);
  expect(test.said).toHaveLength(1);
  expect(test.said[0]).toMatch(/^a sign-in by 127\.0\.0\.1:\d+ failed: [^\n]+$/);
  expect(await listAccounts(test.database)).toEqual([]);
});

it("a code that was used, or is for another browser, signs nobody in", async () => {
  const { test } = await stage();
  const { address, kept } = await begin(test);
  const back = await visitProvider(address, "ada");
  const other = await begin(test);
  for (const cookie of ["", other.kept, kept.replace(/=.*/, "=a.b.c")]) {
    expect((await comeBack(test, back, cookie)).to).toBe("/#/sign-in/stale");
  }
  expect((await comeBack(test, back, kept)).to).toBe("/");
  expect((await comeBack(test, back, kept)).to).toBe("/#/sign-in/answer");
  // Another PKCE verifier.
  const third = await begin(test);
  const [state, nonce] = third.kept.split(".");
  const stolen = await visitProvider(third.address, "ada");
  expect((await comeBack(test, stolen, `${state}.${nonce}.${"v".repeat(43)}`)).to).toBe("/#/sign-in/answer");
});

it("what the provider refuses is said", async () => {
  const { test } = await stage({ secret: "wrong" });
  expect((await signInAs(test, "ada")).to).toBe("/#/sign-in/client");
  const { address, kept } = await begin(test);
  const state = new URL(address).searchParams.get("state") ?? "";
  const back = new URL(`http://${host}/api/v1/sign-in/callback?error=access_denied&state=${state}`);
  expect((await comeBack(test, back, kept)).to).toMatch(/^\/#\/sign-in\/(?:cancelled|issuer)$/);
});

it("who has no role, or the name of another account, is not signed in", async () => {
  const { test } = await stage();
  expect((await signInAs(test, "eve")).to).toBe("/#/sign-in/role");
  await signedIn(test, "viewer", "vera");
  expect((await signInAs(test, "vera")).to).toBe("/#/sign-in/taken");
  expect(await listAccounts(test.database)).toHaveLength(1);
});

it("a provider that is away is said at the start, and signs people in when it is back", async () => {
  provider.lies.status = 502;
  const { test, said } = await stage();
  await expect.poll(() => said).toHaveLength(1);
  expect(said[0]).toMatch(/: the provider answers with an error page; it is tried again at each sign-in$/);
  expect((await begin(test)).address).toBe("/#/sign-in/unreachable");
  provider.lies.status = undefined;
  const { address, kept } = await begin(test);
  const back = await visitProvider(address, "ada");
  provider.lies.status = 502;
  expect((await comeBack(test, back, kept)).to).toBe("/#/sign-in/unreachable");
  provider.lies.status = undefined;
  expect((await signInAs(test, "ada")).to).toBe("/");
  const nowhere = await stage({ issuer: new URL(`http://127.0.0.1:${await freePort()}`) });
  expect((await begin(nowhere.test)).address).toBe("/#/sign-in/unreachable");
  expect(nowhere.test.said[0]).toMatch(/: the provider refuses the connection$/);
});

it("one that says that it is another one sends nobody on", async () => {
  provider.lies.metadata = (metadata) => ({ ...metadata, issuer: "https://evil.example.org" });
  const { test } = await stage();
  expect((await begin(test)).address).toBe("/#/sign-in/issuer");
  expect(test.said[0]).toMatch(/: it says that it is another issuer than --oidc-issuer names$/);
  provider.lies.metadata = (metadata) => ({ ...metadata, authorization_endpoint: "javascript:alert(1)" });
  expect((await begin((await stage()).test)).address).toBe("/#/sign-in/answer");
});

it("without a provider there is none to go to", async () => {
  const test = await testApp();
  expect((await test.call("GET", "/api/v1/sign-in/provider")).status).toBe(404);
  expect((await test.call("GET", "/api/v1/sign-in/callback?code=x&state=y")).status).toBe(404);
  const session = await test.call("GET", "/api/v1/session");
  expect(await session.json()).toMatchObject({ provider: null });
});
