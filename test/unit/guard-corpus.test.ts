import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type FuzzInput, toRaw } from "../support/guard/input.ts";
import { brokenBy } from "../support/guard/invariants.ts";

/** Requests of which each reached a block of src/guard that none before it had; `npm run fuzz:guard -- --keep` finds them. */
const corpus: readonly FuzzInput[] = JSON.parse(
  readFileSync(new URL("../support/guard/fixtures/corpus.json", import.meta.url), "utf8"),
);

test("nothing that must hold for every request is broken by any of the corpus", () => {
  expect(corpus.length).toBeGreaterThan(50);
  for (const input of corpus) expect([input, brokenBy(toRaw(input))]).toEqual([input, undefined]);
});
