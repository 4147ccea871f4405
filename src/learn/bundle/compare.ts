import { itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import type { BundledWorkload, Statement } from "../../fix/bundle/bundle.ts";
import { serviceOf } from "./statement.ts";

/** How a workload differs from what a bundle says of it; no lines where it does not. */
export interface Compared {
  readonly subject: string;
  readonly differences: readonly string[];
}

/** Compares what was learnt again with a bundle, workload by workload. What one of them lacks differs, too. */
export function compareWith(bundle: Statement, again: Statement): readonly Compared[] {
  const left = new Map(bundle.predicate.workloads.map((each) => [serviceOf(each), each]));
  const compared = again.predicate.workloads.map((now): Compared => {
    const subject = serviceOf(now);
    const then = left.get(subject);
    left.delete(subject);
    return { subject, differences: then ? differencesOf(then, now) : ["the bundle does not have it"] };
  });
  const missing = [...left.keys()].map((subject) => ({
    subject,
    differences: ["it was not learnt this time"],
  }));
  return [...compared, ...missing];
}

type Read = (workload: BundledWorkload) => unknown;

/** What decides how a workload is hardened, with how it is called. */
const sets: readonly (readonly [what: string, read: Read])[] = [
  ["needs the capability", ({ learnt }) => names(recordAt(learnt, "capabilities").needed, "name")],
  ["writes to", ({ learnt }) => names(recordAt(learnt, "files").scratch, "path")],
  ["keeps data in", ({ learnt }) => names(recordAt(learnt, "files").data, "path")],
  ["writes among the image's files:", ({ learnt }) => textsOf(recordAt(learnt, "files").amongTheImages)],
  ["listens on", ({ learnt }) => textsOf(recordAt(learnt, "network").listens)],
  ["has a mount at", ({ mounts }) => mounts],
  ["works with", (workload) => outcomes(workload, "holds")],
];

function differencesOf(then: BundledWorkload, now: BundledWorkload): readonly string[] {
  const userOf: Read = ({ learnt }) => {
    const { startsAs, endsAs, canStartAsIt } = recordAt(learnt, "user");
    return JSON.stringify([startsAs, canStartAsIt === true ? endsAs : null]);
  };
  const calls: Read = ({ learnt }) => textsOf(recordAt(learnt, "seccomp").calls);
  return [
    ...(then.image.id === now.image.id ? [] : [`its image is ${now.image.id}, and was ${then.image.id}`]),
    ...(then.invocation === now.invocation ? [] : ["it is started with other words, or as another user"]),
    ...sets.flatMap(([what, read]) => {
      const [before, after] = [textsOf(read(then)), textsOf(read(now))];
      return [
        ...beyond(after, before).map((item) => `it ${what} ${item} now, and did not then`),
        ...beyond(before, after).map((item) => `it ${what} ${item} no more`),
      ];
    }),
    ...(userOf(then) === userOf(now) ? [] : ["it starts as, or could start as, another user"]),
    // A run need not make every call; one that makes more would have been refused by that profile.
    ...sayCalls(beyond(textsOf(calls(now)), textsOf(calls(then)))),
  ];
}

function sayCalls(calls: readonly string[]): readonly string[] {
  return calls.length === 0 ? [] : [`it makes system calls that it did not make then: ${calls.join(", ")}`];
}

function outcomes({ learnt }: BundledWorkload, outcome: string): readonly string[] {
  return itemsOf(recordAt(learnt).steps)
    .filter((step) => textAt(step, "outcome") === outcome)
    .flatMap((step) => textsOf(recordAt(step).controls));
}

function names(list: unknown, key: string): readonly string[] {
  return itemsOf(list).flatMap((each) => textAt(each, key) ?? []);
}

function beyond(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set(some)].filter((each) => !others.includes(each));
}
