// tsx bench/guard-soak.ts [REQUESTS]: a hundred thousand requests of every kind through one guard (documents, streams that
// are dropped, denials, connections of their own), and whether its files and memory stay level. Exit status 1 if not.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startEngine } from "../test/engine/engine.ts";

const requests = Number(process.argv[2] ?? 100_000);
const engine = await startEngine();
const folder = mkdtempSync(join(tmpdir(), "bulkhead-soak-"));
const socket = join(folder, "guard.sock");
const args = [
  "--no-config",
  "--listen",
  `unix://${socket}`,
  "--host",
  engine.host,
  "--log",
  join(folder, "audit.log"),
];
const guard = spawn("node", ["dist/bulkhead.cjs", "guard", "proxy", ...args], { stdio: "inherit" });
const host = "Host: docker\r\n";
const body = '{"Image":"none","HostConfig":{"Privileged":true}}';
const kinds = [
  `GET /v1.45/_ping HTTP/1.1\r\n${host}\r\n`,
  `GET /v1.45/containers/json HTTP/1.1\r\n${host}\r\n`,
  `GET /v1.45/containers/none/json HTTP/1.1\r\n${host}\r\n`,
  `GET //nothing HTTP/1.1\r\n${host}\r\n`,
  `POST /v1.45/containers/create HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
];

try {
  while (!existsSync(socket)) await pause(50);
  await soak(requests / 5);
  const before = size();
  console.log(`after ${requests / 5}: ${show(before)}`);
  await soak((requests / 5) * 4);
  const after = size();
  console.log(`after ${requests}: ${show(after)}`);
  const isLevel = after.files <= before.files + 5 && after.memory <= before.memory + 32;
  console.log(isLevel ? "level" : "it grows");
  process.exitCode = isLevel ? 0 : 1;
} finally {
  guard.kill("SIGKILL");
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** In rounds of 500: eight connections for many requests each, a few that vanish in the middle of a stream. */
async function soak(count: number): Promise<void> {
  for (let done = 0; done < count; done += 500) {
    await Promise.all(Array.from({ length: 8 }, () => ask(60)));
    await Promise.all(Array.from({ length: 20 }, () => vanish()));
  }
}

function ask(count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = connect(socket);
    let answered = 0;
    client.on("data", (chunk) => {
      answered += chunk.toString("latin1").match(/HTTP\/1\.1 \d/g)?.length ?? 0;
      if (answered >= count) client.destroy();
    });
    client.on("error", reject);
    client.on("close", () => resolve());
    client.write(Array.from({ length: count }, (_, index) => kinds[index % kinds.length]).join(""));
  });
}

function vanish(): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = connect(socket);
    client.on("data", () => client.destroy());
    client.on("error", reject);
    client.on("close", () => resolve());
    client.write(`GET /v1.45/events HTTP/1.1\r\n${host}\r\n`);
  });
}

function size() {
  const status = readFileSync(`/proc/${guard.pid}/status`, "utf8");
  const memory = Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
  return { memory, files: readdirSync(`/proc/${guard.pid}/fd`).length };
}

function show({ memory, files }: ReturnType<typeof size>): string {
  return `${memory} MiB resident, ${files} open files`;
}
