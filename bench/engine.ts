import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineAvailable, startEngine, type TestEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";
import { measure, show } from "./measure.ts";

const containers = 100;

/** What `run` adds to docker run; 100 running containers, configured and effective, against a bare script that reads the same. */
export async function benchEngine(bulkhead: string): Promise<void> {
  const available = engineAvailable();
  if (!available.ok) {
    console.log(`\ndocker run and ${containers} containers: not measured, ${available.reason}`);
    return;
  }
  const engine = await startEngine();
  try {
    const image = await importBusybox(engine);
    benchRun(bulkhead, engine, image);
    benchLeash(bulkhead, engine);
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

/** From the first to the last word: an Engine is asked, a socket opened, and at the end looked at for what is left. */
function benchLeash(bulkhead: string, engine: TestEngine): void {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-bench-"));
  const timings = measure(
    [
      { name: "sh -c true", argv: ["sh", "-c", "true"] },
      {
        name: "bulkhead guard run -- sh -c true",
        argv: [bulkhead, "guard", "run", "--folder", folder, "--", "sh", "-c", "true"],
        env: { ...engine.environment, XDG_STATE_HOME: folder },
      },
    ],
    11,
  );
  rmSync(folder, { recursive: true, force: true });
  show("A leash", timings, "bound: 500 ms");
}

function benchRun(bulkhead: string, engine: TestEngine, image: string): void {
  const words = ["run", "--rm", "--network", "none", image, "true"];
  const timings = measure(
    [
      { name: "docker run", argv: ["docker", ...words], env: engine.environment },
      { name: "bulkhead run", argv: [bulkhead, ...words], env: engine.environment },
      // The same container by hand, without the command that works it out.
      {
        name: "docker run, with what that adds",
        argv: [
          "docker",
          "run",
          "--pids-limit",
          "2048",
          "--security-opt",
          "no-new-privileges",
          ...words.slice(1),
        ],
        env: engine.environment,
      },
    ],
    15,
  );
  show("Starting a container", timings, "bound: 150 ms more than docker run");
  const [plain, hardened] = timings;
  if (plain && hardened) console.log(`  added: ${(hardened.median - plain.median).toFixed(0)} ms`);
}
