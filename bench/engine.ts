import { engineAvailable, startEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";
import { measure, show } from "./measure.ts";

const containers = 100;

/** 100 running containers, configured and effective, against a bare script that reads the same. */
export async function benchEngine(bulkhead: string): Promise<void> {
  const available = engineAvailable();
  if (!available.ok) {
    console.log(`\n${containers} containers: not measured, ${available.reason}`);
    return;
  }
  const engine = await startEngine();
  try {
    const image = await importBusybox(engine);
    const names = Array.from({ length: containers }, (_, index) => `bench-${index}`);
    for (let at = 0; at < names.length; at += 4) {
      await Promise.all(
        names
          .slice(at, at + 4)
          .map((name) =>
            engine.docker(["run", "-d", "--name", name, "--network", "none", image, "sleep", "3600"]),
          ),
      );
    }
    show(
      `${containers} running containers`,
      measure(
        [
          { name: "bare script", argv: ["node", "bench/bare.mjs", engine.socketPath] },
          {
            name: "bulkhead audit engine",
            argv: [bulkhead, "audit", "engine", "--host", engine.host, "--format", "json"],
            allow: [0, 1],
          },
        ],
        7,
      ),
      "bound: × 3",
    );
  } finally {
    await engine.stop();
  }
}
