import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { everywhere } from "../../../../test/support/fleet/fleet.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import type { Cause } from "../../../watch/change.ts";
import { listFindings } from "../../store/findings/findings.ts";
import { allowEnrolment, enrol } from "../../store/hosts/enrolments.ts";
import type { HostReport } from "../../store/hosts/reports.ts";
import { gatherReports } from "./ingest.ts";

const now = Date.now();

describeStores((open) => {
  async function withHosts(count: number) {
    const database = await open();
    await allowEnrolment(database, {
      token: "t",
      author: { name: "ada", id: null },
      expires: now + 1_000_000,
    });
    const take = gatherReports(database, () => "");
    const ids: string[] = [];
    for (let each = 0; each < count; each += 1) {
      const host = { name: `h${each}`, engine: "e", version: "1", connected: true, containers: [] };
      const enrolled = await enrol(database, { token: "t", key: `k${each}`, host, now });
      const id = enrolled?.id ?? "";
      ids.push(id);
      await take(id, report({ whole: { number: 1, open: [] } }), now);
    }
    const controls = async () => {
      const rows = await listFindings(database, everywhere, { offset: 0, limit: 500 });
      return rows.map(({ hostName, control }) => `${hostName} ${control}`).toSorted();
    };
    return { database, take, ids, controls };
  }

  function report(more: Partial<HostReport>): HostReport {
    return { state: undefined, first: 1, changes: [], whole: undefined, details: [], ahead: 0, ...more };
  }
  const opens = (first: number, ...controls: readonly string[]) =>
    report({ first, changes: controls.map((control) => changeOf("opened", findingOf(control))) });

  it("many hosts that report at once each have their own applied, and twice is once", async () => {
    const { take, ids, controls } = await withHosts(30);
    const answers = await Promise.all(
      ids.flatMap((id) => [take(id, opens(2, "a", "b"), now), take(id, opens(2, "a", "b"), now)]),
    );
    for (const answer of answers) expect(answer).toMatchObject({ last: 3, wantsWhole: false });
    expect(await controls()).toHaveLength(60);
    const after = await Promise.all(ids.map((id) => take(id, opens(9, "c"), now)));
    for (const answer of after) expect(answer).toMatchObject({ last: 3, wantsWhole: true });
  });

  it("one that cannot be kept, or of a host that is gone, takes no other with it", async () => {
    const { take, ids, controls } = await withHosts(4);
    const [first = "", second = "", third = "", fourth = ""] = ids;
    const broken = report({
      first: 2,
      changes: [{ ...changeOf("opened", findingOf("bad")), cause: cyclic() as Cause }],
    });
    const answers = await Promise.allSettled([
      take(first, opens(2, "a"), now),
      take(second, broken, now),
      take("gone", opens(2, "a"), now),
      take(third, opens(2, "a"), now),
      take(fourth, opens(2, "a"), now),
    ]);
    expect(answers.map((each) => (each.status === "fulfilled" ? each.value?.last : "failed"))).toEqual([
      ...[2, "failed", undefined, 2, 2],
    ]);
    expect(await controls()).toEqual(["h0 a", "h2 a", "h3 a"]);
  });
});

function cyclic(): unknown {
  const cause: Record<string, unknown> = { kind: "sweep" };
  cause.self = cause;
  return cause;
}
