// npx tsx scripts/bundles.ts [NAME…]: learns each stand-in again on a throw-away Engine, and writes its bundle to
// test/fixtures/bundles. test/unit/bundled-needs.test.ts compares the table of image needs with them.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { engineAvailable, startEngine } from "../test/engine/engine.ts";
import { importServers } from "../test/engine/servers/images.ts";
import { bundleServer } from "../test/engine/servers/learnt.ts";
import { serverPackages } from "../test/engine/servers/packages.ts";
import { bundled, workloads } from "../test/engine/servers/workloads.ts";
import { builtCommand, folderOf } from "../test/support/cli.ts";

const available = engineAvailable();
if (!available.ok) throw new Error(available.reason);
const packages = await serverPackages();
if (!packages.ok) throw new Error(packages.reason);
const wanted = process.argv.slice(2);
const target = resolve("test/fixtures/bundles");
mkdirSync(target, { recursive: true });
const program = builtCommand();
const engine = await startEngine({ bridge: true });
const made: (() => void)[] = [];
const folder = () => {
  const { path, remove } = folderOf({});
  made.push(remove);
  return path;
};
try {
  for (const [image, name] of Object.entries(bundled)) {
    if (wanted.length > 0 && !wanted.includes(image)) continue;
    const workload = workloads.find((each) => each.name === name);
    if (!workload) throw new Error(`no workload ${name}`);
    await importServers(engine, workload.images);
    const { status, stderr } = await bundleServer(
      { engine, program, folder },
      workload,
      resolve(target, `${image}.json`),
    );
    console.log(`${image}: ${status !== null && status < 2 ? "written" : `status ${status}\n${stderr}`}`);
    if (status === null || status > 1) process.exitCode = 1;
  }
} finally {
  await engine.stop();
  for (const remove of made) remove();
  rmSync(dirname(program), { recursive: true });
}
