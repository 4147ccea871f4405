import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { everywhere } from "../../../../test/support/fleet/fleet.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import type { Labels } from "../../../base/labels.ts";
import { listAccounts } from "../accounts/accounts.ts";
import { addToken, tokenAccount } from "../accounts/api-tokens.ts";
import { acceptInvitation, invite } from "../accounts/invitations.ts";
import { addAcceptance } from "../findings/acceptances.ts";
import { listFindings } from "../findings/findings.ts";
import type { FindingState } from "../findings/query.ts";
import { allowEnrolment, enrol } from "../hosts/enrolments.ts";
import { putChanges, putHost } from "../hosts/hosts.ts";
import { listHosts } from "../hosts/overview.ts";
import { removeHost } from "../hosts/reports.ts";
import type { FleetDatabase } from "../open.ts";
import { belongs, narrower, type Sight } from "./sight.ts";
import {
  accountSight,
  addTeam,
  listTeams,
  pinLabels,
  removeTeam,
  setAccountSight,
  setTeam,
} from "./teams.ts";

const now = Date.now();
const page = { offset: 0, limit: 100 };

async function host(database: FleetDatabase, id: string, labels?: Labels): Promise<void> {
  const containers = [{ name: "web", image: "nginx:1", project: "shop", running: true }];
  const state = { id, name: id, engine: "e", version: "1", connected: true, containers, labels };
  await putHost(database, state, now);
}

const hostsOf = async (database: FleetDatabase, sight: Sight) =>
  (await listHosts(database, sight)).map(({ id }) => id);

describe("a host belongs to a team", () => {
  it.each<[Labels, readonly string[], boolean]>([
    [{ env: "prod" }, ["env=prod"], true],
    [{ env: "dev" }, ["env=prod"], false],
    [{ env: "dev" }, ["env=prod", "env=dev"], true],
    [{ env: "prod" }, ["env=prod", "region=eu"], false],
    [{ env: "prod", region: "eu" }, ["env=prod", "region=eu"], true],
    [{}, ["env=prod"], false],
    [{ env: "prod" }, [], false],
    [{}, ["constructor=prod"], false],
  ])("%j, %j: %s", (labels, wanted, is) => {
    expect(belongs(labels, wanted)).toBe(is);
  });
});

it("a token sees no more than its account", () => {
  expect(narrower("all", [1])).toEqual([1]);
  expect(narrower([1, 2], "all")).toEqual([1, 2]);
  expect(narrower([1, 2], [2, 3])).toEqual([2]);
  expect(narrower([1], [])).toEqual([]);
});

