import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { TestEngine } from "./engine.ts";

/** Ends dockerd as its service manager does, and starts it again a second later. */
export async function restart({ pid }: TestEngine): Promise<void> {
  const [command = "", ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  process.kill(pid, "SIGTERM");
  for (let tries = 0; tries < 300 && !hasEnded(pid); tries += 1) await pause(50);
  await pause(1_000);
  spawn(command, words, { stdio: "ignore", detached: true }).unref();
}

function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}

/** Whether dockerd answers. */
export function answers(engine: TestEngine): Promise<boolean> {
  return engine.docker(["version"]).then(
    () => true,
    () => false,
  );
}

/** Waits for a dockerd that was restarted. */
export async function untilAnswers(engine: TestEngine): Promise<void> {
  await expect.poll(() => answers(engine), { timeout: 30_000 }).toBe(true);
}
