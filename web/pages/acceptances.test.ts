import { expect, it } from "vitest";
import { IgnoresFiles } from "./acceptances.tsx";

const hosts = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `h${index}`, name: `host-${index}` }));

it("links to the files of a few hosts at once, and folds those of many", () => {
  for (const [count, shown] of [
    [1, "p"],
    [10, "p"],
    [11, "details"],
    [300, "details"],
  ] as const)
    expect([count, IgnoresFiles({ hosts: hosts(count) }).type]).toEqual([count, shown]);
});
