import fc from "fast-check";
import type { Finding } from "../../src/audit/finding.ts";
import type { Severity } from "../../src/model/severity.ts";
import type { Cause, Change } from "../../src/watch/change.ts";
import { findingKey, knownAs } from "../../src/watch/change.ts";
import { openTracker } from "../../src/watch/changes/tracker.ts";
import { findingOf } from "./changes.ts";

/** Milliseconds. */
export const cooldown = 10_000;

const cause: Cause = { kind: "sweep" };

/** Two containers, their names and findings over time. */
export const lives = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 2 * cooldown }),
    container: fc.constantFrom(0, 1),
    name: fc.constantFrom("web", "db", "api"),
    findings: fc.uniqueArray(
      fc.record({
        control: fc.constantFrom("a", "b", "c"),
        verdict: fc.constantFrom<"fail" | "unknown">("fail", "unknown"),
        severity: fc.constantFrom<Severity>("low", "high", "critical"),
        fingerprint: fc.constantFrom("1", "2"),
      }),
      { selector: ({ control }) => control },
    ),
  }),
  { maxLength: 40 },
);

type Lives = typeof lives extends fc.Arbitrary<infer T> ? T : never;

export interface Told {
  /** In their order; at last what was due after a quiet cool-down. */
  readonly changes: readonly Change[];
  /** What is open in the end. */
  readonly open: readonly Finding[];
}

/** What a tracker tells of it. A container gets a name that the other one does not have. */
export function toldOf(steps: Lives): Told {
  const tracker = openTracker(cooldown);
  const names = ["first", "second"];
  const state = new Map<number, readonly Finding[]>();
  const changes: Change[] = [];
  let now = 0;
  const hear = (said: readonly Omit<Change, "time">[]) =>
    changes.push(...said.map((each) => ({ time: new Date(now).toISOString(), ...each })));
  for (const { wait, container, name, findings } of steps) {
    now += wait;
    hear(tracker.due(now));
    const before = `container:${names[container]}`;
    if (!names.includes(name)) names[container] = name;
    const subject = `container:${names[container]}`;
    if (subject !== before) {
      tracker.move(before, subject);
      hear(tracker.update(before, [], cause, now));
    }
    const full = findings.map(({ control, ...more }) => findingOf(control, { ...more, subject }));
    state.set(container, full);
    hear(tracker.update(subject, full, cause, now));
  }
  now += cooldown;
  hear(tracker.due(now));
  return { changes, open: [...state.values()].flat() };
}

/**
 * What is open for who heard these changes, by what names a finding. Fails where one does not follow on the ones before, unless only
 * `parts` were heard.
 */
export function heard(changes: readonly Change[], { parts = false } = {}): ReadonlyMap<string, Finding> {
  const known = new Map<string, Finding>();
  for (const change of changes) {
    const key = findingKey(change.finding);
    const isKnown = known.delete(findingKey(knownAs(change)));
    const follows = isKnown !== (change.change === "opened") && !known.has(key);
    if (!follows && !parts) throw new Error(`${change.change} ${key}, was ${change.was}`);
    if (change.change !== "resolved") known.set(key, change.finding);
  }
  return known;
}

/** A finding by what is compared of it. */
export function simply({ subject, control, verdict, severity, fingerprint }: Finding): string {
  return `${subject} ${control} ${verdict} ${verdict === "fail" ? `${severity} ${fingerprint}` : ""}`;
}
