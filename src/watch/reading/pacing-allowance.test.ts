import { expect, it } from "vitest";
import { openAllowance } from "./sweep.ts";

it("gives what was saved up, and in the long run the share", () => {
  const at = { now: 0, used: 0 };
  const allowance = openAllowance({ share: 0.01, most: 100 }, { now: () => at.now, used: () => at.used });
  const work = (milliseconds: number) =>
    allowance.spend(() => {
      at.used += milliseconds;
    });
  work(60);
  expect(allowance.isLeft()).toBe(true);
  expect(allowance.isScarce()).toBe(true);
  work(60);
  expect(allowance.isLeft()).toBe(false);
  at.now += 1_900;
  expect(allowance.isLeft()).toBe(false);
  at.now += 200;
  expect(allowance.isLeft()).toBe(true);
  at.now += 1_000_000;
  expect(allowance.isScarce()).toBe(false);
  expect(allowance.isLeft()).toBe(true);
  work(100);
  expect(allowance.isLeft()).toBe(false);
  allowance.spend(() => {
    at.used += 500;
    allowance.forgive();
  });
  expect(allowance.isLeft()).toBe(true);
  work(2);
  expect(allowance.isLeft()).toBe(false);
  allowance.forgive();
  expect(allowance.isLeft()).toBe(true);
});
