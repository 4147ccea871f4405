import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Services on the loopback address of a dockerd's host: a registry on port 5000, a TCP line on 5001, UDP on 5002. */
export interface Neighbour {
  /** What it heard since the last `forget`: `GET /v2/`, `connected`, `datagram`, one a line. */
  heard(): string;
  forget(): void;
  stop(): Promise<void>;
}

/**
 * Starts them in the network namespace of this process. They write what they hear to a file before they answer, so that
 * who has an answer finds the line there.
 */
export async function startNeighbour(pid: number): Promise<Neighbour> {
  const script = fileURLToPath(new URL("neighbour.mjs", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-neighbour-"));
  const file = join(folder, "heard");
  const output = openSync(file, "a");
  const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, process.execPath, script], {
    stdio: ["ignore", output, "inherit"],
  });
  closeSync(output);
  const heard = () => readFileSync(file, "utf8");
  let isRunning = true;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void ended.then(() => {
    isRunning = false;
  });
  while (!heard().includes("listens")) {
    if (!isRunning) throw new Error("the host's services did not start");
    await pause(20);
  }
  truncateSync(file);
  return {
    heard,
    forget: () => truncateSync(file),
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
