// Runs in each process of the tests before they are loaded: which mutant is on, and which of them the tests reach.

import { appendFileSync, readFileSync } from "node:fs";
import { afterAll, expect } from "vitest";

const { MUTANT_ON: on = "", MUTANTS_REACHED: reachedFile = "" } = process.env;
const active = Number(readFileSync(on, "utf8"));
const reached = new Set<number>();
let hits = 0;
/** A loop that a mutant made endless is ended by it: a failure, like any other. */
const mostHits = 20_000_000;

Object.assign(globalThis, {
  reachedMutant(id: number): boolean {
    reached.add(id);
    if (id !== active) return false;
    hits += 1;
    if (hits > mostHits) throw new Error("the mutant does not end");
    return true;
  },
});

afterAll(() => {
  if (active >= 0) return;
  appendFileSync(reachedFile, `${JSON.stringify([expect.getState().testPath, [...reached]])}\n`);
  reached.clear();
});
