import type { Finding } from "../../audit/finding.ts";
import type { Cause } from "../change.ts";

/** Reads a container again in so many milliseconds. False where the Engine cannot be asked. */
export type ReadAgain = (id: string, cause: Cause, after: number) => boolean;

/** A difference that was seen and not told yet. */
interface Doubt {
  /** In words, with both values. */
  readonly difference: string;
  /** When the container differed first, when in this way, and when it was asked for again; in milliseconds. */
  readonly first: number;
  readonly since: number;
  readonly asked: number;
}

interface Look {
  readonly id: string;
  readonly cause: Cause;
  /** The container's configuration was read for this look. */
  readonly isFresh: boolean;
  /** The container's drift was told before. */
  readonly isOpen: () => boolean;
}

/** Milliseconds until the same difference is no update under way any more: limits are what `docker update` changes. */
const settling = { limits: 3_000, rest: 150 };
/** Milliseconds until a container is read again whose reading was lost. */
const lost = 5_000;
/** Milliseconds after which a difference goes out although it is another one each time. */
const longest = 10_000;
/** Doubts that are kept. */
const most = 10_000;

/**
 * dockerd changes a container's configuration first, and the kernel a moment later: who looks in between sees them differ, and on a
 * busy host the moment is long. So a difference is told when the container was read once more and shows the same one still, or
 * when nobody can be asked. Gives the findings that are told now.
 */
export function openDriftDoubts(readAgain: ReadAgain, clock: () => number = () => performance.now()) {
  const doubts = new Map<string, Doubt>();

  return (findings: readonly Finding[], { id, cause, isFresh, isOpen }: Look): readonly Finding[] => {
    const drift = findings.find(isDrift);
    const now = clock();
    const before = doubts.get(id);
    doubts.delete(id);
    if (!drift || cause.kind === "start" || isOpen()) return findings;
    const isSame = before?.difference === drift.message;
    const wait = /\b(?:memory|memory-swap|pids-limit|cpus)\b/.test(drift.message)
      ? settling.limits
      : settling.rest;
    const { first, since } = before
      ? { ...before, ...(!isSame && { since: now }) }
      : { first: now, since: now };
    if (before && isFresh && (isSame ? now - since >= wait : now - first >= longest)) return findings;
    const isAsked = before !== undefined && isSame && now - before.asked < lost;
    if (!isAsked && !readAgain(id, cause, wait)) return findings;
    // A container that is gone leaves its doubt behind.
    if (doubts.size >= most) for (const oldest of doubts.keys()) if (doubts.delete(oldest)) break;
    doubts.set(id, { difference: drift.message, first, since, asked: isAsked ? before.asked : now });
    return findings.filter((finding) => finding !== drift);
  };
}

const isDrift = ({ control, verdict }: Finding) => control === "drift" && verdict === "fail";
