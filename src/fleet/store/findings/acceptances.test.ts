import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { everywhere } from "../../../../test/support/fleet/fleet.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import { type ContainerNews, putChanges, putHost } from "../hosts/hosts.ts";
import { listImages } from "../hosts/images.ts";
import { containersOf, listHosts, matrix, riskiest } from "../hosts/overview.ts";
import { trends } from "../hosts/trends.ts";
import type { FleetDatabase } from "../open.ts";
import { addAcceptance, endAcceptance, listAcceptances, reviewAcceptance } from "./acceptances.ts";
import { type NewAcceptance, reopenFindings } from "./acceptances-applied.ts";
import { findingWithChanges, listFindings } from "./findings.ts";
import type { FindingState } from "./query.ts";

const day = 86_400_000;
const now = Date.now();
const on = (days: number) => new Date(now + days * day).toISOString().slice(0, 10);
const ada = { id: 1, name: "ada" };
const bob = { id: 2, name: "bob" };
const web: ContainerNews = { name: "web", image: "nginx:1", project: "shop", running: true };

async function filled(database: FleetDatabase): Promise<FleetDatabase> {
  for (const id of ["h", "g"]) {
    await put(database, id, [web, { ...web, name: "db", image: "postgres:16" }]);
    const opened = (control: string, name: string) =>
      changeOf("opened", findingOf(control, { subject: `container:${name}` }));
    await putChanges(
      database,
      id,
      [opened("privileged", "web"), opened("host-pid", "web"), opened("privileged", "db")],
      () => "",
    );
  }
  return database;
}

function put(database: FleetDatabase, id: string, containers: readonly ContainerNews[]): Promise<void> {
  return putHost(
    database,
    { id, name: id, engine: "e", version: "1", connected: true, containers },
    now - 3 * day,
  );
}

const of = (more: Partial<NewAcceptance>): NewAcceptance => ({
  ...{
    scope: "finding",
    control: "privileged",
    host: null,
    subject: null,
    image: null,
    project: null,
    team: null,
  },
  ...{ reason: "the driver needs it", until: on(30), author: ada, waits: false },
  ...more,
});

async function found(database: FleetDatabase, state: FindingState): Promise<readonly string[]> {
  const rows = await listFindings(database, { ...everywhere, state }, { offset: 0, limit: 100 });
  return rows.map(({ host, subject, control }) => `${host} ${subject} ${control}`).toSorted();
}

