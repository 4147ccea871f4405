// npx tsx scripts/bundles.ts [--check] [IMAGE…]: learns each stand-in again on a throw-away Engine, and writes its bundle to
// test/fixtures/bundles; with --check it compares with the bundle there, and ends with status 1 where a need differs.
// test/unit/bundled-needs.test.ts compares the table of image needs with them.
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readBundle, type Statement } from "../src/fix/bundle/bundle.ts";
import { compareWith } from "../src/learn/bundle/compare.ts";
import { type Bundled, bundled } from "../test/engine/servers/bundled.ts";
import { importServerImage } from "../test/engine/servers/image.ts";
import { importServers } from "../test/engine/servers/images.ts";
import { type Bench, bundleServer } from "../test/engine/servers/learnt.ts";
import { stacks } from "../test/engine/servers/stacks.ts";
import { bundleStack } from "../test/engine/servers/used.ts";
import { chosenFrom, withBench } from "../test/engine/servers/with-bench.ts";
import { workloads } from "../test/engine/servers/workloads.ts";

const words = process.argv.slice(2);
const isCheck = words.includes("--check");
const chosen = chosenFrom(
  bundled,
  words.filter((word) => word !== "--check"),
);
const kept = resolve("test/fixtures/bundles");
mkdirSync(kept, { recursive: true });
await withBench("stacks", async (bench) => {
  const target = isCheck ? bench.folder() : kept;
  for (const each of chosen) {
    const file = `${each.name}.json`;
    const faults = await learn(bench, each, join(target, file));
    if (faults.length === 0 && isCheck) faults.push(...differences(join(kept, file), join(target, file)));
    console.log([`${each.name}: ${faults.length === 0 ? "done" : ""}`, ...faults].join("\n  "));
    if (faults.length > 0) process.exitCode = 1;
  }
});

async function learn(bench: Bench, { by, from }: Bundled, file: string): Promise<string[]> {
  const ran = [];
  for (const workload of from === "workloads" ? chosenFrom(workloads, [by]) : []) {
    await importServers(bench.engine, workload.images);
    ran.push(await bundleServer(bench, workload, file));
  }
  for (const stack of from === "stacks" ? chosenFrom(stacks, [by]) : []) {
    for (const [reference, image] of Object.entries(stack.images)) {
      await importServerImage(bench.engine, reference, image);
    }
    ran.push(await bundleStack(bench, stack, file));
  }
  return ran.flatMap(({ status, stderr }) =>
    status === null || status > 1 ? [`status ${status}: ${stderr}`] : [],
  );
}

/** What the second bundle says otherwise. */
function differences(before: string, after: string): readonly string[] {
  const [then, now] = [withoutImage(before), withoutImage(after)];
  return compareWith(then, now).flatMap(({ subject, differences }) =>
    differences.map((difference) => `${subject}: ${difference}`),
  );
}

/** Docker dates an image that it imports: each time it has another id, with the same files. */
function withoutImage(file: string): Statement {
  const read = readBundle(readFileSync(file, "utf8"), undefined);
  if (!read.ok) throw new Error(`${file}: ${read.reason}`);
  const { predicate } = read.value;
  const workloads = predicate.workloads.map((each) => ({ ...each, image: { ...each.image, id: "" } }));
  return { ...read.value, predicate: { ...predicate, workloads } };
}
