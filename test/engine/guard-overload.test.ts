import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import { wire } from "../support/guard/guard-proxy.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { hang } from "./hang.ts";

const head = "Host: docker\r\n";
const json = "Content-Type: application/json\r\n";
const megabytes = 4 * 1024 * 1024;

/** What a thousand hostile connections send, each kind as often as the others. */
const hostile: readonly (() => string)[] = [
  // A body that never ends, one byte short.
  () =>
    `POST /v1.41/containers/create HTTP/1.1\r\n${head}${json}Content-Length: ${megabytes}\r\n\r\n${" ".repeat(megabytes - 1)}`,
  () =>
    `POST /v1.41/containers/create HTTP/1.1\r\n${head}${json}Transfer-Encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(100_000)}`,
  // A head that never ends.
  () => `GET /v1.41/info HTTP/1.1\r\n${head}${"X-A: b\r\n".repeat(80)}X-B: ${"x".repeat(60_000)}`,
  // Answers that nobody reads.
  () => `GET /v1.41/info HTTP/1.1\r\n${head}\r\n`.repeat(300),
  () => `GET /v1.41/events HTTP/1.1\r\n${head}\r\n`,
  // A route that is closed.
  () =>
    `POST /v1.41/swarm/init HTTP/1.1\r\n${head}${json}Content-Length: ${megabytes}\r\n\r\n${" ".repeat(megabytes)}`,
  // An archive that stops coming.
  () =>
    `POST /v1.41/build HTTP/1.1\r\n${head}Content-Type: application/x-tar\r\nContent-Length: 999999999\r\n\r\nabc`,
];

describeWithEngine("a guard that many ask too much", () => {
  let engine: TestEngine;
  let guard: GuardProcess;
  let folder = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-overload-"));
    engine = await startEngine();
    const config = join(folder, "bulkhead.yaml");
    writeFileSync(config, `guard: { clients: { hostile: { listen: 'unix://${folder}/hostile.sock' } } }\n`);
    guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const memory = (name: "VmRSS" | "VmHWM") =>
    Number(
      new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${guard.pid}/status`, "utf8"))?.[1],
    ) / 1024;

  it("stays below 256 MiB with a thousand hostile connections, and answers the others", async () => {
    const before = memory("VmRSS");
    const sockets: Socket[] = [];
    for (let each = 0; each < 1_000; each += 1) {
      const socket = connect(`${folder}/hostile.sock`);
      socket.on("error", () => undefined);
      socket.pause();
      socket.write(hostile[each % hostile.length]?.() ?? "", "latin1");
      sockets.push(socket);
      if (each % 50 === 0) await pause(50);
    }
    const times: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const began = performance.now();
      const client = wire(guard.socketPath, `GET /v1.41/containers/json HTTP/1.1\r\n${head}\r\n`);
      await client.until("[]");
      client.socket.destroy();
      times.push(performance.now() - began);
      await pause(250);
    }
    const most = memory("VmHWM");
    const median = times.sort((one, other) => one - other)[10] ?? 0;
    console.log(
      `memory: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most; a list by another client: ${median.toFixed(0)} ms, ${times.at(-1)?.toFixed(0)} ms at most`,
    );
    for (const socket of sockets) socket.destroy();
    expect(most).toBeLessThan(256);
    expect(median).toBeLessThan(1_000);
  });

  it("tells an Engine that hangs from one that has nothing to say", async () => {
    const events = wire(guard.socketPath, `GET /v1.41/events HTTP/1.1\r\n${head}\r\n`);
    await events.until("200 OK");
    await hang(engine);
    try {
      const began = Date.now();
      const list = await fetchText("/v1.41/containers/json");
      expect(list).toMatch(/^HTTP\/1\.1 50[34] /);
      expect(list).toContain("does not answer");
      expect(Date.now() - began).toBeLessThan(25_000);
    } finally {
      process.kill(engine.pid, "SIGCONT");
    }
    expect(await fetchText("/v1.41/containers/json")).toMatch(/^HTTP\/1\.1 200 /);
    expect(events.socket.destroyed).toBe(false);
    events.socket.destroy();
  });

  async function fetchText(path: string): Promise<string> {
    const socket = connect(guard.socketPath);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.write(`GET ${path} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
    await new Promise((resolve) => socket.on("close", resolve));
    return text;
  }
});
