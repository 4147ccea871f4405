import { expect, it } from "vitest";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import { accountNamed, openSession, type SessionLimits, sessionAccount } from "./accounts.ts";
import { admit, isProvided, type Person, shutOut } from "./provided-accounts.ts";

const limits: SessionLimits = { idle: 1_000, whole: 1_000, provided: 100 };
const ada: Person = {
  ...{ issuer: "https://login.example.org", subject: "1", name: "ada" },
  ...{ role: "operator", teams: undefined },
};

describeStores((open) => {
  it("a person has one account, however many replicas they come to at once", async () => {
    const database = await open();
    const all = await Promise.all(Array.from({ length: 8 }, () => admit(database, ada, 1)));
    expect(all.filter((each) => each !== "taken" && each.isNew)).toHaveLength(1);
    expect(await database.selectFrom("account").select("id").execute()).toHaveLength(1);
    // Another person of that name, by the same provider or another one.
    expect(await admit(database, { ...ada, subject: "2" }, 1)).toBe("taken");
    expect(await admit(database, { ...ada, issuer: "https://other.example.org" }, 1)).toBe("taken");
    expect(await admit(database, { ...ada, name: "renamed", role: "viewer" }, 1)).toMatchObject({
      account: { name: "ada", role: "viewer" },
      isNew: false,
      formerRole: "operator",
    });
    expect(await accountNamed(database, "ada")).toBeUndefined();
  });

  it("their sessions are shorter, and end with their role", async () => {
    const database = await open();
    const admitted = await admit(database, ada, 1);
    if (admitted === "taken") throw new Error("taken");
    const { id } = admitted.account;
    expect(await isProvided(database, id)).toBe(true);
    await openSession(database, { token: "t", account: id, agent: "", address: "", now: 1_000 });
    expect(await sessionAccount(database, "t", limits, 1_050)).toMatchObject({ name: "ada" });
    expect(await sessionAccount(database, "t", limits, 1_101)).toBeUndefined();
    expect(await shutOut(database, ada)).toBe("ada");
    expect(await sessionAccount(database, "t", limits, 1_050)).toBeUndefined();
    expect(await shutOut(database, { ...ada, subject: "nobody" })).toBeUndefined();
  });
});
