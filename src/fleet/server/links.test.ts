import { beforeEach, expect, it } from "vitest";
import { signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import { removeAccount, setRole } from "../store/accounts/accounts.ts";
import { enrol } from "../store/hosts/enrolments.ts";
import { hashToken } from "./sign-in/passwords.ts";

let test: Test;
let ada: Record<string, string>;
const password = "correct horse battery";
const state = { name: "vm", engine: "e", version: "1", connected: true, containers: [] };

beforeEach(async () => {
  test = await testApp();
  ada = await signedIn(test, "administrator", "ada");
});

const call = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
  const answer = await test.call(method, `/api/v1${path}`, {
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? {} : (JSON.parse(text) as Record<string, never>) };
};
const join = (token: string, name: string) => call("POST", "/join", {}, { token, name, password });
const idOf = async (name: string) =>
  (await test.database.selectFrom("account").select("id").where("name", "=", name).executeTakeFirstOrThrow())
    .id;

/** Whatever takes the right to administer away. */
const losses = {
  "is removed": async (id: number) => void (await removeAccount(test.database, id)),
  "has another role": async (id: number) => void (await setRole(test.database, id, "viewer")),
  "has another role by the provider": async (id: number) =>
    void (await test.database
      .updateTable("account")
      .set({ role: "operator" })
      .where("id", "=", id)
      .execute()),
};

it.each(Object.entries(losses))("links and tokens die when their author %s", async (_, lose) => {
  const bob = await signedIn(test, "administrator", "bob");
  const { json: link } = await call("POST", "/invitations", bob, { role: "administrator" });
  const { json: reset } = await call("POST", `/accounts/${await idOf("ada")}/reset`, bob, {});
  const { json: token } = await call("POST", "/enrolments", bob, { hours: 1 });
  await lose(await idOf("bob"));
  expect((await join(link.token ?? "", "eve")).status).toBe(410);
  expect((await join(reset.token ?? "", "ada")).status).toBe(410);
  const host = { token: hashToken(token.token ?? ""), key: "k", host: state, now: Date.now() };
  expect(await enrol(test.database, host)).toBeUndefined();
  expect((await call("GET", "/invitations", ada)).json).toEqual({ invitations: [] });
  expect((await call("GET", "/enrolments", ada)).json).toEqual({ enrolments: [] });
});

it("a later account has no claim to the links of a removed one", async () => {
  await signedIn(test, "administrator", "bob");
  const id = await idOf("bob");
  await removeAccount(test.database, id);
  await signedIn(test, "administrator", "eve");
  expect(await idOf("eve")).not.toBe(id);
});

it("a link has an author, an end, and can be ended", async () => {
  const { json: link } = await call("POST", "/invitations", ada, { role: "viewer" });
  const { invitations } = (await call("GET", "/invitations", ada)).json as unknown as {
    invitations: { id: number }[];
  };
  expect(invitations).toMatchObject([
    { role: "viewer", author: "ada", account: null, expires: expect.any(Number) },
  ]);
  expect((await call("DELETE", `/invitations/${invitations[0]?.id}`, ada)).status).toBe(204);
  expect((await join(link.token ?? "", "eve")).status).toBe(410);
  expect((await call("DELETE", "/invitations/99", ada)).status).toBe(404);
});

it("no API token invites, raises or resets anybody", async () => {
  const { json } = await call("POST", "/tokens", ada, { name: "ci", scopes: ["administer"], days: 1 });
  const token = { authorization: `Bearer ${json.token}` };
  await signedIn(test, "viewer", "vera");
  const vera = await idOf("vera");
  expect((await call("POST", "/invitations", token, { role: "viewer" })).status).toBe(403);
  expect((await call("PUT", `/accounts/${vera}/role`, token, { role: "administrator" })).status).toBe(403);
  expect((await call("POST", `/accounts/${vera}/reset`, token, {})).status).toBe(403);
});

it("a token shows the hosts that it made, can be ended, and they can be removed together", async () => {
  const { json } = await call("POST", "/enrolments", ada, { hours: 1 });
  const token = hashToken(json.token ?? "");
  for (const key of ["k1", "k2", "k3"]) {
    expect(
      await enrol(test.database, { token, key, host: { ...state, name: key }, now: Date.now() }),
    ).toMatchObject({ isNew: true });
  }
  const list = async () =>
    (
      (await call("GET", "/enrolments", ada)).json as unknown as {
        enrolments: { id: number; hosts: unknown[]; isOver: boolean }[];
      }
    ).enrolments;
  const [made] = await list();
  expect(made).toMatchObject({ author: "ada", isOver: false });
  expect(made?.hosts).toHaveLength(3);
  expect((await call("DELETE", `/enrolments/${made?.id}`, ada)).status).toBe(204);
  expect(await enrol(test.database, { token, key: "k4", host: state, now: Date.now() })).toBeUndefined();
  expect((await list())[0]?.isOver).toBe(true);
  expect((await call("DELETE", `/enrolments/${made?.id}/hosts`, ada)).status).toBe(204);
  expect(await test.database.selectFrom("reporter").select("host").execute()).toEqual([]);
  expect(await list()).toEqual([]);
});

it("a password is changed by who knows it, and the other sessions end", async () => {
  const { json: link } = await call("POST", "/invitations", ada, { role: "viewer" });
  const joined = await test.call("POST", "/api/v1/join", {
    body: { token: link.token, name: "vera", password },
  });
  const cookie = { cookie: (joined.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "" };
  const other = (await test.call("POST", "/api/v1/session", { body: { name: "vera", password } })).headers;
  const change = (current: string) =>
    call("PUT", "/account/password", cookie, { current, password: "another long password" });
  expect((await change("wrong")).status).toBe(403);
  expect((await change(password)).status).toBe(204);
  const before = { cookie: (other.get("set-cookie") ?? "").split(";", 1)[0] ?? "" };
  expect((await call("GET", "/findings", before)).status).toBe(401);
  const signIn = (word: string) => call("POST", "/session", {}, { name: "vera", password: word });
  expect((await signIn(password)).status).toBe(401);
  expect((await signIn("another long password")).status).toBe(200);
});

it("who forgot a password gets a link by an administrator; it names the account and ends its sessions", async () => {
  const vera = await signedIn(test, "viewer", "vera");
  const { json } = await call("POST", `/accounts/${await idOf("vera")}/reset`, ada, {});
  expect((await call("GET", `/join/${json.token}`, {})).json).toEqual({ account: "vera" });
  // The name in the request does not count.
  expect((await join(json.token ?? "", "ada")).json).toMatchObject({
    account: { name: "vera", role: "viewer" },
  });
  expect((await call("GET", "/findings", vera)).status).toBe(401);
  expect((await call("POST", "/session", {}, { name: "vera", password })).status).toBe(200);
  expect((await join(json.token ?? "", "vera")).status).toBe(410);
});

it("names that nobody has fill neither the database nor the log, and wait as long", async () => {
  const guess = () => call("POST", "/session", {}, { name: "nobody", password: "wrong" });
  const statuses = [];
  for (let tries = 0; tries < 7; tries++) statuses.push((await guess()).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  expect(await test.database.selectFrom("attempt").selectAll().execute()).toEqual([]);
  expect(await test.database.selectFrom("audit_log").selectAll().execute()).toEqual([]);
});
