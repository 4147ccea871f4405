import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithServers } from "./describe.ts";
import { startEngine } from "./engine.ts";
import { documentedFindings, documentedProofs } from "./servers/documented.ts";
import { importServers, type ServerName } from "./servers/images.ts";
import {
  type Bench,
  capabilitiesIn,
  findingsOf,
  learnServer,
  notHeld,
  verifyServer,
  whyNotWithout,
} from "./servers/learnt.ts";
import { workloads } from "./servers/workloads.ts";

/**
 * The one workload that is learnt here: it starts as root over a bind, and steps down. What it needs, and what breaks it. All
 * fourteen take half an hour: scripts/learn-servers.ts.
 */
const expected: Readonly<Record<string, { needs: readonly string[]; breaks: readonly string[] }>> = {
  "redis-bind": { needs: ["CHOWN", "SETGID", "SETPCAP", "SETUID"], breaks: [] },
};

await describeWithServers("learn finds the least with which a real server works", () => {
  let bench: Bench;

  beforeAll(async () => {
    const engine = await startEngine({ bridge: true });
    bench = { engine, program: builtCommand(), folder: () => testFolder() };
    const chosen = workloads.filter(({ name }) => name in expected);
    const names = new Set<ServerName>(chosen.flatMap(({ images }) => images));
    await importServers(engine, [...names]);
  }, 300_000);
  afterAll(async () => {
    await bench?.engine.stop();
  });

  it.each(workloads.filter(({ name }) => name in expected))(
    "$name",
    async (workload) => {
      const verified = await verifyServer(bench, workload);
      expect(verified.filter(({ steady }) => !steady)).toEqual([]);
      const held = verified.flatMap(({ steps }) => steps.filter(({ outcome }) => outcome === "holds"));
      expect(held.flatMap(({ controls }) => controls)).toContain("no-new-privileges");

      const { project, learnt } = await learnServer(bench, workload);
      try {
        expect(learnt.map(({ verified: holds, reason }) => ({ holds, reason }))).toEqual(
          learnt.map(() => ({ holds: true, reason: null })),
        );
        const broken = learnt.flatMap(({ steps }) => steps.filter(({ outcome }) => outcome === "breaks"));
        expect(broken.map(({ controls: [control] }) => control)).toEqual(expected[workload.name]?.breaks);
        const given = capabilitiesIn(project);
        expect(given.map(([, name]) => name).toSorted()).toEqual(expected[workload.name]?.needs);
        const works = learnt.flatMap(({ steps }) => steps.filter(({ outcome }) => outcome === "holds"));
        expect(works.flatMap(({ controls }) => controls)).toContain("memory-limit");

        await project.keepsServing();
        const open = (await notHeld(bench, project)).filter((line) => !isIn(documentedProofs, line));
        expect(open).toEqual([]);
        const found = (await findingsOf(bench, project)).filter((line) => !isIn(documentedFindings, line));
        expect(found).toEqual([]);
        await project.compose("down", "--volumes", "--timeout", "2");
        const spare: string[] = [];
        for (const each of given) {
          if ((await whyNotWithout(bench, workload, project, each)) === undefined) spare.push(each.join(" "));
        }
        expect(spare).toEqual([]);
      } finally {
        await project.remove();
      }
    },
    600_000,
  );
});

/** Whether the control or probe of a line is documented. */
function isIn(documented: ReadonlyMap<string, string>, line: string): boolean {
  return documented.has(line.split(" ")[1] ?? "");
}
