// npm run bench:learn: fix --verify and learn of a service that starts in a second, and what learning costs a busy redis. Each
// figure is printed with its bound, and the command ends with status 1 where one is exceeded.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineAvailable, startEngine, type TestEngine } from "../test/engine/engine.ts";
import { importImage } from "../test/engine/images.ts";
import { importServers } from "../test/engine/servers/images.ts";
import { serverPackages } from "../test/engine/servers/packages.ts";
import { builtCommand, runCli } from "../test/support/cli.ts";
import { measureRedis } from "./learn-redis.ts";

const available = engineAvailable();
if (!available.ok) console.log(`learn: not measured, ${available.reason}`);
else {
  const engine = await startEngine({ bridge: true });
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-bench-"));
  try {
    await benchService(engine, folder);
    const packages = await serverPackages();
    if (packages.ok) await benchRedis(engine);
    else console.log(`\nA busy redis: not measured, ${packages.reason}`);
  } finally {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ten steps, of which the read-only root breaks it. */
async function benchService(engine: TestEngine, folder: string): Promise<void> {
  const files = {
    "/app": `#!/bin/sh\nsleep 1\ndate >>/srv/state || exit 3\ntrap "exit 0" TERM\nwhile :; do sleep 1 & wait $!; done\n`,
    "/srv/keep": "",
  };
  await importImage(engine, "app:1", { changes: ['CMD ["/app"]'], files });
  const file = join(folder, "compose.yaml");
  writeFileSync(
    file,
    `services:
  web:
    image: app:1
    security_opt: [seccomp=unconfined]
    tmpfs: [/cache]
    volumes: [data:/data]
    logging: {driver: json-file}
volumes: {data: {}}
`,
  );
  const program = builtCommand();
  const run = async (...words: readonly string[]) => {
    const begun = performance.now();
    const all = [...words, "--check-exec", "test -s /srv/state", "--format", "json", "--no-config", file];
    const { stdout, stderr } = await runCli(program, all, { env: engine.environment });
    if (!stdout.startsWith("{")) throw new Error(stderr);
    const [{ starts, steps }] = JSON.parse(stdout).workloads;
    return { starts, steps, seconds: (performance.now() - begun) / 1000 };
  };
  console.log("\nA service that starts in a second");
  const verified = await run("fix", "--verify", "--memory", "64m", "--cpus", "1", "--pids-limit", "100");
  const broken = verified.steps.filter(({ outcome }: { outcome: string }) => outcome === "breaks");
  if (verified.steps.length !== 10 || broken.length !== 1)
    throw new Error(`ten steps of which one breaks are meant, not ${JSON.stringify(verified.steps)}`);
  tell("ten steps of which one breaks, verified", verified.seconds, 60, "s");
  tell("  in so many starts", verified.starts, 8, "");
  tell("the same, learnt", (await run("learn")).seconds, 90, "s");
}

/**
 * Per second of redis's own processor time: a busy server has no more of it, and other work on the machine blurs that least.
 * The wall clock's figures stand beside it.
 */
async function benchRedis(engine: TestEngine): Promise<void> {
  await importServers(engine, ["redis"]);
  const { alone, watched, traced, own } = await measureRedis(engine, 5);
  console.log("\nA busy redis, GET by 20 clients: requests per second of its processor (by the clock)");
  for (const [name, rate] of Object.entries({ alone, watched, traced })) {
    const clock = `${rate.byClock.toFixed(0)}, × ${(rate.byClock / alone.byClock).toFixed(2)}`;
    const ratio = (rate.byProcessor / alone.byProcessor).toFixed(2);
    console.log(`  ${name.padEnd(40)} ${rate.byProcessor.toFixed(0).padStart(7)}   × ${ratio}   (${clock})`);
  }
  tell("the trace takes of it", share(watched.byProcessor, traced.byProcessor), 50, "%");
  tell("the rest of learning takes of it", share(alone.byProcessor, watched.byProcessor), 5, "%");
  console.log(`  bulkhead itself takes ${(own * 100).toFixed(1)} % of one processor meanwhile`);
}

function share(before: number, after: number): number {
  return Math.max(0, 1 - after / before) * 100;
}

function tell(name: string, value: number, bound: number, unit: string): void {
  const figure = Number.isInteger(value) ? String(value) : value.toFixed(1);
  console.log(
    `  ${name.padEnd(40)} ${`${figure} ${unit}`.trim().padStart(9)}   bound: ${bound} ${unit}`.trimEnd(),
  );
  if (value > bound) {
    console.log("    EXCEEDED");
    process.exitCode = 1;
  }
}
