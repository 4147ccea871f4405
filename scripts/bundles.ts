// npx tsx scripts/bundles.ts [--check] [IMAGE…]: learns each stand-in again on a throw-away Engine, and writes its bundle to
// test/fixtures/bundles; with --check it compares with the bundle there, and ends with status 1 where a need differs.
// test/unit/bundled-needs.test.ts compares the table of image needs with them.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { bundled } from "../test/engine/servers/bundled.ts";
import { importServerImage } from "../test/engine/servers/image.ts";
import { importServers } from "../test/engine/servers/images.ts";
import { type Bench, bundleServer } from "../test/engine/servers/learnt.ts";
import { stacks } from "../test/engine/servers/stacks.ts";
import { bundleStack } from "../test/engine/servers/used.ts";
import { chosenFrom, withBench } from "../test/engine/servers/with-bench.ts";
import { workloads } from "../test/engine/servers/workloads.ts";
import type { Ran } from "../test/support/cli.ts";

const words = process.argv.slice(2);
const option = words.includes("--check") ? "--verify-bundle" : "--bundle";
const chosen = chosenFrom(
  bundled,
  words.filter((word) => word !== "--check"),
);
const target = resolve("test/fixtures/bundles");
mkdirSync(target, { recursive: true });
await withBench("stacks", async (bench) => {
  for (const { name, by } of chosen) {
    for (const { status, stdout, stderr } of await learn(bench, by, resolve(target, `${name}.json`))) {
      const isDone = option === "--bundle" ? status !== null && status < 2 : isSame(status, stdout);
      console.log(`${name}: ${isDone ? "done" : `status ${status}\n${stdout}${stderr}`}`);
      if (!isDone) process.exitCode = 1;
    }
  }
});

/** Docker dates an image that it imports: each time it is another one, with the same files. */
function isSame(status: number | null, stdout: string): boolean {
  const differences = stdout.split("\n").filter((line) => line.startsWith("  "));
  return (
    status === 0 ||
    (status === 1 && differences.every((line) => /^ {2}[\w-]+: its image is sha256:/.test(line)))
  );
}

async function learn(
  bench: Bench,
  by: (typeof bundled)[number]["by"],
  file: string,
): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  if ("workload" in by) {
    for (const workload of chosenFrom(workloads, [by.workload])) {
      await importServers(bench.engine, workload.images);
      ran.push(await bundleServer(bench, workload, option, file));
    }
  } else {
    for (const stack of chosenFrom(stacks, [by.stack])) {
      for (const [reference, image] of Object.entries(stack.images)) {
        await importServerImage(bench.engine, reference, image);
      }
      ran.push(await bundleStack(bench, stack, option, file));
    }
  }
  return ran;
}
