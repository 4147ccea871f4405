import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { testFleet } from "../../../test/support/fleet/fleet.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { Finding } from "../../audit/finding.ts";
import type { Change } from "../../watch/change.ts";
import { openQueue } from "../../watch/outputs/queue/queue.ts";
import type { ReportAnswer } from "../protocol/report.ts";
import { hashToken } from "../server/sign-in/passwords.ts";
import { allowEnrolment, enrol } from "../store/hosts/enrolments.ts";
import { openFindings } from "../store/hosts/hosts.ts";
import { applyReport } from "../store/hosts/reports.ts";
import type { FleetDatabase } from "../store/open.ts";
import type { Part } from "./channels.ts";
import { findingsChannel } from "./findings-channel.ts";
import { numbersOf } from "./identity.ts";

const controls = ["a", "b", "c"] as const;

type Step =
  /** A finding opens, changes or is resolved. */
  | { readonly do: "change"; readonly control: string; readonly isEnd: boolean }
  /** A report is sent. `lost`: the server keeps it, the answer does not come. `late`: it waits somewhere, and comes with `arrive`. */
  | { readonly do: "report"; readonly how: "answered" | "lost" | "busy" | "late" | "refused" }
  | { readonly do: "arrive" }
  /** The watch ends and begins; meanwhile this changed. */
  | { readonly do: "restart"; readonly control: string | undefined };

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      control: fc.constantFrom(...controls),
      isEnd: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("report" as const),
      how: fc.constantFrom("answered", "lost", "busy", "late", "refused"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("arrive" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("restart" as const),
      control: fc.option(fc.constantFrom(...controls), { nil: undefined }),
    }),
  },
) as fc.Arbitrary<Step>;

/** A host, whose reports go to the store one by one. */
async function testReports(database: FleetDatabase, name: string) {
  const [folder, now] = [testFolder(), Date.now()];
  const token = hashToken(`token of ${name}`);
  await allowEnrolment(database, { token, author: { name: "ada", id: null }, expires: now + 60_000 });
  const own = { name, engine: "e", version: "1", connected: true, containers: undefined };
  const enrolled = await enrol(database, { token, key: hashToken(name), host: own, now });
  if (!enrolled) throw new Error("not enrolled");
  const { id } = enrolled;
  const open = new Map<string, Finding>();
  const made: { readonly run: number; readonly isFollowing: boolean }[] = [];
  /** Runs whose first report, of what was open, was kept before they ended. */
  const begun = new Set<number>();
  const late: Part[] = [];
  let versions = 0;
  let run = 0;
  let isFollowing = false;
  let last = 0;
  let { queue, channel } = begin();

  function begin() {
    run += 1;
    isFollowing = false;
    const queue = openQueue({ folder, size: 16 * 1024 * 1024, say: () => {} });
    const numbers = numbersOf(() => run);
    const channel = findingsChannel({ queue, numbers, open: () => [...open.values()], say: () => {} });
    return { queue, channel };
  }

  function alter(control: string, isEnd: boolean): Pick<Change, "change" | "finding"> {
    const known = open.get(control);
    versions += 1;
    if (known && isEnd) {
      open.delete(control);
      return { change: "resolved", finding: known };
    }
    const finding = findingOf(control, { fingerprint: `${versions}` });
    open.set(control, finding);
    return { change: known ? "changed" : "opened", finding };
  }

  async function keep(part: Part): Promise<ReportAnswer> {
    const report = { state: undefined, first: 1, changes: [], whole: undefined, details: [], ahead: 0 };
    const applied = await applyReport(database, id, { ...report, ...part }, now, () => "");
    if (!applied) throw new Error("not enrolled");
    if (applied.last >= numbersOf(() => run).last()) begun.add(run);
    expect(applied.last).toBeGreaterThanOrEqual(last);
    last = applied.last;
    return { ...applied, now, protocol: 1 };
  }

  async function report(how: (Step & { do: "report" })["how"]): Promise<boolean> {
    const part = channel.next(false);
    isFollowing = true;
    if (!part) return false;
    if (how === "late") late.push(part);
    else if (how === "refused" && (part.changes?.length ?? 0) > 1) channel.refused?.();
    else if (how === "lost") await keep(part);
    else if (how !== "busy") channel.heard?.(await keep(part));
    return true;
  }

  return {
    async take(step: Step) {
      if (step.do === "change") {
        const { change, finding } = alter(step.control, step.isEnd);
        const call = `${made.length}`;
        made.push({ run, isFollowing });
        channel.add(changeOf(change, finding, 0, { kind: "kernel", call, process: "", pid: 1 }));
      } else if (step.do === "report") await report(step.how);
      else if (step.do === "arrive") {
        const [part] = late.splice(0, 1);
        if (part) await keep(part);
      } else {
        queue.close();
        if (step.control !== undefined) alter(step.control, true);
        ({ queue, channel } = begin());
      }
    },
    async end() {
      while (await report("answered"));
      for (const part of late) await keep(part);
      queue.close();
    },
    /** What has to be kept: what came after the first report of a watch that lived until the server had this report. */
    needed: () =>
      [...made.entries()].flatMap(([number, { run, isFollowing }]) =>
        isFollowing && begun.has(run) ? [number] : [],
      ),
    async kept() {
      const rows = await database
        .selectFrom("change")
        .innerJoin("finding", "finding.id", "change.finding")
        .select(["change.cause", "finding.control"])
        .where("finding.host", "=", id)
        .orderBy("change.id")
        .execute();
      return rows.flatMap(({ cause, control }) => {
        const { call } = JSON.parse(cause) as { readonly call?: string };
        return call === undefined ? [] : [{ control, number: Number(call) }];
      });
    },
    isOpen: () => [...open.values()].map(textOf).toSorted(),
    keptOpen: async () => (await openFindings(database, id)).map(textOf).toSorted(),
  };
}

const textOf = ({ control, fingerprint }: Finding) => `${control} ${fingerprint}`;

describe("what a host reports", () => {
  it("is kept: each change once, those of a finding in order, whatever becomes of reports and answers", async () => {
    const database = await testFleet();
    let hosts = 0;
    const law = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      hosts += 1;
      const host = await testReports(database, `host ${hosts}`);
      for (const each of steps) await host.take(each);
      await host.end();
      const kept = await host.kept();
      for (const of of controls) {
        const numbers = kept.filter(({ control }) => control === of).map(({ number }) => number);
        expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
      }
      expect(kept.map(({ number }) => number)).toEqual(expect.arrayContaining([...host.needed()]));
      expect(await host.keptOpen()).toEqual(host.isOpen());
    });
    await fc.assert(law, { numRuns: 40 });
  }, 120_000);

  it("is the same whole until the server answers: what changes meanwhile follows on it", async () => {
    const database = await testFleet();
    const host = await testReports(database, "h");
    const report = (how: "lost" | "late" | "busy") => host.take({ do: "report", how });
    const change = (isEnd: boolean) => host.take({ do: "change", control: "a", isEnd });
    for (const how of ["busy", "late", "lost"] as const) {
      await report(how);
      await change(false);
      await change(true);
    }
    await host.end();
    expect((await host.kept()).map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
