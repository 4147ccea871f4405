import { expect, it } from "vitest";
import { container } from "../../model/container.ts";
import type { LostProof } from "../../model/proof.ts";
import { bareContext } from "../control.ts";
import { proofLost } from "./proof-lost.ts";

const lost: LostProof = {
  ...{ probe: "fork-until-limit", control: "pids-limit", tries: "start processes without end" },
  ...{ evidence: "257 started", held: "2027-01-30T03:30:00.000Z", lost: "2027-01-31T03:30:00.000Z" },
};
const judge = (lostProofs: readonly LostProof[] | undefined) =>
  proofLost.check.container?.(container("configured"), bareContext("engine-api", { lostProofs }));

it("fails for each probe that held and does not hold now, with both times", () => {
  expect(judge([lost, { ...lost, probe: "write-root" }])).toMatchObject({
    verdict: "fail",
    problems: [
      {
        evidence: "fork-until-limit",
        message:
          "can start processes without end (pids-limit): a proof held until 2027-01-30 03:30Z, and did not on 2027-01-31 03:30Z: 257 started",
      },
      { evidence: "write-root" },
    ],
  });
});

it("passes where nothing was lost, and says nothing where nobody proves", () => {
  expect(judge([])).toMatchObject({ verdict: "pass" });
  expect(judge(undefined)).toMatchObject({ verdict: "notApplicable" });
});
