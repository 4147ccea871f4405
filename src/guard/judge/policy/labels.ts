import { isRecord, recordAt } from "../../../base/json.ts";
import { plainName } from "../image/space.ts";
import type { Answer, Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { matches } from "./patterns.ts";
import { against } from "./rules.ts";

/** Where the policy names labels, why not to set these. The owner's own is the guard's to judge. */
export function checkLabels(labels: unknown, context: CheckContext, how = "sets"): readonly Reason[] {
  const { policy } = context;
  const { allow, owner } = policy;
  if (!isRecord(labels)) return [];
  const isGuards = (name: string) => name === owner?.label || name === `${owner?.label}.image`;
  const reserved = reservedReasons(labels, context, how);
  if (reserved.length > 0 || allow.labels.length === 0) return reserved;
  return Object.entries(labels)
    .map(([name, value]) => [plainName(name, policy), value] as const)
    .filter(([name, value]) => !isGuards(name) && !isListed(name, value, allow.labels))
    .flatMap(([name]) =>
      against(policy, "guard-label", `${how} the label ${name}, which is not in allow.labels`, {
        list: "labels",
        value: name,
      }),
    );
}

/** Labels by which the guard tells its clients apart, its own owner's aside. */
export function reservedReasons(
  labels: Readonly<Record<string, unknown>>,
  { policy: { owner, reservedLabels = [] } }: CheckContext,
  how: string,
): readonly Reason[] {
  const isOwn = (name: string, value: unknown) => name === owner?.label && value === owner.value;
  return Object.entries(labels)
    .filter(
      ([name, value]) =>
        (reservedLabels.includes(name) && value !== "" && !isOwn(name, value)) ||
        reservedLabels.includes(`${name}=${String(value)}`),
    )
    .map(([name]) => ({
      rule: "guard-owner-label",
      message: `${how} the label ${name}, by which the guard tells its clients apart: it would be another client's`,
    }));
}

/** A pattern with `=` says the value as well. */
function isListed(name: string, value: unknown, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    matches(pattern.includes("=") ? `${name}=${String(value)}` : name, pattern),
  );
}

/** Labels of a container that its image brings. */
export function inheritedLabels(body: Readonly<Record<string, unknown>>, image: Answer): unknown {
  const own = recordAt(body, "Labels");
  const brought = image.state === "found" ? recordAt(image.document, "Config", "Labels") : {};
  return Object.fromEntries(Object.entries(brought).filter(([name]) => !Object.hasOwn(own, name)));
}
