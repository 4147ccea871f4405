import { ok, type Result } from "../../base/result.ts";
import type { Judgement, ProbeTarget, ProbeRuns } from "../probe.ts";
import { type Looked, readLink } from "./looks.ts";

/** What a process sees of a kind of namespace. */
export interface Sight {
  /** `net:[4026531840]`: the same for all that share it. */
  readonly namespace: string;
  /** In words: `lo and eth0`. */
  readonly sees: string;
}

/** Reads which namespace of a kind the container is in, and what it sees there. */
export async function sightOf(
  target: ProbeTarget,
  kind: "net" | "pid" | "ipc" | "uts" | "cgroup",
  see: (target: ProbeTarget) => Promise<Result<string>>,
): Promise<Result<Sight>> {
  const link: Result<Looked<string>> = await target.run(readLink(`/proc/self/ns/${kind}`));
  if (!link.ok) return link;
  if (!link.value.ok)
    return { ok: false, reason: `/proc/self/ns/${kind} cannot be read (${link.value.error})` };
  const sees = await see(target);
  return sees.ok ? ok({ namespace: link.value.value, sees: sees.value }) : sees;
}

/** Held where it is not the namespace of a container that was put onto the host's own. */
export function judgeNamespace({ subject, control }: ProbeRuns<Sight>, flag: string): Judgement {
  if (!control.ok) {
    return {
      outcome: "inconclusive",
      evidence: `it sees ${subject.sees}; no container with ${flag}: ${control.reason}`,
    };
  }
  if (subject.namespace === control.value.namespace) {
    return {
      outcome: "notHeld",
      evidence: `it is in the host's namespace (${subject.namespace}) and sees ${subject.sees}`,
    };
  }
  return {
    outcome: "held",
    evidence: `in ${subject.namespace} it sees ${subject.sees}; a container with ${flag} sees ${control.value.sees} in ${control.value.namespace}`,
  };
}
