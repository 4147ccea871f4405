import { isRecord, itemsOf, recordAt } from "../../../base/json.ts";
import type { Answer, Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { matches } from "./patterns.ts";
import { against } from "./rules.ts";

/** Where the policy names labels, why not to set these. The owner's own is the guard's to judge. */
export function checkLabels(labels: unknown, { policy }: CheckContext, how = "sets"): readonly Reason[] {
  const { allow, owner, reservedLabels = [] } = policy;
  if (!isRecord(labels)) return [];
  const reserved = Object.entries(labels).flatMap(([name, value]): Reason[] =>
    reservedLabels.includes(`${name}=${String(value)}`)
      ? [
          {
            rule: "guard-owner-label",
            message: `${how} the label ${name}, by which the guard tells its callers apart: the container would be another client`,
          },
        ]
      : [],
  );
  if (reserved.length > 0 || allow.labels.length === 0) return reserved;
  return Object.entries(labels)
    .filter(([name, value]) => name !== owner?.label && !isListed(name, value, allow.labels))
    .flatMap(([name]) =>
      against(policy, "guard-label", `${how} the label ${name}, which is not in allow.labels`, {
        list: "labels",
        value: name,
      }),
    );
}

/** A pattern with `=` says the value as well. */
function isListed(name: string, value: unknown, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    matches(pattern.includes("=") ? `${name}=${String(value)}` : name, pattern),
  );
}

/** Of a container, beside its own: those of the volumes that it makes, and those that its image brings. */
export function checkFurtherLabels(
  body: Readonly<Record<string, unknown>>,
  image: Answer,
  context: CheckContext,
): readonly Reason[] {
  const own = recordAt(body, "Labels");
  const brought = image.state === "found" ? recordAt(image.document, "Config", "Labels") : {};
  const inherited = Object.entries(brought).filter(([name]) => !Object.hasOwn(own, name));
  return [
    ...itemsOf(recordAt(body, "HostConfig").Mounts).flatMap((mount) =>
      checkLabels(recordAt({ mount }, "mount", "VolumeOptions").Labels, context, "makes a volume with"),
    ),
    ...checkLabels(Object.fromEntries(inherited), context, "has by its image"),
  ];
}
