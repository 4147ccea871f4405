import type { Deviation, Proof, Proved } from "../model/proof.ts";

/**
 * The proof of a container beside what the kernel says of the container itself: a twin shows what its configuration holds,
 * and no more. A control that fails in the container is not held, whatever its twin does.
 */
export function besideRunning(proof: Proof, deviations: readonly Deviation[]): Proof {
  if (deviations.length === 0) return proof;
  return { ...proof, deviations, probes: proof.probes.map((proved) => contradicted(proved, deviations)) };
}

function contradicted(proved: Proved, deviations: readonly Deviation[]): Proved {
  if (proved.outcome !== "held") return proved;
  const against = deviations.filter(({ controls }) => controls.includes(proved.control));
  if (against.length === 0) return proved;
  const { by: _, ...rest } = proved;
  const said = against.map(({ message }) => message).join("; ");
  return {
    ...rest,
    outcome: "notHeld",
    evidence: `the container itself differs: ${said} (what its configuration gives was tried: ${proved.evidence})`,
  };
}
