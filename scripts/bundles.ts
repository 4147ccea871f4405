// npx tsx scripts/bundles.ts [IMAGE…]: learns each stand-in again on a throw-away Engine, and writes its bundle to
// test/fixtures/bundles. test/unit/bundled-needs.test.ts compares the table of image needs with them.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { importServers } from "../test/engine/servers/images.ts";
import { bundleServer } from "../test/engine/servers/learnt.ts";
import { chosenFrom, withBench } from "../test/engine/servers/with-bench.ts";
import { bundled, workloads } from "../test/engine/servers/workloads.ts";

const chosen = chosenFrom(bundled, process.argv.slice(2));
const target = resolve("test/fixtures/bundles");
mkdirSync(target, { recursive: true });
await withBench("servers", async (bench) => {
  for (const { name, by } of chosen) {
    for (const workload of chosenFrom(workloads, [by])) {
      await importServers(bench.engine, workload.images);
      const { status, stderr } = await bundleServer(bench, workload, resolve(target, `${name}.json`));
      const isWritten = status !== null && status < 2;
      console.log(`${name}: ${isWritten ? "written" : `status ${status}\n${stderr}`}`);
      if (!isWritten) process.exitCode = 1;
    }
  }
});
