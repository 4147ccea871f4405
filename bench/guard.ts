// npm run bench:guard: the guard against the Engine itself and against haproxy as docker-socket-proxy configures it, all
// in turn within one run, so that a noisy machine is noisy for all of them. Needs root, dockerd and haproxy (Debian: apt-get
// install docker.io haproxy).
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { engineAvailable, startEngine, type TestEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";
import { createBodies } from "./guard-bodies.ts";
import { drain, median, openClient } from "./guard-client.ts";
import { haproxyConfig } from "./guard-haproxy.ts";

interface Way {
  readonly name: string;
  readonly socket: string;
}

const available = engineAvailable();
if (!available.ok) {
  console.log(`not measured: ${available.reason}`);
  process.exit(0);
}
execFileSync("node", ["scripts/build.mjs"], { stdio: "inherit" });
const folder = mkdtempSync(join(tmpdir(), "bulkhead-bench-guard-"));
const children: ChildProcess[] = [];
const engine = await startEngine();
try {
  const image = await importBusybox(engine);
  for (let at = 0; at < 20; at += 1) {
    const name = `bench-${at}`;
    await engine.docker(["run", "-d", "--name", name, "--network", "none", image, "sleep", "3600"]);
  }
  const direct = { name: "direct", socket: engine.socketPath };
  const guard = { name: "guard", socket: await startGuard("guard", engine.host) };
  const haproxy = await startHaproxy(engine);
  const ways = haproxy ? [direct, haproxy, guard] : [direct, guard];
  await latency("/v1.45/_ping", "_ping", ways);
  await latency("/v1.45/containers/json", "a list of 20 containers", ways);
  await throughput("/v1.45/_ping", "_ping", ways);
  await throughput("/v1.45/containers/json", "a list of 20 containers", ways);
  await creates();
  await streams(engine, image, ways);
} finally {
  for (const child of children) child.kill("SIGKILL");
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function startGuard(name: string, host: string): Promise<string> {
  const socket = join(folder, `${name}.sock`);
  const log = join(folder, `${name}.log`);
  await start(
    "node",
    [
      "dist/bulkhead.cjs",
      "guard",
      "proxy",
      "--no-config",
      "--listen",
      `unix://${socket}`,
      "--host",
      host,
      "--log",
      log,
    ],
    socket,
  );
  return socket;
}

async function startHaproxy({ socketPath }: TestEngine): Promise<Way | undefined> {
  const socket = join(folder, "haproxy.sock");
  const config = join(folder, "haproxy.cfg");
  writeFileSync(config, haproxyConfig(socketPath, socket));
  try {
    await start("haproxy", ["-f", config], socket, { OPEN: "1" });
    return { name: "haproxy", socket };
  } catch {
    console.log("haproxy is not here, and is left out");
    return undefined;
  }
}

async function start(
  program: string,
  args: readonly string[],
  socket: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...env },
  });
  let hasFailed = false;
  child.once("error", () => {
    hasFailed = true;
  });
  children.push(child);
  for (let waited = 0; !existsSync(socket); waited += 50) {
    if (hasFailed || waited > 10_000) throw new Error(`${program} did not start`);
    await pause(50);
  }
}

/** One request after the other, each way in turn. */
async function latency(path: string, title: string, ways: readonly Way[], rounds = 3_000): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: docker\r\n\r\n`;
  await askInTurn(title, ways, () => request, rounds, "bound: 0.3 ms added");
}

async function askInTurn(
  title: string,
  ways: readonly Way[],
  request: (round: number) => string,
  rounds: number,
  bound: string,
  warm = 500,
): Promise<void> {
  const clients = ways.map(({ socket }) => openClient(socket));
  const times = ways.map((): number[] => []);
  for (let round = 0; round < rounds + warm; round += 1) {
    for (const [index, client] of clients.entries()) {
      const took = await client.ask(request(round));
      if (round >= warm) times[index]?.push(took);
    }
  }
  for (const client of clients) client.close();
  const base = median(times[0] ?? []);
  console.log(`\nLatency of ${title}, median (${bound})`);
  for (const [index, { name }] of ways.entries()) {
    const own = median(times[index] ?? []);
    console.log(`  ${name.padEnd(10)} ${own.toFixed(3)} ms   + ${(own - base).toFixed(3)} ms`);
  }
}

/** Sixteen connections for a second, each way in turn, nine times, after three that only warm up. */
async function throughput(path: string, title: string, ways: readonly Way[]): Promise<void> {
  const rates = ways.map((): number[] => []);
  for (let round = -3; round < 9; round += 1) {
    for (const [index, { socket }] of ways.entries()) {
      const answered = execFileSync(
        process.execPath,
        ["--import", "tsx", "bench/guard-load.ts", socket, path, "16", "1000"],
        { encoding: "utf8" },
      );
      if (round >= 0) rates[index]?.push(Number(answered));
    }
  }
  console.log(`\nRequests per second, ${title}, 16 connections, median of 9 (bound: haproxy's)`);
  for (const [index, { name }] of ways.entries())
    console.log(`  ${name.padEnd(10)} ${median(rates[index] ?? []).toFixed(0)}`);
}

/** Creates that are hardened, on an Engine that answers at once; no two are the same. */
async function creates(): Promise<void> {
  const socket = join(folder, "mock.sock");
  await start(process.execPath, ["--import", "tsx", "bench/guard-mock.ts", socket], socket);
  const ways = [
    { name: "direct", socket },
    { name: "guard", socket: await startGuard("mock-guard", `unix://${socket}`) },
  ];
  const head = "Host: docker\r\nContent-Type: application/json\r\n";
  for (const [title, bodyOf] of Object.entries(createBodies)) {
    await askInTurn(
      `a create that is hardened, on a mock Engine, ${title}`,
      ways,
      (round) => {
        const body = JSON.stringify(bodyOf(`JOB=${round}`));
        return `POST /v1.45/containers/create?name=web-${round} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
      },
      1_500,
      "bound: 1.2 ms added",
      // A guard goes on for long: what its first requests take, before V8 has compiled the judging of them, is not its speed.
      4_000,
    );
  }
}

/** What a container writes as fast as it can, through an attached stream. */
async function streams(test: TestEngine, image: string, ways: readonly Way[]): Promise<void> {
  const rates = ways.map((): number[] => []);
  for (let round = 0; round < 5; round += 1) {
    for (const [index, { socket }] of ways.entries()) {
      const id = await test.docker([
        "create",
        "--network",
        "none",
        "--log-driver",
        "none",

        image,
        "head",
        "-c",
        String(512 * 1024 * 1024),
        "/dev/zero",
      ]);
      const attach = `POST /v1.45/containers/${id}/attach?stream=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
      const [bytes, time] = await drain(socket, attach, () => test.docker(["start", id]));
      if (bytes < 512 * 1024 * 1024) throw new Error(`only ${bytes} bytes came`);
      rates[index]?.push(bytes / 1024 / 1024 / (time / 1_000));
      await test.docker(["rm", "-f", id]);
    }
  }
  const base = median(rates[0] ?? []);
  console.log("\nAn attached stream of 512 MiB, MiB per second, median of 5 (bound: 80 % of direct)");
  for (const [index, { name }] of ways.entries()) {
    const own = median(rates[index] ?? []);
    console.log(`  ${name.padEnd(10)} ${own.toFixed(0)}   ${((own / base) * 100).toFixed(0)} %`);
  }
}
