import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Services on the loopback address of a dockerd's host: a registry on port 5000, a TCP line on 5001, UDP on 5002. */
export interface Neighbour {
  /** What it heard since the last `forget`: `GET /v2/`, `connected`, `datagram`, one a line. */
  heard(): string;
  forget(): void;
  stop(): Promise<void>;
}

/** Starts them in the network namespace of this process. */
export async function startNeighbour(pid: number): Promise<Neighbour> {
  const script = fileURLToPath(new URL("neighbour.mjs", import.meta.url));
  const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, process.execPath, script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let heard = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the host's services did not start")));
    child.stdout.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
      if (heard.includes("listens")) resolve();
    });
  });
  heard = "";
  return {
    heard: () => heard,
    forget() {
      heard = "";
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
