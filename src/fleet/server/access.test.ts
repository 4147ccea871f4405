import { describe, expect, it } from "vitest";
import { host, signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import { invite } from "../store/accounts/invitations.ts";
import { type Role, roles, tokenScopes } from "../store/accounts/roles.ts";
import { putHost } from "../store/hosts/hosts.ts";
import type { Access } from "./http/access.ts";
import { hashToken } from "./sign-in/passwords.ts";

interface Described {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
  readonly scope: string;
}

async function routes() {
  const { app, call } = await testApp();
  const document = (await (await call("GET", "/api/v1/openapi.json")).json()) as {
    paths: Record<string, Record<string, { "x-access": Access; "x-token-scope": string }>>;
  };
  const described: readonly Described[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => ({
      method: method.toUpperCase(),
      path,
      access: route["x-access"],
      scope: route["x-token-scope"],
    })),
  );
  const made = app.routes
    .filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/v1/"))
    .map(({ method, path }) => `${method} ${path.replace("/api/v1", "").replace(/:(\w+)/g, "{$1}")}`);
  return { described, made };
}

/** A host shows its key, or a token to enrol. */
const byHosts: readonly Access[] = ["host", "enrolling"];

describe("who may use each route", () => {
  it("is said of every route that there is", async () => {
    const { described, made } = await routes();
    const said = new Set(described.map(({ method, path }) => `${method} ${path}`));
    expect(new Set(made)).toEqual(new Set([...said, "GET /openapi.json"]));
    for (const { access } of described) expect(["anybody", "host", "enrolling", ...roles]).toContain(access);
    expect(described.length).toBeGreaterThan(10);
  });

  it.each([undefined, ...roles])("holds for %s", async (role) => {
    const { described } = await routes();
    const fresh = async () => {
      const test = await testApp();
      return { test, headers: role === undefined ? {} : await signedIn(test, role) };
    };
    let current = await fresh();
    for (const { method, path, access } of described) {
      const { test, headers } = current;
      const answer = await test.call(method, `/api/v1${path.replace(/\{\w+\}/g, "1")}`, {
        headers,
        ...(method === "GET" ? {} : { body: {} }),
      });
      void answer.body?.cancel();
      const may =
        access === "anybody" ||
        (!byHosts.includes(access) &&
          role !== undefined &&
          roles.indexOf(role) >= roles.indexOf(access as Role));
      const refused = role === undefined || byHosts.includes(access) ? 401 : 403;
      // What changed something may have ended the session.
      if (may && method !== "GET") current = await fresh();
      if (may) expect([401, 403], `${method} ${path}`).not.toContain(answer.status);
      else expect(answer.status, `${method} ${path}`).toBe(refused);
    }
  });
});

