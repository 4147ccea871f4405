import fc from "fast-check";
import { expect, test } from "vitest";
import { brokenBySending, namedRequests, sentPolicies } from "../../../test/support/guard/sent.ts";

test("what is judged is what is sent: ids for names, and no field that the shape lacks", async () => {
  await fc.assert(
    fc.asyncProperty(namedRequests, fc.constantFrom(...sentPolicies), async (raw, under) => {
      expect([
        raw.target,
        String(raw.body.kind === "bytes" && Buffer.from(raw.body.bytes)),
        await brokenBySending(raw, under),
      ]).toEqual([raw.target, expect.anything(), undefined]);
    }),
    { numRuns: Number(process.env.SENT_RUNS ?? 400) },
  );
});
