import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithServers } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importServers } from "./servers/images.ts";
import { writeProject } from "./servers/project.ts";
import { workloads } from "./servers/workloads.ts";

const names = ["redis-volume", "postgres-volume", "nginx-user", "mariadb-volume"];
const chosen = workloads.filter(({ name }) => names.includes(name));

await describeWithServers("bulkhead why, of real servers", () => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importServers(engine, [...new Set(chosen.flatMap(({ images }) => images))]);
  }, 300_000);
  afterAll(async () => {
    await engine?.stop();
  });

  it("names nothing of untouched servers that start, are used, and stop", async () => {
    const folder = testFolder();
    const lines = chosen.map((workload) => {
      const project = writeProject(engine, workload, testFolder());
      const compose = `docker-compose -p ${workload.name} -f ${project.file}`;
      const use = join(folder, `${workload.name}.sh`);
      writeFileSync(
        use,
        `${compose} up -d
run() { docker exec "$(${compose} ps -q ${workload.service})" sh -c "$1"; }
for i in $(seq 60); do run ${quoted(workload.serves)} && break; sleep 0.5; done
${workload.write ? `run ${quoted(workload.write)}` : ":"} || echo "${workload.name} does not work"
${compose} stop
${compose} down -v
`,
      );
      return `sh ${use} > ${use}.log 2>&1 &`;
    });
    const ran = await runCli(
      builtCommand(),
      [
        "why",
        "-H",
        engine.host,
        "--format",
        "json",
        "--",
        "sh",
        "-c",
        `${lines.join("\n")} wait; cat ${folder}/*.log >&2`,
      ],
      { env: engine.environment },
    );
    expect(ran.stderr).not.toContain("does not work");
    const { containers, refusals } = JSON.parse(ran.stdout);
    expect(containers).toHaveLength(chosen.length);
    const harmful = refusals.filter((each: { readonly outcome: string }) => each.outcome !== "survived");
    expect(harmful).toEqual([]);
  });
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
