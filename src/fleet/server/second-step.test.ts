import { TOTP } from "otpauth";
import { expect, it, vi } from "vitest";
import { testApp } from "../../../test/support/fleet/serve.ts";
import { invite } from "../store/accounts/invitations.ts";
import { hashToken } from "./sign-in/passwords.ts";
import { codeNumber } from "./sign-in/second-step.ts";

const password = "correct horse battery";

/** ada with her cookie. */
async function withAda() {
  const test = await testApp();
  const join = async (token: string) => {
    await invite(test.database, {
      token: hashToken(token),
      role: "administrator",
      expires: Date.now() + 1_000,
    });
    return await test.call("POST", "/api/v1/join", { body: { token, name: "ada", password } });
  };
  const headers = { cookie: cookieOf(await join("link")) };
  const signIn = (code?: string, given = password) =>
    test.call("POST", "/api/v1/session", {
      body: { name: "ada", password: given, ...(code === undefined ? {} : { code }) },
    });
  const change = (body: object, as = headers) =>
    test.call("PUT", "/api/v1/account/second-step", { headers: as, body: { password, ...body } });
  const offer = async () =>
    (await (await test.call("POST", "/api/v1/account/second-step", { headers })).json()) as {
      secret: string;
      address: string;
    };
  return { ...test, headers, signIn, change, offer };
}

function cookieOf(answer: Response): string {
  return (answer.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
}

/** What the app shows; `ahead`: codes from now. */
function codeOf(secret: string, ahead = 0): string {
  return new TOTP({ secret }).generate({ timestamp: Date.now() + ahead * 30_000 });
}

async function turnedOn() {
  const ada = await withAda();
  const { secret } = await ada.offer();
  const answer = await ada.change({ secret, code: codeOf(secret, -1) });
  const { recoveryCodes } = (await answer.json()) as { recoveryCodes: readonly string[] };
  return { ...ada, secret, recoveryCodes, headers: { cookie: cookieOf(answer) } };
}

it("counts as RFC 6238 does", () => {
  // Appendix B, SHA-1, the last six digits of each: https://www.rfc-editor.org/rfc/rfc6238#appendix-B
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const known: readonly (readonly [number, string])[] = [
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_234_567_890, "005924"],
    [20_000_000_000, "353130"],
  ];
  for (const [seconds, code] of known)
    expect(codeNumber(secret, code, seconds * 1_000)).toBe(Math.floor(seconds / 30));
});

it("the app gets an address that names the account, and nothing is kept until a code shows that the app has it", async () => {
  const { offer, change, signIn } = await withAda();
  const { secret, address } = await offer();
  expect(address).toBe(
    `otpauth://totp/bulkhead:ada%40127.0.0.1?issuer=bulkhead&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
  );
  expect((await change({ secret, code: "000000" })).status).toBe(403);
  expect((await change({ secret, code: codeOf(secret), password: "another one" })).status).toBe(403);
  expect((await signIn()).status).toBe(200);
});

it("a password alone no longer signs in, and other sessions ended", async () => {
  const { signIn, secret, call, headers, database } = await turnedOn();
  const session = async () => (await call("GET", "/api/v1/accounts", { headers })).json();
  expect(await session()).toMatchObject({ accounts: [{ name: "ada", hasSecondStep: true }] });
  expect(await database.selectFrom("session").selectAll().execute()).toHaveLength(1);
  const asked = await signIn();
  expect([asked.status, asked.headers.get("set-cookie")]).toEqual([428, null]);
  expect((await signIn("123456")).status).toBe(401);
  // Whether the code is right is not said without the password.
  expect((await signIn(codeOf(secret), "wrong")).status).toBe(401);
  expect((await signIn(codeOf(secret))).status).toBe(200);
});

it("a code signs in once, also of two that come together, and no earlier one after it", async () => {
  const { signIn, secret } = await turnedOn();
  const both = await Promise.all([signIn(codeOf(secret)), signIn(codeOf(secret))]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
  expect((await signIn(codeOf(secret, -1))).status).toBe(401);
  expect((await signIn(codeOf(secret, 1))).status).toBe(200);
});

it("a code of an hour ago is refused", async () => {
  const { signIn, secret } = await turnedOn();
  const old = codeOf(secret, 1);
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ["Date"] });
  try {
    expect((await signIn(old)).status).toBe(401);
  } finally {
    vi.useRealTimers();
  }
});

it("each recovery code signs in once, in any case, and the log names it", async () => {
  const { signIn, recoveryCodes, call, headers, database } = await turnedOn();
  expect(new Set(recoveryCodes).size).toBe(10);
  const [first = "", second = ""] = recoveryCodes;
  expect((await signIn(` ${first.toUpperCase()} `)).status).toBe(200);
  expect((await signIn(first)).status).toBe(401);
  expect((await signIn(second)).status).toBe(200);
  const state = await call("GET", "/api/v1/account/second-step", { headers });
  expect(await state.json()).toEqual({ isOn: true, recoveryCodes: 8 });
  const rows = await database.selectFrom("audit_log").selectAll().orderBy("id").execute();
  expect(rows.map(({ what }) => what)).toEqual([
    "account made",
    "second step turned on",
    "signed in with a recovery code",
    "code refused",
    "signed in with a recovery code",
  ]);
  const kept = JSON.stringify([rows, await database.selectFrom("account").selectAll().execute()]);
  for (const code of recoveryCodes) expect(kept).not.toContain(code);
});

it("wrong codes make the next try wait", async () => {
  const { signIn, secret } = await turnedOn();
  for (let each = 0; each < 5; each += 1) expect((await signIn("000000")).status).toBe(401);
  expect((await signIn(codeOf(secret))).status).toBe(429);
});

it("is turned off by password and code together, and by a link for a new password", async () => {
  const { change, headers, signIn, secret, call, database } = await turnedOn();
  expect((await change({ secret: null, code: "000000" }, headers)).status).toBe(403);
  expect(
    (await change({ secret: null, code: codeOf(secret), password: "another one" }, headers)).status,
  ).toBe(403);
  expect((await change({ secret, code: codeOf(secret) }, headers)).status).toBe(409);
  const off = await change({ secret: null, code: codeOf(secret) }, headers);
  expect(off.status).toBe(200);
  expect((await signIn()).status).toBe(200);

  const again = await change({ secret, code: codeOf(secret) }, { cookie: cookieOf(off) });
  expect(again.status).toBe(200);
  expect((await signIn()).status).toBe(428);
  await invite(database, {
    token: hashToken("lost"),
    role: "administrator",
    account: 1,
    expires: Date.now() + 1_000,
  });
  const body = { token: "lost", name: "ada", password: "another horse battery" };
  expect((await call("POST", "/api/v1/join", { body })).status).toBe(200);
  expect((await signIn(undefined, "another horse battery")).status).toBe(200);
});
