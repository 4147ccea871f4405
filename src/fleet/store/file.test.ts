import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { signedIn } from "../../../test/support/fleet/serve.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { makeToken, resetPassword } from "../serve.ts";
import { hashToken } from "../server/sign-in/passwords.ts";
import { tokenAccount } from "./accounts/api-tokens.ts";
import { backUpFile, claimFile, restoreFile } from "./file.ts";
import { openFleet } from "./open.ts";

async function opened(place: string) {
  const database = await openFleet(place);
  if (!database.ok) throw new Error(database.reason);
  return database.value;
}
const hosts = async (place: string) => {
  const database = await opened(place);
  const rows = await database.selectFrom("host").select("id").orderBy("id").execute();
  await database.destroy();
  return rows.map(({ id }) => id);
};
const host = (id: string) => ({
  id,
  name: id,
  engine: "e",
  version: "1",
  connected: 1,
  seen: 1,
  enrolled: 1,
});

it("a copy holds what was committed, also what waits in the WAL, while others write; it comes back over a later state", async () => {
  const folder = testFolder();
  const [place, copy] = [join(folder, "serve.db"), join(folder, "copy.db")];
  const database = await opened(place);
  for (const id of ["a", "b"]) await database.insertInto("host").values(host(id)).execute();
  expect(await backUpFile(place, copy)).toEqual({ ok: true, value: undefined });
  await database.insertInto("host").values(host("late")).execute();
  expect(await backUpFile(place, copy)).toMatchObject({
    ok: false,
    reason: expect.stringContaining("exists already"),
  });
  await database.destroy();
  const restored = await restoreFile(copy, place);
  if (!restored.ok) throw new Error(restored.reason);
  expect(await hosts(place)).toEqual(["a", "b"]);
  expect(await hosts(restored.value ?? "")).toEqual(["a", "b", "late"]);
});

it("restores nothing while somebody serves, nothing that is damaged, and no file that is none", async () => {
  const folder = testFolder();
  const [place, copy, bad] = [join(folder, "serve.db"), join(folder, "copy.db"), join(folder, "bad.db")];
  await (await opened(place)).destroy();
  await backUpFile(place, copy);
  writeFileSync(bad, "not a database at all".repeat(500));
  expect(await restoreFile(bad, place)).toMatchObject({ ok: false });
  expect(await restoreFile(join(folder, "none"), place)).toMatchObject({ ok: false });
  expect(await restoreFile(place, place)).toMatchObject({ ok: false });
  const claim = await claimFile(place);
  if (!claim.ok) throw new Error(claim.reason);
  onTestFinished(() => claim.value.release());
  const refused = await restoreFile(copy, place);
  expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining(`process ${process.pid}`) });
  expect(await hosts(place)).toEqual([]);
  expect(existsSync(`${place}.unfinished`)).toBe(false);
});

it("one process serves a file: a second is refused by the name of the first, until that ended", async () => {
  const place = join(testFolder(), "deep", "serve.db");
  const first = await claimFile(place);
  if (!first.ok) throw new Error(first.reason);
  const second = await claimFile(place);
  expect(second).toMatchObject({
    ok: false,
    reason: expect.stringContaining(`process ${process.pid}, since `),
  });
  first.value.release();
  const third = await claimFile(place);
  expect(third.ok).toBe(true);
  if (third.ok) third.value.release();
});

it("a reset at a wrong path says so, and makes no database there", async () => {
  const place = join(testFolder(), "none.db");
  const made = await resetPassword({ place, password: undefined }, "ada");
  expect(made).toEqual({ ok: false, reason: `there is no database at ${place}` });
  expect(existsSync(place)).toBe(false);
});

it("an API token that is made on the server is the account's, with its scopes", async () => {
  const place = join(testFolder(), "serve.db");
  const fleet = await opened(place);
  await signedIn({ database: fleet }, "operator", "ada");
  await fleet.destroy();
  const store = { place, password: undefined };
  const asked = { token: "ci", scopes: ["read"], days: 1 } as const;
  expect(await makeToken(store, { ...asked, account: "bob" })).toEqual({
    ok: false,
    reason: "no account with a password is named bob",
  });
  const made = await makeToken(store, { ...asked, account: "ada" });
  const again = await opened(place);
  const known = made.ok ? await tokenAccount(again, hashToken(made.value), Date.now()) : undefined;
  expect(known).toMatchObject({ account: { name: "ada" }, name: "ci", scopes: ["read"] });
  await again.destroy();
});
