import type { Container } from "../../model/container.ts";
import type { Fact } from "../../model/fact.ts";
import { rowOf, scalarFacts } from "../../model/facts/table.ts";
import { saySince } from "../../model/since.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { lacksLimits } from "../cgroups/limits.ts";
import { type Context, type Control, manual } from "../control.ts";
import { clientOf } from "../engine/docker-only.ts";
import { undecided } from "../undecided.ts";
import { differences } from "./differences.ts";

export const drift: Control = {
  id: "drift",
  title: "The kernel enforces less than the Engine says",
  why: "The Engine remembers what it was asked for; the kernel enforces what is set now. A limit that somebody wrote into the cgroup, a mount that was remounted writable, a mount that nsenter brought in: the container's configuration still looks hardened. Nobody who trusts `docker inspect` sees it. Either an intruder on the host changed it, or a tool works around the Engine.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1562.001", "T1611"],
  cwe: [693],
  where: ["K"],
  references: [
    "https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html",
    "https://man7.org/linux/man-pages/man1/nsenter.1.html",
  ],
  // Only the kernel and the Engine together show it.
  examples: { bad: [], good: [] },
  check: {
    container(container, { configured, engine, drifts }) {
      if (container.level !== "effective" || !configured)
        return notApplicable("only a running container can differ from its configuration");
      return combine(
        judge(configured, container, engine, drifts),
        notCompared(container) ?? pass("as the Engine says"),
      );
    },
  },
  remedy: { container: (_, { engine }) => manual(`${findOut(engine)}.`) },
};

function judge(
  configured: Container,
  effective: Container,
  engine: Context["engine"],
  drifts: Context["drifts"],
): readonly Verdict[] {
  const found = differences(configured, effective, engine).filter(
    ({ field }) => !drifts || drifts.has(field),
  );
  return found.map(({ field, configured: was, effective: now, origins }) => {
    const since = drifts?.get(field);
    const when = since ? `; ${saySince(since)}` : "";
    // Nobody lifted what this Engine never set: engine-limits says why, once.
    const isNeverSet = lacksLimits(engine, [field]);
    const why = isNeverSet ? ": this Engine cannot set it here (see engine-limits)" : "";
    return fail(
      `${field} is not what the Engine says (the Engine says: ${was}; the kernel says: ${now}${when})${why}`,
      {
        origins,
        evidence: field,
        observed: `${field}: ${now}`,
        since,
        severity: isNeverSet ? "medium" : undefined,
        advice: isNeverSet ? neverSet : findOut(engine),
      },
    );
  });
}

/** Where the kernel's side could not be read, nobody knows whether it holds what the Engine says. */
function notCompared(effective: Container): Verdict | undefined {
  // A seccomp filter that the kernel does not name is one all the same.
  const isFilter = effective.seccomp.state === "unseen";
  const facts = compared.filter((field) => !(field === "seccomp" && isFilter));
  return undecided(...facts.map((field): Fact<unknown> => effective[field]));
}

const compared = scalarFacts.filter((field) => rowOf(field).drift !== false);

const neverSet = "See engine-limits for what this Engine lacks: nobody lifted the limit";

function findOut(engine: Context["engine"]): string {
  return `Find out who changed it. Start the container again to get what the Engine says, or make the change by ${clientOf(engine)} update`;
}
