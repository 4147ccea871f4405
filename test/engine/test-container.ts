import { onTestFinished } from "vitest";
import type { TestEngine } from "./engine.ts";
import { busybox } from "./images.ts";

let counter = 0;

/** A name of its own for a container, which goes with the test. */
export function testName(engine: TestEngine, prefix: string): string {
  counter += 1;
  const name = `${prefix}${counter}`;
  onTestFinished(async () => void (await engine.docker(["rm", "-f", "-v", name]).catch(() => "")));
  return name;
}

/** Runs a container of busybox by that name, in the background. Gives the name. */
export async function runNamed(
  engine: TestEngine,
  name: string,
  flags: readonly string[],
  command: readonly string[] = ["sleep", "1000"],
): Promise<string> {
  await engine.docker(["run", "-d", "--name", name, ...flags, busybox, ...command]);
  return name;
}
