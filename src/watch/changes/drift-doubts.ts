import type { Finding } from "../../audit/finding.ts";
import type { Cause } from "../change.ts";

/** Reads a container again in so many milliseconds. False where the Engine cannot be asked. */
export type ReadAgain = (id: string, cause: Cause, after: number) => boolean;

interface Look {
  readonly id: string;
  readonly cause: Cause;
  /** The container's configuration was read for this look. */
  readonly isFresh: boolean;
  /** The container's drift was told before. */
  readonly isOpen: () => boolean;
}

/** Milliseconds that an update has to reach both the configuration and the kernel. */
const settling = 150;
/** Milliseconds until a container is read again whose reading was lost. */
const lost = 2_000;

/**
 * dockerd changes a container's configuration first, and the kernel a moment later: who looks in between sees them differ. So a
 * difference is told when the container was read once more and shows it still, or when nobody can be asked. Gives the findings
 * that are told now.
 */
export function openDriftDoubts(readAgain: ReadAgain, clock: () => number = () => performance.now()) {
  const since = new Map<string, number>();

  return (findings: readonly Finding[], { id, cause, isFresh, isOpen }: Look): readonly Finding[] => {
    const isDrift = ({ control, verdict }: Finding) => control === "drift" && verdict === "fail";
    const now = clock();
    const first = since.get(id);
    since.delete(id);
    if (!findings.some(isDrift) || cause.kind === "start" || isOpen()) return findings;
    if (first !== undefined && isFresh && now - first >= settling) return findings;
    const isAsked = first !== undefined && now - first < lost;
    if (!isAsked && !readAgain(id, cause, settling)) return findings;
    since.set(id, isAsked ? first : now);
    return findings.filter((finding) => !isDrift(finding));
  };
}
