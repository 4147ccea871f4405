import { expect, test } from "vitest";
import { failed, ok } from "../../base/result.ts";
import type { Baseline } from "../../trial/compare/baseline.ts";
import type { ComposeDocument } from "../../trial/compose-config.ts";
import { noRun } from "../../trial/run.ts";
import { elimination } from "./elimination.ts";
import type { PlannedStep } from "./source.ts";

interface Said {
  readonly works?: boolean;
  readonly reason?: string;
  readonly suspects?: readonly string[];
  readonly culprit?: string;
}

const project: ComposeDocument = {
  ...{ name: "shop", folder: "/", rest: {} },
  services: { web: { depends_on: { db: {} } }, db: {}, mail: {} },
};

function stepOf(service: string, control: string): PlannedStep {
  return { plan: { subject: { name: service } }, step: { controls: [control] } } as unknown as PlannedStep;
}
const nameOf = ({ plan, step }: PlannedStep) => `${plan.subject.name}/${step.controls[0]}`;

/** `answer` says what each run shows, by its steps and how many runs were before. */
async function tried(
  steps: readonly PlannedStep[],
  answer: (chosen: readonly string[], before: number) => Said,
  { refused = new Map<string, string>(), unwritable = "" } = {},
) {
  const runs: (readonly string[])[] = [];
  let chosen: readonly string[] = [];
  const abort = new AbortController();
  const { kept, left } = await elimination(
    steps,
    {
      source: {
        serviceOf: ({ subject }) => subject.name,
        refused: async () =>
          new Map(
            steps.flatMap((each) =>
              refused.has(nameOf(each)) ? [[each.step, refused.get(nameOf(each)) ?? ""]] : [],
            ),
          ),
        async document(given) {
          chosen = given.map(nameOf);
          return chosen.includes(unwritable) ? failed("the two cannot be written together") : ok(project);
        },
      },
      session: {
        ...{ starts: () => runs.length, secondsPerRun: () => 1 },
        async run() {
          const { works = true, reason, suspects = [], culprit } = answer(chosen, runs.length);
          runs.push(chosen);
          const causes = suspects.map((control) => ({
            reason: "",
            suspects: [control],
            service: culprit ?? "web",
          }));
          return {
            works,
            reason,
            culprit,
            evidence: reason === undefined ? [] : [reason],
            causes,
            run: noRun,
          };
        },
      },
      baseline: {} as Baseline,
      document: project,
    },
    { signal: abort.signal, progress: async () => {} },
  );
  return {
    runs,
    kept: kept.map(nameOf),
    left: Object.fromEntries(
      [...left].map(([each, became]) => [nameOf(each), `${became.outcome}: ${became.reason}`]),
    ),
  };
}

const [root, user, db, mail] = [
  stepOf("web", "read-only-rootfs"),
  stepOf("web", "root-user"),
  stepOf("db", "read-only-rootfs"),
  stepOf("mail", "read-only-rootfs"),
];

test("what holds at once was tried as it is written, and takes one run", async () => {
  const { runs, kept, left } = await tried([root, user], () => ({}));
  expect(runs).toEqual([["web/read-only-rootfs", "web/root-user"]]);
  expect({ kept, left }).toEqual({ kept: ["web/read-only-rootfs", "web/root-user"], left: {} });
});

test("the step that the logs speak against is left out, of the service that they are of", async () => {
  const { kept, left } = await tried([root, user, db], (chosen) =>
    chosen.includes("db/read-only-rootfs")
      ? { works: false, reason: "EROFS at /data", suspects: ["read-only-rootfs"], culprit: "db" }
      : {},
  );
  expect(kept).toEqual(["web/read-only-rootfs", "web/root-user"]);
  expect(left).toEqual({ "db/read-only-rootfs": "breaks: EROFS at /data" });
});

