import { sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { changesOf, testFleet } from "../../../test/support/fleet/fleet.ts";
import { watchOf } from "../../../test/support/fleet/watch.ts";
import type { Finding } from "../../audit/finding.ts";
import { openFindings } from "../store/hosts/hosts.ts";
import type { FleetDatabase } from "../store/open.ts";
import { openFeed } from "./feed.ts";
import { openNews } from "./news.ts";

const host = { id: "h", name: "h", engine: "e", version: "1" };

/** A database of which the answer to some transactions is lost: they are kept, and fail here. */
function losing(database: FleetDatabase, isLost: () => boolean): FleetDatabase {
  const transaction = () => ({
    async execute<T>(run: (step: FleetDatabase) => Promise<T>): Promise<T> {
      const done = await database.transaction().execute(run);
      if (isLost()) throw new Error("Connection terminated unexpectedly");
      return done;
    },
  });
  return new Proxy(database, {
    get(_, name) {
      if (name === "transaction") return transaction;
      const value: unknown = Reflect.get(database, name, database);
      return typeof value === "function" ? value.bind(database) : value;
    },
  });
}

async function testFeed(isLost: () => boolean = () => false) {
  const database = losing(await testFleet(), isLost);
  const said: string[] = [];
  let open: readonly Finding[] = [];
  const watch = watchOf(() => open);
  const say = (text: string) => void said.push(text);
  const feed = openFeed({ database, news: openNews(), host, areaOf: () => "", say });
  onTestFinished(() => feed.close());
  const kept = async () => (await openFindings(database, "h")).map(({ control }) => control);
  return {
    ...{ database, feed, kept, said },
    begin: () => feed.begin(watch),
    /** What the watch tells, with what is open then. */
    tell(findings: readonly Finding[], all = findings) {
      open = all;
      feed.changes(findings.map((finding) => changeOf("opened", finding)));
    },
    resolve(finding: Finding) {
      open = open.filter((each) => each !== finding);
      feed.changes([changeOf("resolved", finding)]);
    },
  };
}

/** A full disk, or one that has room again. */
async function setRoom(database: FleetDatabase, room: "none" | "enough"): Promise<void> {
  const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(database);
  const most = room === "none" ? (rows[0]?.page_count ?? 0) : 100_000;
  await sql`PRAGMA max_page_count = ${sql.lit(most)}`.execute(database);
}

const named = (count: number) => Array.from({ length: count }, (_, index) => findingOf(`control-${index}`));

describe("what a watch tells", () => {
  it("is in the database, also what came before the feed began and at the end", async () => {
    const { feed, kept, tell, begin } = await testFeed();
    tell([findingOf("before")]);
    begin();
    await expect.poll(kept).toEqual(["before"]);
    const more = named(1_200);
    tell(more, [findingOf("before"), ...more]);
    await feed.close();
    expect(await kept()).toHaveLength(1_201);
  });

  it("is told as a whole where it is too much to wait", async () => {
    const { kept, tell, begin, feed } = await testFeed();
    tell(named(20_001), [findingOf("still-open")]);
    begin();
    await expect.poll(kept).toEqual(["still-open"]);
    await feed.close();
    expect(await kept()).toEqual(["still-open"]);
  });

  it("is behind the whole that was taken, where this cannot be written for a while", async () => {
    const { database, kept, tell, resolve, begin, said } = await testFeed();
    begin();
    await expect.poll(() => database.selectFrom("host").select("id").execute()).toHaveLength(1);
    await setRoom(database, "none");
    const many = named(300);
    tell(named(20_001), many);
    await expect.poll(() => said).toHaveLength(1);
    const short = findingOf("for-a-moment");
    tell([short], [...many, short]);
    resolve(short);
    await setRoom(database, "enough");
    await expect.poll(kept, { timeout: 10_000 }).toHaveLength(300);
    await expect.poll(() => changesOf(database, "for-a-moment")).toEqual(["opened", "resolved"]);
  });

  it("is kept once where the answer of the database is lost", async () => {
    let lost = 0;
    const { database, kept, tell, resolve, begin, said } = await testFeed(() => lost-- > 0);
    begin();
    await expect.poll(() => database.selectFrom("host").select("id").execute()).toHaveLength(1);
    const a = findingOf("a");
    lost = 1;
    tell([a]);
    await expect
      .poll(() => said)
      .toEqual(["the database cannot be written: it broke the connection off; what is new waits"]);
    resolve(a);
    tell([findingOf("b")]);
    await expect.poll(kept, { timeout: 10_000 }).toEqual(["b"]);
    expect(await changesOf(database, "a")).toEqual(["opened", "resolved"]);
  });

  it("waits while the disk is full, which is said once, and is written when it can be", async () => {
    const { database, kept, tell, begin, said } = await testFeed();
    begin();
    await expect.poll(() => database.selectFrom("host").select("id").execute()).toHaveLength(1);
    await setRoom(database, "none");
    const many = named(300);
    tell(many);
    await expect
      .poll(() => said)
      .toEqual(["the database cannot be written: the disk is full; what is new waits"]);
    expect(await kept()).toEqual([]);
    await setRoom(database, "enough");
    await expect.poll(kept, { timeout: 10_000 }).toHaveLength(300);
    expect(said.at(-1)).toBe("the database can be written again");
  });
});
