import { isRecord, itemsOf, recordAt } from "../../engine/records.ts";
import type { Answer, Reason } from "./decision.ts";
import type { Around } from "./judge.ts";
import { matches } from "./patterns.ts";
import { against } from "./rules.ts";

/** Where the policy names labels, why not to set these. The owner's own is the guard's to judge. */
export function judgeLabels(labels: unknown, { policy }: Around, how = "sets"): readonly Reason[] {
  const { allow, owner } = policy;
  if (allow.labels.length === 0 || !isRecord(labels)) return [];
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
export function judgeFurtherLabels(
  body: Readonly<Record<string, unknown>>,
  image: Answer,
  around: Around,
): readonly Reason[] {
  const own = recordAt(body, "Labels");
  const brought = image.state === "found" ? recordAt(image.document, "Config", "Labels") : {};
  const inherited = Object.entries(brought).filter(([name]) => !Object.hasOwn(own, name));
  return [
    ...itemsOf(recordAt(body, "HostConfig").Mounts).flatMap((mount) =>
      judgeLabels(recordAt({ mount }, "mount", "VolumeOptions").Labels, around, "makes a volume with"),
    ),
    ...judgeLabels(Object.fromEntries(inherited), around, "has by its image"),
  ];
}