describe("an API token", () => {
  const make = async (test: Test, who: Record<string, string>, scopes: readonly string[]) => {
    const answer = await test.call("POST", "/api/v1/tokens", {
      headers: who,
      body: { name: "ci", scopes, days: 1 },
    });
    const { token } = (await answer.json()) as { token: string };
    return { authorization: `Bearer ${token}` };
  };

  it.each(tokenScopes)("with the scope %s may what needs it, and nothing else", async (scope) => {
    const { described } = await routes();
    const fresh = async () => {
      const test = await testApp();
      return { test, headers: await make(test, await signedIn(test, "administrator"), [scope]) };
    };
    let current = await fresh();
    for (const { method, path, access, scope: needed } of described) {
      const { test, headers } = current;
      const answer = await test.call(method, `/api/v1${path.replace(/\{\w+\}/g, "1")}`, {
        headers,
        ...(method === "GET" ? {} : { body: {} }),
      });
      void answer.body?.cancel();
      const may = access === "anybody" || needed === scope;
      if (may && method !== "GET") current = await fresh();
      if (may) expect([401, 403], `${method} ${path}`).not.toContain(answer.status);
      else expect(answer.status, `${method} ${path}`).toBe(byHosts.includes(access) ? 401 : 403);
    }
  });

  it("never may more than its account, nor make or remove a token", async () => {
    const test = await testApp();
    const viewer = await make(test, await signedIn(test, "viewer"), [...tokenScopes]);
    const status = async (method: string, path: string) =>
      (await test.call(method, `/api/v1${path}`, { headers: viewer })).status;
    expect(await status("GET", "/findings")).toBe(200);
    expect(await status("GET", "/accounts")).toBe(403);
    expect(await status("DELETE", "/acceptances/1")).toBe(403);
    expect(await status("GET", "/tokens")).toBe(403);
    expect(await status("DELETE", "/tokens/1")).toBe(403);
  });

  it("is shown with its last use to its owner and to administrators, and ends when either removes it", async () => {
    const test = await testApp();
    const owner = await signedIn(test, "viewer", "vera");
    const other = await signedIn(test, "operator", "otto");
    const admin = await signedIn(test, "administrator", "ada");
    const token = await make(test, owner, ["read"]);
    const list = async (headers: Record<string, string>) =>
      (await (await test.call("GET", "/api/v1/tokens", { headers })).json()) as { tokens: unknown[] };
    expect(await list(owner)).toMatchObject({ tokens: [{ name: "ci", owner: "vera", used: null }] });
    await test.call("GET", "/api/v1/findings", { headers: token });
    expect(await list(admin)).toMatchObject({ tokens: [{ name: "ci", used: expect.any(Number) }] });
    expect(await list(other)).toEqual({ tokens: [] });
    const remove = async (headers: Record<string, string>) =>
      (await test.call("DELETE", "/api/v1/tokens/1", { headers })).status;
    expect(await remove(other)).toBe(404);
    expect(await remove(admin)).toBe(204);
    expect((await test.call("GET", "/api/v1/findings", { headers: token })).status).toBe(401);
    const rows = await test.database.selectFrom("api_token").selectAll().execute();
    expect(rows).toEqual([]);
  });

  it("that is over does nothing, and the stream of one that was removed ends", async () => {
    const test = await testApp();
    const owner = await signedIn(test, "viewer");
    const token = await make(test, owner, ["read"]);
    const stream = await test.call("GET", "/api/v1/events", { headers: token });
    const reader = stream.body?.getReader();
    await reader?.read();
    await test.call("DELETE", "/api/v1/tokens/1", { headers: owner });
    test.news.tell("findings");
    expect(await reader?.read()).toMatchObject({ done: true });
    const old = await make(test, owner, ["read"]);
    await test.database
      .updateTable("api_token")
      .set({ expires: 1 } as never)
      .execute();
    expect((await test.call("GET", "/api/v1/findings", { headers: old })).status).toBe(401);
  });
});

it("sessions are listed to their account alone, and one ends by its number", async () => {
  const test = await testApp();
  const ada = await signedIn(test, "viewer", "ada");
  const eve = await signedIn(test, "viewer", "eve");
  const list = async (headers: Record<string, string>) => {
    const answer = await test.call("GET", "/api/v1/sessions", { headers });
    return ((await answer.json()) as { sessions: { id: string; isThis: boolean }[] }).sessions;
  };
  const [session] = await list(ada);
  expect(await list(ada)).toMatchObject([{ isThis: true }]);
  const end = async (headers: Record<string, string>) =>
    (await test.call("DELETE", `/api/v1/sessions/${session?.id}`, { headers })).status;
  expect(await end(eve)).toBe(404);
  expect(await end(ada)).toBe(204);
  expect((await test.call("GET", "/api/v1/findings", { headers: ada })).status).toBe(401);
});

