// Folders in a mount's path become links while containers start: on the bare Engine some mount what is not theirs, behind the guard
// none may. Needs root and dockerd.
//
// Usage: npm run swap:guard -- [--starts 1000]      for each part of the path

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEngine } from "../test/engine/engine.ts";
import { busybox, importBusybox } from "../test/engine/images.ts";
import { builtCommand } from "../test/support/cli.ts";
import { startGuard } from "../test/support/guard/guard-process.ts";
import { layOut, type Run, startWhileSwapped } from "../test/support/guard/swaps.ts";

const { values: options } = parseArgs({ options: { starts: { type: "string", default: "1000" } } });
const starts = Number(options.starts);

const engine = await startEngine();
await importBusybox(engine);
const folder = join(engine.folder, "swaps");
const { allowed } = layOut(folder, 1000);
const config = join(engine.folder, "bulkhead.yaml");
writeFileSync(config, `guard: { allow: { mounts: ["${allowed}/**"] }, controls: { root-user: off } }\n`);
const guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
const bare: Run = (args) =>
  engine.docker(args).then(
    (stdout) => ({ status: 0, stdout }),
    (error: unknown) => ({ status: 1, stdout: String(error) }),
  );
let lost = 0;
try {
  for (const part of ["last", "middle", "allowed"] as const) {
    const without = await startWhileSwapped(bare, busybox, layOut(folder, 1000), part, Math.min(starts, 100));
    const stage = layOut(folder, 1000);
    guard.signal("SIGHUP");
    await guard.untilSaid("read anew");
    const behind = await startWhileSwapped((args) => guard.docker(args), busybox, stage, part, starts);
    lost += behind.lost;
    for (const [name, each] of Object.entries({ without, behind }))
      console.log(
        `${part}, ${name} the guard: ${each.lost} of ${each.starts} lost, ${each.own} own, ${each.swaps} swaps`,
      );
  }
} finally {
  await guard.stop();
  await engine.stop();
}
process.exit(lost === 0 ? 0 : 1);