describeStores((open) => {
  it("labels that an administrator set stay, whatever the host tells", async () => {
    const database = await open();
    await host(database, "h", { env: "dev" });
    const dev = Number(await addTeam(database, { name: "dev", labels: ["env=dev"] }, now));
    const prod = Number(await addTeam(database, { name: "prod", labels: ["env=prod"] }, now));
    expect(await pinLabels(database, "h", { env: "prod" }, now)).toBe(true);
    expect(await hostsOf(database, [prod])).toEqual(["h"]);
    expect(await hostsOf(database, [dev])).toEqual([]);
    await host(database, "h", { env: "dev", region: "eu" });
    const [pinned] = await listHosts(database, "all");
    expect(pinned).toMatchObject({
      ...{ labels: { env: "prod" }, pinned: true },
      toldLabels: { env: "dev", region: "eu" },
    });
    expect(await hostsOf(database, [prod])).toEqual(["h"]);
    await pinLabels(database, "h", {}, now);
    expect(await hostsOf(database, [prod, dev])).toEqual([]);
    await pinLabels(database, "h", null, now);
    expect(await hostsOf(database, [dev])).toEqual(["h"]);
    expect((await listHosts(database, "all"))[0]).toMatchObject({ pinned: false });
    expect(await pinLabels(database, "none", {}, now)).toBe(false);
  });

  it("a host has the labels of the token by which it enrolled, whatever it tells", async () => {
    const database = await open();
    const team = Number(await addTeam(database, { name: "prod", labels: ["env=prod"] }, now));
    const token = { token: "t", author: { name: "ada", id: null }, expires: now + 1_000 };
    await allowEnrolment(database, { ...token, labels: { env: "dev" } });
    const told = { name: "h", engine: "e", version: "1", connected: true, containers: undefined };
    const made = await enrol(database, {
      token: "t",
      key: "k",
      host: { ...told, labels: { env: "prod" } },
      now,
    });
    await putHost(database, { ...told, id: made?.id ?? "", labels: { env: "prod" } }, now);
    expect(await hostsOf(database, [team])).toEqual([]);
    expect((await listHosts(database, "all"))[0]).toMatchObject({ labels: { env: "dev" }, pinned: true });
  });

  it("a team has the hosts that its labels say, as either changes", async () => {
    const database = await open();
    await host(database, "before", { env: "prod" });
    await host(database, "other", { env: "dev" });
    await host(database, "bare");
    const id = await addTeam(database, { name: "shop", labels: ["env=prod"] }, now);
    if (id === "taken") throw new Error("taken");
    expect(await addTeam(database, { name: "shop", labels: ["env=dev"] }, now)).toBe("taken");
    await host(database, "later", { env: "prod" });
    expect(await hostsOf(database, [id])).toEqual(["before", "later"]);
    await host(database, "before", { env: "dev" });
    expect(await hostsOf(database, [id])).toEqual(["later"]);
    expect(await setTeam(database, id, { name: "shop", labels: ["env=dev"] }, now)).toBe("changed");
    expect(await hostsOf(database, [id])).toEqual(["before", "other"]);
    expect(await listTeams(database, "all")).toEqual([
      { id, name: "shop", labels: ["env=dev"], hosts: 2, accounts: 0 },
    ]);
    expect(await setTeam(database, 99, { name: "none", labels: ["env=dev"] }, now)).toBeUndefined();
    // A host that no longer says a label is in no team.
    await host(database, "other");
    expect(await hostsOf(database, [id])).toEqual(["before"]);
    expect(await hostsOf(database, [])).toEqual([]);
    expect(await hostsOf(database, "all")).toEqual(["bare", "before", "later", "other"]);
  });

  it("an account sees its teams' hosts, and none where its team is gone", async () => {
    const database = await open();
    const shop = Number(await addTeam(database, { name: "shop", labels: ["env=prod"] }, now));
    const bank = Number(await addTeam(database, { name: "bank", labels: ["env=bank"] }, now));
    await invite(database, { token: "link", role: "operator", expires: now + 1_000, sight: [shop, 99] });
    const made = await acceptInvitation(database, { token: "link", name: "vera", password: "x", now });
    const { id } = typeof made === "object" ? made : { id: 0 };
    const account = async () =>
      await database.selectFrom("account").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const sight = async () => await accountSight(database, await account());
    expect(await sight()).toEqual([shop]);
    expect(await listAccounts(database)).toMatchObject([{ name: "vera", teams: [shop] }]);
    const token = { account: id, name: "ci", scopes: ["read"] as const, created: now, expires: now + 1_000 };
    await addToken(database, { ...token, token: "whole" });
    await addToken(database, { ...token, token: "shop", sight: [shop] });
    await addToken(database, { ...token, token: "bank", sight: [bank] });
    const of = async (hash: string) => (await tokenAccount(database, hash, now))?.account.sight;
    expect([await of("whole"), await of("shop"), await of("bank")]).toEqual([[shop], [shop], []]);
    await setAccountSight(database, id, "all");
    expect([await of("whole"), await of("shop"), await of("bank")]).toEqual(["all", [shop], [bank]]);
    await setAccountSight(database, id, [shop, bank]);
    expect(await removeTeam(database, shop, now)).toBe("shop");
    expect(await sight()).toEqual([bank]);
    expect(await of("shop")).toEqual([]);
    await removeTeam(database, bank, now);
    // Another team does not inherit anyone who belonged to one that is gone.
    await addTeam(database, { name: "new", labels: ["env=prod"] }, now);
    expect(await sight()).toEqual([]);
    expect(await accountSight(database, { ...(await account()), role: "administrator" })).toBe("all");
  });

  it("an acceptance of a team holds on its hosts alone, as they come and go, and ends with it", async () => {
    const database = await open();
    await host(database, "g", { env: "prod" });
    await host(database, "h", { env: "dev" });
    for (const id of ["g", "h"]) {
      await putChanges(database, id, [changeOf("opened", findingOf("privileged"))], () => "");
    }
    const team = Number(await addTeam(database, { name: "shop", labels: ["env=prod"] }, now));
    const accepted = async (state: FindingState = "accepted") =>
      (await listFindings(database, { ...everywhere, state }, page)).map((row) => row.host).toSorted();
    await addAcceptance(
      database,
      {
        ...{ scope: "image", control: "privileged", image: "nginx:1", team },
        ...{ host: null, subject: null, project: null, reason: "x", until: "2099-01-01" },
        ...{ author: { id: 1, name: "ada" }, waits: false },
      },
      now,
    );
    expect(await accepted()).toEqual(["g"]);
    await host(database, "h", { env: "prod" });
    expect(await accepted()).toEqual(["g", "h"]);
    await setTeam(database, team, { name: "shop", labels: ["env=dev"] }, now);
    expect(await accepted()).toEqual([]);
    await host(database, "h", { env: "dev" });
    expect(await accepted()).toEqual(["h"]);
    await removeTeam(database, team, now);
    expect(await accepted("open")).toEqual(["g", "h"]);
  });

  it("a host that is removed takes its history and its acceptances with it", async () => {
    const database = await open();
    await host(database, "h", { env: "prod" });
    await host(database, "g");
    await addTeam(database, { name: "shop", labels: ["env=prod"] }, now);
    for (const id of ["g", "h"]) {
      await putChanges(database, id, [changeOf("opened", findingOf("privileged"))], () => "");
    }
    await addAcceptance(
      database,
      {
        ...{ scope: "finding", control: "privileged", host: "h", subject: "container:web" },
        ...{ image: null, project: null, team: null, reason: "x", until: "2099-01-01" },
        ...{ author: { id: 1, name: "ada" }, waits: false },
      },
      now,
    );
    expect(await removeHost(database, "h", now)).toBe("h");
    expect(await removeHost(database, "h", now)).toBeUndefined();
    const left = async (table: "finding" | "container" | "team_host") =>
      (await database.selectFrom(table).select("host").execute()).map((row) => row.host);
    expect([await left("finding"), await left("container"), await left("team_host")]).toEqual([
      ["g"],
      ["g"],
      [],
    ]);
    expect(await database.selectFrom("change").select("change").execute()).toHaveLength(1);
    expect(await database.selectFrom("acceptance").select("ended").execute()).toEqual([{ ended: now }]);
  });
});
