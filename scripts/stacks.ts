// npm run test:stacks [STACK…]: brings up each stack, hardens it with `fix --apply`, `fix --verify --apply` and `learn --apply`,
// and uses it as its owner does. It ends with status 1 where a hardened stack answers otherwise, or stops otherwise.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { engineAvailable, startEngine } from "../test/engine/engine.ts";
import { importServerImage } from "../test/engine/servers/image.ts";
import { serverPackages } from "../test/engine/servers/packages.ts";
import { stacks } from "../test/engine/servers/stacks.ts";
import {
  differences,
  type Hardening,
  harden,
  hardenings,
  useOf,
  writeStack,
} from "../test/engine/servers/used.ts";
import { builtCommand, folderOf } from "../test/support/cli.ts";

const available = engineAvailable();
if (!available.ok) throw new Error(available.reason);
const names = process.argv.slice(2);
const chosen = stacks.filter(({ name }) => names.length === 0 || names.includes(name));
if (chosen.length === 0)
  throw new Error(`no stack ${names.join(", ")}; there are ${stacks.map(({ name }) => name).join(", ")}`);
const packages = await serverPackages("stacks");
if (!packages.ok) throw new Error(packages.reason);
const engine = await startEngine({ bridge: true });
const program = process.env.BULKHEAD_PROGRAM ?? builtCommand();
const made: (() => void)[] = [];
const folder = () => {
  const { path, remove } = folderOf({});
  made.push(remove);
  return path;
};
try {
  for (const stack of chosen) {
    for (const [reference, image] of Object.entries(stack.images)) {
      await importServerImage(engine, reference, image);
    }
    const untouched = folder();
    writeStack(stack, untouched);
    const before = await useOf(engine, stack, untouched);
    for (const output of before.outputs.filter((each) => each.startsWith("it fails"))) {
      console.log(`    FAULT untouched: ${output}`);
      process.exitCode = 1;
    }
    console.log(
      `${stack.name}: untouched ${before.outputs.join(" | ").slice(0, 200)}; stops in ${before.stop.took} ms`,
    );
    for (const hardening of Object.keys(hardenings) as Hardening[]) {
      const place = folder();
      writeStack(stack, place);
      const begun = Date.now();
      const { status, stdout, stderr } = await harden({ engine, program, folder }, stack, place, hardening);
      const seconds = Math.round((Date.now() - begun) / 1000);
      if (process.env.VERBOSE) console.log(stdout, stderr);
      if (status === null || status > 1) {
        console.log(`    FAULT ${hardening}: status ${status}: ${stderr.trim().split("\n").at(-1)}`);
        process.exitCode = 1;
        continue;
      }
      const faults = differences(before, await useOf(engine, stack, place));
      console.log(`    ${hardening} (${seconds} s): ${faults.length === 0 ? "the same answers" : ""}`);
      for (const fault of faults) console.log(`    FAULT ${hardening}: ${fault}`);
      if (faults.length > 0) process.exitCode = 1;
    }
  }
} finally {
  await engine.stop();
  for (const remove of made) remove();
  if (!process.env.BULKHEAD_PROGRAM) rmSync(dirname(program), { recursive: true });
}
