// tsx bench/prove.ts: a full proof of one container (bound: 15 s on an idle machine), beside an empty throw-away container: the
// Engine takes that for each of the up to forty that a proof makes.
import { resolve } from "node:path";
import { engineAvailable, startEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";
import { measure, show } from "./measure.ts";

const bulkhead = resolve("bulkhead");

const hardened = [
  ...["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "-u", "1000"],
  ...[
    "--pids-limit",
    "64",
    "--memory",
    "32m",
    "--memory-swap",
    "32m",
    "--cpus",
    "0.5",
    "--tmpfs",
    "/tmp:size=8m",
  ],
];

const available = engineAvailable();
if (!available.ok) console.log(`a proof: not measured, ${available.reason}`);
else {
  const engine = await startEngine();
  try {
    const image = await importBusybox(engine);
    await engine.docker(["run", "-d", "--name", "plain", image, "sleep", "3600"]);
    await engine.docker(["run", "-d", "--name", "hard", ...hardened, image, "sleep", "3600"]);
    const env = engine.environment;
    const timings = measure(
      [
        { name: "docker run --rm IMAGE true", argv: ["docker", "run", "--rm", image, "true"], env },
        { name: "bulkhead prove, a default container", argv: [bulkhead, "prove", "plain"], env, allow: [1] },
        { name: "bulkhead prove, a hardened container", argv: [bulkhead, "prove", "hard"], env, allow: [1] },
        {
          name: "bulkhead prove --in-place",
          argv: [bulkhead, "prove", "hard", "--in-place"],
          env,
          allow: [1],
        },
      ],
      5,
    );
    show("One container, every probe", timings, "bound: 15 s");
    if (timings.some(({ median }) => median > 15_000)) process.exitCode = 1;
  } finally {
    await engine.stop();
  }
}
