import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { importBusybox } from "../engine/images.ts";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";

/** An Engine with a guard in front of it: what a client does is done straight, too, and compared. */
export interface ClientStage {
  readonly engine: TestEngine;
  readonly guard: GuardProcess;
}

/** A policy that opens every route, and judges what a request says as the default policy does. */
export const openConfig: readonly string[] = [
  "--config",
  fileURLToPath(new URL("open.yaml", import.meta.url)),
];

/** For the tests of a file: `args` are those of `bulkhead guard proxy`. */
export function clientStage(args: readonly string[] = ["--no-config"]): () => ClientStage {
  let engine: TestEngine | undefined;
  let guard: GuardProcess | undefined;
  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    guard = await startGuard(builtCommand(), engine.host, args);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
  });
  return () => {
    if (!engine || !guard) throw new Error("the stage did not start");
    return { engine, guard };
  };
}

/** Does the same work straight at the Engine's socket, and then through the guard. */
export async function bothWays<T>(
  { engine, guard }: ClientStage,
  work: (socketPath: string) => Promise<T>,
): Promise<{ readonly straight: T; readonly guarded: T }> {
  return { straight: await work(engine.socketPath), guarded: await work(guard.socketPath) };
}
