import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readRequest } from "../../src/guard/request/read.ts";
import { type FuzzInput, toRaw } from "../support/guard/input.ts";
import { brokenBy, fuzzLimits } from "../support/guard/invariants.ts";

/**
 * What the docker CLI 28.2.2 (with its builders, Swarm and buildx 0.13), docker compose 2.26.1 and docker-py 7.1.0 sent to
 * a Docker Engine 26.1.5, recorded between them: one of each form. Archives are left out, and so is what follows an
 * upgrade.
 */
const clients: readonly FuzzInput[] = JSON.parse(
  readFileSync(new URL("../support/guard/fixtures/clients.json", import.meta.url), "utf8"),
);

test("nothing that the usual clients send is refused by its form", () => {
  expect(clients.length).toBeGreaterThan(150);
  for (const input of clients) {
    const read = readRequest(toRaw(input), fuzzLimits);
    expect([input.method, input.target, read.ok ? "read" : read.message]).toEqual([
      input.method,
      input.target,
      "read",
    ]);
    expect(brokenBy(toRaw(input))).toBeUndefined();
  }
});