test("what cannot be written is not tried, and the rest is", async () => {
  const refused = new Map([["web/root-user", "it is an alias"]]);
  const { runs, kept, left } = await tried([root, user], () => ({}), { refused });
  expect(runs).toEqual([["web/read-only-rootfs"]]);
  expect(kept).toEqual(["web/read-only-rootfs"]);
  expect(left).toEqual({ "web/root-user": "notTried: it cannot be written: it is an alias" });
});

test("what cannot be written beside the others breaks them, without a run", async () => {
  const { runs, kept, left } = await tried([root, user], () => ({}), { unwritable: "web/root-user" });
  expect(runs.flat()).not.toContain("web/root-user");
  expect(kept).toEqual(["web/read-only-rootfs"]);
  expect(left).toEqual({ "web/root-user": "breaks: the two cannot be written together" });
});

const breaking = (chosen: readonly string[]): Said =>
  chosen.includes("web/root-user") ? { works: false, reason: "EACCES", suspects: ["root-user"] } : {};

test("what is left was run as it is written: it held in the last run", async () => {
  const { runs, kept } = await tried([root, user, db], breaking);
  expect(runs.at(-1)).toEqual(kept);
  expect(kept).toEqual(["web/read-only-rootfs", "db/read-only-rootfs"]);
});

/** Of two suspects the first is innocent, so that the last run of the search is with another set. */
function confirming(later: (chosen: readonly string[], before: number) => Said) {
  return tried([root, user, db, mail], (chosen, before) => {
    const has = (name: string) => chosen.includes(name);
    if (before === 0)
      return { works: false, reason: "first", suspects: ["read-only-rootfs"], culprit: "mail" };
    if (before === 1) return { works: false, reason: "second", suspects: ["root-user"], culprit: "web" };
    if (before === 2) return {};
    if (before === 3 && has("mail/read-only-rootfs")) return { works: false, reason: "third" };
    return later(chosen, before);
  });
}

const rest = ["web/read-only-rootfs", "db/read-only-rootfs"];

test("what held once is run again where the last run was with more", async () => {
  const { runs, kept, left } = await confirming(() => ({}));
  expect(runs.slice(3)).toEqual([[...rest, "mail/read-only-rootfs"], rest]);
  expect(kept).toEqual(rest);
  expect(left).toEqual({ "mail/read-only-rootfs": "breaks: third", "web/root-user": "breaks: second" });
});

test("one run that fails on a busy machine costs nothing", async () => {
  const { runs, kept } = await confirming((_, before) => ({ works: before !== 4, reason: "slow" }));
  expect(runs).toHaveLength(6);
  expect(kept).toEqual(rest);
});

test("what holds once and not again costs the service that differs, and those that depend on it", async () => {
  const again = "it held once, and not twice when it was tried again: its page differs";
  const web = await confirming((chosen) =>
    chosen.includes("web/read-only-rootfs")
      ? { works: false, reason: "its page differs", culprit: "web" }
      : {},
  );
  expect(web.kept).toEqual(["db/read-only-rootfs"]);
  expect(web.left).toMatchObject({ "web/read-only-rootfs": `breaks: ${again}` });
  expect(web.runs.at(-1)).toEqual(["db/read-only-rootfs"]);
  const db = await confirming((chosen) =>
    chosen.includes("db/read-only-rootfs") ? { works: false, reason: "its page differs", culprit: "db" } : {},
  );
  expect(db.kept).toEqual([]);
  expect(db.left).toMatchObject({
    ...{ "web/read-only-rootfs": `breaks: ${again}`, "db/read-only-rootfs": `breaks: ${again}` },
  });
});

test("where nobody knows whose fault it is, nothing is kept", async () => {
  const { kept, left } = await confirming(() => ({ works: false, reason: "it is other" }));
  expect(kept).toEqual([]);
  expect(Object.keys(left).toSorted()).toEqual([
    ...["db/read-only-rootfs", "mail/read-only-rootfs", "web/read-only-rootfs", "web/root-user"],
  ]);
});