describe("a page elsewhere", () => {
  it("cannot give its name this address", async () => {
    const { call } = await testApp();
    for (const path of ["/", "/api/v1/session"]) {
      expect((await call("GET", path, { headers: { host: "evil.example" } })).status).toBe(421);
    }
  });

  it.each<Record<string, string>>([
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("cannot change anything: %j", async (headers) => {
    const test = await testApp();
    const cookie = await signedIn(test, "administrator");
    const answer = await test.call("POST", "/api/v1/invitations", {
      headers: { ...cookie, ...headers },
      body: { role: "administrator" },
    });
    expect(answer.status).toBe(403);
    const own = { ...cookie, origin: `http://${host}`, "sec-fetch-site": "same-origin" };
    const allowed = await test.call("POST", "/api/v1/invitations", {
      headers: own,
      body: { role: "viewer" },
    });
    expect(allowed.status).toBe(200);
  });

  it("cannot frame it, nor run anything in it", async () => {
    const { call } = await testApp();
    for (const path of ["/", "/api/v1/session", "/nothing", "/api/v1/nothing"]) {
      const policy = (await call("GET", path)).headers.get("content-security-policy");
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
    }
  });
});

describe("signing in", () => {
  const join = (test: Test, token: string) =>
    test.call("POST", "/api/v1/join", { body: { token, name: "ada", password: "correct horse battery" } });
  const signIn = (test: Test, password: string) =>
    test.call("POST", "/api/v1/session", { body: { name: "ada", password } });

  async function withAda(): Promise<Test> {
    const test = await testApp();
    const expires = Date.now() + 1_000_000;
    await invite(test.database, { token: hashToken("link"), role: "administrator", expires });
    expect((await join(test, "link")).status).toBe(200);
    return test;
  }

  it("takes the right password, and says the same of a wrong one and a wrong name", async () => {
    const test = await withAda();
    const answer = await signIn(test, "correct horse battery");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toMatch(/^bulkhead-7070=[\w-]{43};.*HttpOnly; SameSite=Strict$/);
    const wrong = await signIn(test, "wrong");
    const nobody = await test.call("POST", "/api/v1/session", { body: { name: "eve", password: "wrong" } });
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    expect(await wrong.json()).toEqual(await nobody.json());
  });

  it("a link works once", async () => {
    const test = await withAda();
    expect((await join(test, "link")).status).toBe(410);
    expect((await join(test, "never")).status).toBe(410);
  });

  it("a short password is refused in words", async () => {
    const test = await testApp();
    const answer = await test.call("POST", "/api/v1/join", {
      body: { token: "t", name: "ada", password: "short" },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: expect.stringContaining("password: ") });
  });

  it("waits longer and longer after wrong passwords, for the right one, too", async () => {
    const test = await withAda();
    // Beside each other: none waits for the others to fail.
    const wrong = await Promise.all(Array.from({ length: 40 }, () => signIn(test, "wrong")));
    expect(wrong.filter(({ status }) => status === 401)).toHaveLength(5);
    const answer = await signIn(test, "correct horse battery");
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("is written down, without a password", async () => {
    const test = await withAda();
    await signIn(test, "some wrong secret");
    const rows = await test.database.selectFrom("audit_log").selectAll().orderBy("id").execute();
    expect(rows.map(({ who, what }) => `${who}: ${what}`)).toEqual([
      "ada: account made",
      "ada: sign-in refused",
    ]);
    expect(JSON.stringify(rows)).not.toContain("secret");
  });
});

it("bad input is refused in one line, and nothing is logged as a failure", async () => {
  const test = await testApp();
  const cookie = await signedIn(test, "viewer");
  await putHost(
    test.database,
    { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] },
    1,
  );
  const status = async (path: string) =>
    (await test.call("GET", `/api/v1${path}`, { headers: cookie })).status;
  expect(await status("/findings?severity=evil")).toBe(400);
  expect(await status("/findings?limit=100000")).toBe(400);
  expect(await status("/findings/abc")).toBe(400);
  expect(await status("/findings/1")).toBe(404);
  expect(await status("/hosts/none")).toBe(404);
  expect(await status("/hosts/h/containers/none")).toBe(404);
  const broken = await test.app.request(`http://${host}/api/v1/session`, {
    method: "POST",
    headers: { host, "content-type": "application/json" },
    body: "{",
  });
  expect(broken.status).toBe(400);
  const large = await test.call("POST", "/api/v1/session", {
    body: { name: "x".repeat(100_000), password: "" },
  });
  expect(large.status).toBe(413);
  expect(test.said).toEqual([]);
});
