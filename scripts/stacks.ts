// npm run test:stacks [STACK…]: brings up each stack, hardens it with `fix --apply`, `fix --verify --apply` and `learn --apply`,
// and uses it as its owner does. It ends with status 1 where a hardened stack answers otherwise, or stops otherwise.
import { importServerImage } from "../test/engine/servers/image.ts";
import { stacks } from "../test/engine/servers/stacks.ts";
import {
  differences,
  type Hardening,
  harden,
  hardenings,
  useOf,
  writeStack,
} from "../test/engine/servers/used.ts";
import { chosenFrom, withBench } from "../test/engine/servers/with-bench.ts";

const chosen = chosenFrom(stacks, process.argv.slice(2));
await withBench("stacks", async (bench) => {
  const { engine, folder } = bench;
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
      const { status, stdout, stderr } = await harden(bench, stack, place, hardening);
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
});
