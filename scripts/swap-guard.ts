// Folders in a mount's path become links while containers are made and mount them: on the bare Engine some mount what is not theirs,
// on a leash none may. Needs root and dockerd; the leash is a user's who is not root. Ends with status 1 where one was lost, or where
// the swaps mislead no container of the bare Engine.
//
// Usage: npm run swap:guard -- [--mounts 1000] [--starts 10]      for each of the three parts of the path; so many starts of a container,
//                                                             or a copy from it (0)

import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEngine } from "../test/engine/engine.ts";
import { busybox, importBusybox } from "../test/engine/images.ts";
import { builtCommand } from "../test/support/cli.ts";
import { openLeashes, user } from "../test/support/guard/leash-process.ts";
import { layOut, mountWhileSwapped, type SwapResult } from "../test/support/guard/swaps.ts";

const { values: options } = parseArgs({
  options: { mounts: { type: "string", default: "1000" }, starts: { type: "string", default: "10" } },
});
const mounts = Number(options.mounts);
const how = { atOnce: 5, starts: Number(options.starts) };

const engine = await startEngine();
console.log(
  await engine.docker(["version", "--format", "Engine {{.Server.Version}}, API {{.Server.APIVersion}}"]),
);
await importBusybox(engine);
const leashes = openLeashes(builtCommand(), engine.host);
const folder = join(engine.folder, "swaps");
let isHeld = true;
const say = (part: string, where: string, { lost, own, starts, swaps, mounts: count }: SwapResult) =>
  console.log(
    `${part}, ${where}: ${lost} of ${count} mounts lost, ${own} own; ${starts} starts, ${swaps} swaps`,
  );
try {
  for (const part of ["last", "middle", "allowed"] as const) {
    const fewer = Math.min(20 + Math.ceil(mounts / 20), 200);
    const bare = await mountWhileSwapped(engine.socketPath, busybox, layOut(folder, user), part, fewer, how);
    say(part, "the bare Engine", bare);
    const stage = layOut(folder, user);
    const { child, ended, said, until } = leashes.start([
      ...["--folder", stage.allowed, "--name", part, "--budget", "memory=64g,pids=9999,containers=99"],
      ...["--", "sh", "-c", "echo at $DOCKER_HOST.; exec sleep 1000000"],
    ]);
    await until("docker.sock.");
    const socket = /at unix:\/\/(\S+)\./.exec(said())?.[1] ?? "";
    const leashed = await mountWhileSwapped(socket, busybox, stage, part, mounts, how);
    say(part, "a leash", leashed);
    child.kill("SIGTERM");
    await ended;
    isHeld &&= bare.lost > 0 && leashed.lost === 0 && leashed.own > 0;
  }
} finally {
  leashes.remove();
  await engine.stop();
}
process.exit(isHeld ? 0 : 1);
