import { expect, it } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { closed, judgeUnreached } from "./tcp.ts";

const words = { what: "addresses of the host", nowhere: "no port of the host accepts a connection" };

function judge(
  subject: readonly (string | undefined)[],
  control: readonly (string | undefined)[],
  listens?: boolean,
) {
  const attempts = (errors: readonly (string | undefined)[]) =>
    errors.map((error, index) => ({ what: `10.0.0.1:${index}`, error }));
  return judgeUnreached(
    { subject: attempts(subject), control: ok(attempts(control)) },
    { ...words, ...(listens && { listens }) },
  );
}

it("what a container on the host's network reaches, and this one does not, is held", () => {
  expect(judge(["ENETUNREACH", "no answer"], [undefined, "no answer"]).outcome).toBe("held");
});

it("where nobody is let in there is nothing to show", () => {
  expect(judge(["ENETUNREACH"], ["ECONNREFUSED"])).toEqual({
    outcome: "notApplicable",
    evidence: words.nowhere,
  });
});

it("where something listens, a looser container without an answer shows nothing", () => {
  const errors = ["ECONNREFUSED", "no answer"];
  expect(judge(["ENETUNREACH", "ENETUNREACH"], errors, true)).toEqual({
    outcome: "inconclusive",
    evidence: "10.0.0.1:1 did not answer a container with --network=host in time",
  });
  expect(judge(["ENETUNREACH", "ENETUNREACH"], errors)).toMatchObject({ outcome: "notApplicable" });
});

it("without a looser container nothing is shown", () => {
  const subject = [{ what: "10.0.0.1:80", error: closed[0] }];
  expect(judgeUnreached({ subject, control: failed("it did not start") }, words)).toMatchObject({
    outcome: "inconclusive",
    evidence: expect.stringContaining("it did not start"),
  });
});
