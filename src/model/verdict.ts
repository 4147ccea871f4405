import type { OpenFact } from "./fact.ts";
import type { Origin } from "./origin.ts";
import type { Severity } from "./severity.ts";
import type { Since } from "./since.ts";

export const verdicts = ["pass", "fail", "unknown", "notApplicable"] as const;
export type VerdictName = (typeof verdicts)[number];

/** What a control says of one view of a subject. */
export type Verdict =
  | {
      readonly verdict: "pass";
      /** The value it saw, in a few words, for where another view disagrees: `memory 128 MiB`. */
      readonly observed?: string | undefined;
    }
  | {
      readonly verdict: "fail";
      /** At least one. Each has its own location and can be ignored or fixed on its own. */
      readonly problems: readonly [Problem, ...Problem[]];
      readonly observed?: string | undefined;
    }
  | {
      readonly verdict: "unknown";
      readonly reason: string;
      readonly origins: readonly Origin[];
      /** The view does not show what the verdict needs: another view of the subject may tell. */
      readonly unseen?: boolean;
    }
  | { readonly verdict: "notApplicable"; readonly reason: string };

export interface Problem {
  /**
   * One sentence a tired operator understands, naming the value and its consequence, without the subject's
   * name in front and without a secret: `mounts /var/run/docker.sock: a process in it can …`.
   */
  readonly message: string;
  /** Where it is weaker or stronger than the control's default. */
  readonly severity: Severity | undefined;
  /** Empty for something absent: the finding then stands at the subject. */
  readonly origins: readonly Origin[];
  /** What makes this problem the same one after lines moved: the mount's target, the capability's name. */
  readonly evidence: string;
  /** The fact whose item the evidence names: a mount's target, a capability, a device. */
  readonly about?: ProblemTopic | undefined;
  /** The place of the host that it is about; canonical. */
  readonly place?: string | undefined;
  /** It is between containers alone, so that it weighs the same under any root. */
  readonly amongContainers?: true | undefined;
  /** When it came about, where somebody watched. */
  readonly since?: Since | undefined;
  /** What mends this one, with the path that was looked at: `chmod 644 /etc/docker/daemon.json`. */
  readonly advice?: string | undefined;
}

export type ProblemTopic = "mounts" | "capAdd" | "devices" | "networkMode";

export function pass(observed?: string): Verdict {
  return { verdict: "pass", observed };
}

export function notApplicable(reason: string): Verdict {
  return { verdict: "notApplicable", reason };
}

export function unknown(reason: string, origins: readonly Origin[] = []): Verdict {
  return { verdict: "unknown", reason, origins };
}

/** The verdict on a fact whose value is unknown. */
export function unknownFact({ state, reason, origins }: OpenFact): Verdict {
  return state === "unseen"
    ? { verdict: "unknown", reason, origins, unseen: true }
    : { verdict: "unknown", reason, origins };
}

/** A failure with one problem. */
export function fail(
  message: string,
  where: {
    readonly origins?: readonly Origin[];
    readonly severity?: Severity | undefined;
    readonly evidence?: string;
    readonly observed?: string;
    readonly about?: ProblemTopic | undefined;
    readonly place?: string | undefined;
    readonly amongContainers?: true | undefined;
    readonly since?: Since | undefined;
    readonly advice?: string | undefined;
  } = {},
): Verdict {
  const { origins = [], severity, evidence = "", observed, amongContainers, ...more } = where;
  const { about, place, since, advice } = more;
  return {
    verdict: "fail",
    problems: [
      {
        ...{ message, severity, origins, evidence, about, place, since, advice },
        ...(amongContainers && { amongContainers }),
      },
    ],
    observed,
  };
}

/**
 * One verdict out of many about the parts of a list: all problems together if any failed, else the first
 * unknown, else a pass (or `otherwise`, where there was no part to judge).
 */
export function combine(parts: readonly Verdict[], otherwise: Verdict = pass()): Verdict {
  // Most lists have no item, or one.
  if (parts.length < 2) return parts[0] ?? otherwise;
  const problems = parts.flatMap((part) => (part.verdict === "fail" ? part.problems : []));
  const [first, ...rest] = problems;
  if (first) {
    const observed = parts.flatMap((part) =>
      part.verdict === "fail" && part.observed ? [part.observed] : [],
    );
    return {
      verdict: "fail",
      problems: [first, ...rest],
      observed: observed.length > 0 ? [...new Set(observed)].join(", ") : undefined,
    };
  }
  const open = parts.filter((part) => part.verdict === "unknown");
  const [unread = open[0]] = open.filter((part) => !part.unseen);
  if (unread) return unread;
  return parts.find((part) => part.verdict === "pass") ?? parts[0] ?? otherwise;
}
