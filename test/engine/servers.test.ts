import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithServers } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importServers, type ServerName } from "./servers/images.ts";
import { writeProject } from "./servers/project.ts";
import { workloads } from "./servers/workloads.ts";

await describeWithServers("fix --apply alone leaves every server serving, with its data", () => {
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    const names = new Set<ServerName>(workloads.flatMap(({ images }) => images));
    await importServers(engine, [...names]);
  }, 300_000);
  afterAll(async () => {
    await engine?.stop();
  });

  it.each(workloads)("$name", async (workload) => {
    const project = writeProject(engine, workload, testFolder({}));
    try {
      const fixed = await runCli(program, ["fix", "--no-config", "--apply", "compose.yaml"], {
        cwd: project.folder,
      });
      expect(fixed.status, fixed.stderr).toBeLessThan(2);
      await project.keepsServing();
    } finally {
      await project.remove();
    }
  });
});
