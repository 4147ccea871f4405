import { expect, it } from "vitest";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";

async function withViews() {
  const test = await testApp();
  const as = async (name: string) => {
    const headers = await signedIn(test, "viewer", name);
    return {
      save: async (view: string, filters: string) =>
        (await test.call("PUT", "/api/v1/views", { headers, body: { name: view, filters } })).status,
      remove: async (view: string) =>
        (await test.call("DELETE", `/api/v1/views/${encodeURIComponent(view)}`, { headers })).status,
      list: async () => {
        const { views } = (await (await test.call("GET", "/api/v1/views", { headers })).json()) as {
          views: { name: string; filters: string }[];
        };
        return views.map(({ name, filters }) => `${name}: ${filters}`);
      },
    };
  };
  return { ada: await as("ada"), bob: await as("bob"), database: test.database };
}

it("an account's views are its own, in place of those of the same name", async () => {
  const { ada, bob } = await withViews();
  expect(await ada.save("mine / worst", "severity=critical")).toBe(204);
  expect(await ada.save("a", "q=x")).toBe(204);
  expect(await bob.save("a", "q=bob")).toBe(204);
  expect(await ada.save("mine / worst", "severity=high")).toBe(204);
  expect(await ada.list()).toEqual(["a: q=x", "mine / worst: severity=high"]);
  expect(await bob.remove("mine / worst")).toBe(404);
  expect(await ada.remove("mine / worst")).toBe(204);
  expect(await ada.list()).toEqual(["a: q=x"]);
  expect(await bob.list()).toEqual(["a: q=bob"]);
});

it("an account has at most fifty, a removed one has none, and a name has letters", async () => {
  const { ada, database } = await withViews();
  expect(await ada.save("  ", "q=x")).toBe(400);
  for (let each = 0; each < 50; each += 1) expect(await ada.save(`v${each}`, "")).toBe(204);
  expect(await ada.save("one more", "")).toBe(409);
  expect(await ada.save("v1", "q=changed")).toBe(204);
  await database.deleteFrom("account").where("name", "=", "ada").execute();
  expect(await database.selectFrom("saved_view").selectAll().execute()).toEqual([]);
});
