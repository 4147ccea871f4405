import { expect, it } from "vitest";
import { openLately } from "./lately.ts";

function stage() {
  const clock = { now: 0 };
  const lately = openLately(() => clock.now);
  let asked = 0;
  const ask = (took: number) => async () => {
    clock.now += took;
    asked += 1;
    return asked;
  };
  return { clock, lately, ask };
}

it("an answer that took long is given again, for forty times as long", async () => {
  const { clock, lately, ask } = stage();
  expect(await lately("images", ask(100))).toBe(1);
  clock.now += 1_999;
  expect(await lately("images", ask(100))).toBe(1);
  expect(await lately("another", ask(100))).toBe(2);
  clock.now += 2_001;
  expect(await lately("images", ask(100))).toBe(3);
});

it("who keeps asking gets a new one without waiting for it", async () => {
  const { clock, lately, ask } = stage();
  await lately("images", ask(100));
  clock.now += 2_000;
  let give = (_: number) => {};
  const waits = new Promise<number>((resolve) => {
    give = resolve;
  });
  expect(await lately("images", () => waits)).toBe(1);
  expect(await lately("images", ask(100))).toBe(1);
  clock.now += 100;
  give(7);
  await expect.poll(() => lately("images", ask(100))).toBe(7);
});

it("an old answer outlives a failure, for its time", async () => {
  const { clock, lately, ask } = stage();
  await lately("images", ask(100));
  clock.now += 2_000;
  const fails = () => Promise.reject(new Error("the database is gone"));
  expect(await lately("images", fails)).toBe(1);
  expect(await lately("images", fails)).toBe(1);
  clock.now += 2_000;
  await expect(lately("images", fails)).rejects.toThrow("gone");
});

it("but for half a minute at most", async () => {
  const { clock, lately, ask } = stage();
  await lately("images", ask(60_000));
  clock.now += 29_999;
  const begun = () => Promise.reject(new Error("the database is gone"));
  expect(await lately("images", begun)).toBe(1);
  clock.now += 1;
  expect(await lately("images", ask(0))).toBe(2);
});

it("a quick answer is asked anew", async () => {
  const { lately, ask } = stage();
  expect(await lately("images", ask(49))).toBe(1);
  expect(await lately("images", ask(49))).toBe(2);
});

it("who asks meanwhile gets the same answer, and the same failure, which is not kept", async () => {
  const { clock, lately, ask } = stage();
  const both = [lately("images", ask(100)), lately("images", ask(100))];
  expect(await Promise.all(both)).toEqual([1, 1]);
  clock.now += 60_000;
  const fails = async () => {
    clock.now += 100;
    throw new Error("the database is gone");
  };
  const failures = [lately("images", fails), lately("images", fails)];
  for (const failure of failures) await expect(failure).rejects.toThrow("gone");
  expect(await lately("images", ask(0))).toBe(2);
});

it("keeps no more than two hundred answers", async () => {
  const { lately, ask } = stage();
  for (let each = 0; each <= 200; each += 1) await lately(String(each), ask(100));
  expect(await lately("200", ask(0))).toBe(201);
  expect(await lately("0", ask(0))).toBe(202);
});
