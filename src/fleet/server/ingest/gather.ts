import type { AreaOf } from "../../store/hosts/hosts.ts";
import { type Applied, applyReport, applyReports, type HostReport } from "../../store/hosts/reports.ts";
import type { FleetDatabase } from "../../store/open.ts";

/** Reports that one transaction takes, and their changes. */
const mostTogether = 64;
const mostChanges = 500;
/** Transactions at the same time. */
const mostAtOnce = 2;

interface Waiting {
  readonly id: string;
  readonly report: HostReport;
  readonly done: (applied: Applied | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** Applies a report; undefined if the host was removed. */
export type TakeReport = (id: string, report: HostReport, now: number) => Promise<Applied | undefined>;

/**
 * Applies small reports of several hosts together: what waits while a transaction is under way goes with the next. A transaction
 * costs the database the same for one change as for fifty.
 */
export function gatherReports(database: FleetDatabase, areaOf: AreaOf): TakeReport {
  let waiting: Waiting[] = [];
  let running = 0;

  function run(): void {
    while (running < mostAtOnce && waiting.length > 0) {
      const group = takeGroup();
      running += 1;
      void apply(group).finally(() => {
        running -= 1;
        run();
      });
    }
  }

  /** The oldest that wait, each host once: the second report of a host builds on the first. */
  function takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    const rest: Waiting[] = [];
    const hosts = new Set<string>();
    let changes = 0;
    for (const each of waiting) {
      const size = each.report.changes.length;
      const fits = group.length < mostTogether && (group.length === 0 || changes + size <= mostChanges);
      if (!fits || hosts.has(each.id)) {
        rest.push(each);
        continue;
      }
      group.push(each);
      hosts.add(each.id);
      changes += size;
    }
    waiting = rest;
    return group;
  }

  async function apply(group: readonly Waiting[]): Promise<void> {
    const now = Date.now();
    try {
      const applied = await applyReports(database, group, now, areaOf);
      for (const [index, { done }] of group.entries()) done(applied[index]);
    } catch (error) {
      if (group.length === 1) {
        group[0]?.failed(error);
        return;
      }
      // One that cannot be kept does not take the others with it.
      await Promise.all(
        group.map(({ id, report, done, failed }) =>
          applyReport(database, id, report, now, areaOf).then(done, failed),
        ),
      );
    }
  }

  return (id, report, now) => {
    const isSmall = !report.state && !report.whole && report.details.length === 0;
    if (!isSmall) return applyReport(database, id, report, now, areaOf);
    return new Promise((done, failed) => {
      waiting.push({ id, report, done, failed });
      run();
    });
  };
}
