import type { LostProof } from "../../model/proof.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";

export const proofLost: Control = {
  id: "proof-lost",
  title: "What a proof showed does not hold any more",
  why: "A proof tries in the kernel what the container must not be able to do. An attempt that failed yesterday and succeeds today means that something lost its hardening: the container was started again in another way, somebody changed it behind the Engine's back, or the kernel, the Engine or a profile is another one. A reading of the configuration may not show that.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1562.001"],
  cwe: [693],
  where: ["A", "K"],
  references: [
    "https://docs.docker.com/engine/security/",
    "https://man7.org/linux/man-pages/man7/capabilities.7.html",
  ],
  // Only two proofs together show it.
  examples: { bad: [], good: [] },
  check: {
    container(_, { lostProofs }) {
      if (!lostProofs) return notApplicable("nobody proves it again and again");
      return combine(lostProofs.map(judge), pass("what held still holds"));
    },
  },
  remedy: {
    container: () =>
      manual(
        "Compare how the container runs now with how it ran when the proof held (bulkhead history --subject NAME, docker inspect), and give back what it lost. bulkhead prove NAME shows whether it holds again.",
      ),
  },
};

function judge({ probe, control, tries, evidence, held, lost }: LostProof): Verdict {
  return fail(
    `can ${tries} (${control}): a proof held until ${day(held)}, and did not on ${day(lost)}: ${evidence}`,
    { evidence: probe, observed: `${probe} not held` },
  );
}

/** `2027-01-31 03:30Z`. */
function day(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")}Z`;
}