describeStores((open) => {
  const withFindings = async () => filled(await open());

  it.each([
    [of({ scope: "finding", host: "h", subject: "container:web" }), ["h container:web privileged"]],
    [of({ scope: "image", image: "nginx:1" }), ["g container:web privileged", "h container:web privileged"]],
    [
      of({ scope: "project", project: "shop", control: "host-pid" }),
      ["g container:web host-pid", "h container:web host-pid"],
    ],
    [of({ scope: "image", image: "nginx" }), []],
  ])("an acceptance covers what it says, %#", async (acceptance, covered) => {
    const database = await withFindings();
    const before = await found(database, "open");
    await addAcceptance(database, acceptance, now);
    expect(await found(database, "accepted")).toEqual(covered);
    expect(await found(database, "open")).toEqual(before.filter((each) => !covered.includes(each)));
    expect(await listAcceptances(database, now, "all")).toMatchObject([
      { state: "active", author: "ada", findings: covered.length },
    ]);
  });

  it("an acceptance of a whole project covers every control, and what opens later", async () => {
    const database = await withFindings();
    await addAcceptance(database, of({ scope: "project", project: "shop", control: "*" }), now);
    expect(await found(database, "open")).toEqual([]);
    await putChanges(database, "h", [changeOf("opened", findingOf("memory-limit"))], () => "");
    expect(await found(database, "open")).toEqual([]);
    // A container of the same name that is not of the project is no longer covered.
    await put(database, "h", [{ ...web, project: undefined }]);
    expect(await found(database, "open")).toContain("h container:web memory-limit");
    // One that is gone is not open again: its findings go with it.
    await put(database, "g", []);
    expect(await found(database, "accepted")).toContain("g container:web privileged");
  });

  it("an acceptance counts nowhere as open", async () => {
    const database = await withFindings();
    await addAcceptance(database, of({ scope: "project", project: "shop", control: "*" }), now);
    expect(await matrix(database, ["h"], "all")).toEqual([]);
    expect((await listImages(database, "all")).map(({ image, bySeverity }) => [image, bySeverity])).toEqual([
      ["nginx:1", {}],
      ["postgres:16", {}],
    ]);
    expect(await riskiest(database, 10, "all")).toEqual([]);
    expect((await listHosts(database, "all")).map(({ bySeverity }) => bySeverity)).toEqual([{}, {}]);
    expect((await containersOf(database, "h", "all")).map(({ bySeverity }) => bySeverity)).toEqual([{}, {}]);
    const { series } = await trends(database, { by: "severity", days: 30, now: now + 1, sight: "all" });
    expect(series.map(({ values }) => values.at(-1))).toEqual(series.map(() => 0));
  });

  it("an acceptance ends with its last day, and its findings are open again, which their histories say", async () => {
    const database = await withFindings();
    const acceptance = of({ scope: "finding", host: "h", subject: "container:web", until: on(1) });
    await addAcceptance(database, acceptance, now);
    expect(await reopenFindings(database, now + day)).toBe(0);
    expect(await reopenFindings(database, now + 2 * day)).toBe(1);
    expect(await found(database, "accepted")).toEqual([]);
    const [{ id } = { id: 0 }] = await listFindings(
      database,
      { ...everywhere, host: "h", subject: "container:web", control: "privileged" },
      { offset: 0, limit: 1 },
    );
    const changes = (await findingWithChanges(database, id, "all"))?.changes ?? [];
    expect(changes.map(({ change }) => change)).toEqual(["opened", "accepted", "reopened"]);
    expect(JSON.parse(changes[1]?.cause ?? "")).toMatchObject({
      ...{ kind: "acceptance", author: "ada", reason: "the driver needs it" },
    });
    expect(await listAcceptances(database, now + 2 * day, "all")).toMatchObject([
      { state: "over", findings: 0 },
    ]);
  });

  it("an acceptance can be ended before its day, once; another that covers the same goes on", async () => {
    const database = await withFindings();
    const first = await addAcceptance(database, of({ scope: "image", image: "nginx:1" }), now);
    await addAcceptance(database, of({ scope: "finding", host: "h", subject: "container:web" }), now);
    expect(await endAcceptance(database, first, now)).toMatchObject({
      scope: "image",
      control: "privileged",
    });
    expect(await endAcceptance(database, first, now)).toBeUndefined();
    expect(await found(database, "accepted")).toEqual(["h container:web privileged"]);
  });

  it("an acceptance that waits covers nothing until a second person reviewed it", async () => {
    const database = await withFindings();
    const id = await addAcceptance(database, of({ scope: "image", image: "nginx:1", waits: true }), now);
    expect(await found(database, "accepted")).toEqual([]);
    expect(await reviewAcceptance(database, id, ada, now)).toBe("own");
    // Somebody who took the name of an account that was removed.
    expect(await reviewAcceptance(database, id, { id: 9, name: "ada" }, now)).toBe("own");
    expect(await found(database, "accepted")).toEqual([]);
    expect(await reviewAcceptance(database, id, bob, now)).toMatchObject({ image: "nginx:1" });
    expect(await found(database, "accepted")).toHaveLength(2);
    expect(await reviewAcceptance(database, id, bob, now)).toBeUndefined();
    expect(await listAcceptances(database, now, "all")).toMatchObject([{ state: "active", reviewer: "bob" }]);
  });
});
