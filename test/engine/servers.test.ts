import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithServers } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importServers, type ServerName } from "./servers/images.ts";
import { fixServer } from "./servers/learnt.ts";
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
    const bench = { engine, program, folder: () => testFolder() };
    expect(await fixServer(bench, workload)).toBeUndefined();
  });
});
