import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { testFleet } from "../../../test/support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../../../test/support/fleet/postgres.ts";
import { openFleetNews } from "./news.ts";

describe.skipIf(whyNoPostgres() !== undefined)("news of replicas", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  it("are heard by each, also after the database was gone", async () => {
    const place = await server.newDatabase();
    const replicas = await Promise.all(
      [1, 2].map(async () => openFleetNews(await testFleet(place), { place, password: undefined })),
    );
    const heard = new Set<number>();
    for (const [index, news] of replicas.entries()) {
      onTestFinished(() => news.close());
      news.listen(() => heard.add(index));
    }
    const tell = () => {
      replicas[0]?.tell("findings");
      return heard.size;
    };
    await expect.poll(tell, { timeout: 15_000 }).toBe(2);
    await server.crash();
    heard.clear();
    await expect.poll(tell, { timeout: 15_000, interval: 500 }).toBe(2);
  }, 60_000);
});
