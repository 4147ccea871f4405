import { outcomes, type Proof } from "../../model/proof.ts";

/** The document that scripts rely on, `schemaVersion` 1; what is added later is added at the end of an object. */
export function proofDocument(proof: Proof, missing: readonly string[]): unknown {
  const { subject, where, probes, notApplicable, deviations = [] } = proof;
  return {
    schemaVersion: 1,
    subject,
    probes: probes.map(({ probe, control, outcome, evidence, by }) => ({
      ...{ probe, control, outcome, evidence },
      ...(by && { by }),
    })),
    where,
    notApplicable: notApplicable.map(({ probe, control, reason }) => ({ probe, control, reason })),
    missing,
    summary: {
      ...Object.fromEntries(
        outcomes.map((outcome) => [outcome, probes.filter((each) => each.outcome === outcome).length]),
      ),
      // Everything is tried now; scripts may ask for it all the same.
      notTried: 0,
    },
    deviations: deviations.map(({ controls, message }) => ({ controls, message })),
  };
}

/** 0: all held. 1: something did not, or the container is not what its configuration says. 2: nothing did not hold, and something could not be told. */
export function proofStatus({ probes, deviations = [] }: Proof): 0 | 1 | 2 {
  if (deviations.length > 0) return 1;
  if (probes.some(({ outcome }) => outcome === "notHeld")) return 1;
  return probes.length === 0 || probes.some(({ outcome }) => outcome === "inconclusive") ? 2 : 0;
}

/** The document of `bulkhead prove --all`: a proof for each container, and why others could not be proven. */
export function proofsDocument(
  outcomes: readonly { readonly proof: Proof; readonly missing: readonly string[] }[],
  unproven: readonly string[],
): unknown {
  return {
    schemaVersion: 1,
    proofs: outcomes.map(({ proof, missing }) => proofDocument(proof, missing)),
    unproven,
  };
}
