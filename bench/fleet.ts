// npm run bench:serve: many hosts that are made up report to a real `bulkhead serve` with PostgreSQL, by the real protocol: how long
// their first states take, what changes at a given rate take until they are kept, how long pages take meanwhile, and what it costs.
//
//   HOSTS=1000 CONTAINERS=20 RATE=100 SECONDS=60 npm run bench:serve
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import type { Finding } from "../src/audit/finding.ts";
import { hashToken } from "../src/serve/sign-in/tokens.ts";
import { acceptInvitation, invite, openSession } from "../src/store/fleet/accounts.ts";
import { openFleet } from "../src/store/fleet/open.ts";
import { allowEnrolment } from "../src/store/fleet/reports.ts";
import { openQueue } from "../src/watch/outputs/webhook/queue.ts";
import { openReporter, type Reporter } from "../src/watch/reporting/reporter.ts";
import type { Watch } from "../src/watch/watch.ts";
import { freePort } from "../test/support/free-port.ts";
import { startPostgres } from "../test/support/postgres.ts";

const hosts = Number(process.env.HOSTS ?? 500);
const containers = Number(process.env.CONTAINERS ?? 20);
const rate = Number(process.env.RATE ?? 50);
const seconds = Number(process.env.SECONDS ?? 60);
/** Of each container, as a default container has them. */
const controls = [
  ["no-new-privileges", "medium"],
  ["read-only-root", "medium"],
  ["memory-limit", "medium"],
  ["pids-limit", "medium"],
  ["capabilities-dropped", "low"],
  ["healthcheck", "low"],
  ["log-rotation", "low"],
  ["root-user", "high"],
] as const;

const token = "a-token-for-the-hosts-of-the-bench";
const server = await startPostgres();
let serve: ChildProcess | undefined;
try {
  const store = await server.newDatabase();
  const opened = await openFleet(store);
  if (!opened.ok) throw new Error(opened.reason);
  const database = opened.value;
  const expires = Date.now() + 86_400_000;
  await allowEnrolment(database, { token: hashToken(token), author: "bench", expires });
  await invite(database, { token: "link", role: "administrator", expires });
  const made = await acceptInvitation(database, {
    token: "link",
    name: "ada",
    password: "x",
    now: Date.now(),
  });
  if (typeof made !== "object") throw new Error("no account");
  await openSession(database, { token: hashToken("bench"), account: made.id, agent: "", now: Date.now() });
  const port = await freePort();
  const url = new URL(`http://127.0.0.1:${port}`);
  serve = await startServe(store, port);
  const process_ = serve.pid ?? 0;
  console.log(`${hosts} hosts of ${containers} containers, ${rate} changes a second for ${seconds} s\n`);

  const lags: number[] = [];
  const fleet = Array.from({ length: hosts }, (_, index) => madeUp(index, url, lags));
  const begun = performance.now();
  const before = processorOf(process_);
  for (const { reporter, watch } of fleet) {
    reporter.begin(watch);
    reporter.ready();
    // As hosts do that are started one after another.
    if (Math.random() < 0.1) await pause(20);
  }
  const findings = hosts * containers * controls.length;
  for (;;) {
    const { rows } = await sql<{ kept: number }>`select count(*) as kept from finding`.execute(database);
    if (Number(rows[0]?.kept) >= findings) break;
    await pause(500);
  }
  const took = (performance.now() - begun) / 1_000;
  console.log(
    `first states      ${took.toFixed(1)} s for ${findings} findings (${(findings / took).toFixed(0)} a second)`,
  );
  console.log(`serve's processor ${((processorOf(process_) - before) / hosts).toFixed(1)} ms a host`);

  const changesBegun = processorOf(process_);
  const pages = new Map<string, number[]>();
  const until = performance.now() + seconds * 1_000;
  let told = 0;
  const asking = ask(url, pages, until);
  while (performance.now() < until) {
    for (let index = 0; index < rate / 10; index += 1) {
      fleet[Math.floor(Math.random() * hosts)]?.flip();
      told += 1;
    }
    await pause(100);
  }
  await asking;
  await pause(5_000);
  console.log(
    `changes           ${told} told, ${lags.length} kept; lag p50 ${share(lags, 0.5)}, p99 ${share(lags, 0.99)} ms`,
  );
  const used = processorOf(process_) - changesBegun;
  console.log(`serve's processor ${(used / Math.max(1, told)).toFixed(1)} ms a change, with beats and pages`);
  for (const [path, times] of pages)
    console.log(`${path.padEnd(34)} p95 ${share(times, 0.95)} ms (${times.length})`);
  console.log(`memory of serve   ${memoryOf(process_)} MiB at most`);
  const { rows: size } = await sql<{ name: string; bytes: number; rows: number }>`
    select c.relname as name, pg_total_relation_size(c.oid) as bytes, s.n_live_tup as rows
    from pg_class c join pg_stat_user_tables s on s.relid = c.oid where c.relkind = 'r' order by 2 desc limit 3`.execute(
    database,
  );
  for (const { name, bytes, rows } of size) {
    console.log(`table ${name.padEnd(12)} ${rows} rows, ${(bytes / 1024 / 1024).toFixed(1)} MiB`);
  }
  await Promise.all(fleet.map(({ reporter }) => reporter.close()));
  await database.destroy();
} finally {
  serve?.kill("SIGKILL");
  await server.stop();
}

interface MadeUp {
  readonly reporter: Reporter;
  readonly watch: Watch;
  /** A finding opens, or is resolved again. */
  flip(): void;
}

function madeUp(index: number, url: URL, lags: number[]): MadeUp {
  const open = new Map<string, Finding>();
  for (let each = 0; each < containers; each += 1) {
    for (const [control, severity] of controls) {
      const finding = findingOf(control, severity, `container:service-${each}`);
      open.set(`${control} ${finding.subject}`, finding);
    }
  }
  const watch: Watch = {
    open: () => [...open.values()],
    status: () => ({
      connected: true,
      containers,
      running: containers,
      known: true,
      seesKernel: true,
      kernelEvents: false,
    }),
    container: () => undefined,
    containers: () => [],
    close: async () => {},
  };
  const queue = openQueue({ folder: undefined, size: 16 * 1024 * 1024, say: () => {} });
  const sentAt: number[] = [];
  const reporter = openReporter({
    url,
    identity: { key: hashToken(`host ${index}`), isEnrolled: false, run: 1 },
    keep: () => {},
    token,
    queue: {
      ...queue,
      append(record) {
        sentAt.push(performance.now());
        queue.append(record);
      },
      acknowledge(number) {
        const waiting = queue.waiting();
        queue.acknowledge(number);
        for (const at of sentAt.splice(0, waiting - queue.waiting())) lags.push(performance.now() - at);
      },
    },
    host: { name: `host-${index}.example`, engine: "unix:///var/run/docker.sock", version: "0.1.0" },
    say: () => {},
  });
  const subject = "container:service-0";
  return {
    reporter,
    watch,
    flip() {
      const key = `privileged ${subject}`;
      const known = open.get(key);
      const finding = known ?? findingOf("privileged", "critical", subject);
      if (known) open.delete(key);
      else open.set(key, finding);
      const change = known ? "resolved" : "opened";
      reporter.send({ time: new Date().toISOString(), change, finding, cause: { kind: "sweep" } });
    },
  };
}

/** As large as findings are on a real Engine. */
function findingOf(control: string, severity: Finding["severity"], subject: string): Finding {
  const observed = "as the Engine was told when the container was made, and as the kernel shows it";
  return {
    ...{ control, severity, subject, verdict: "fail", level: "effective" },
    message: `Sets nothing for ${control}: a process in the container can do more than it needs to`,
    locations: [{ pointer: `/HostConfig/${control}` }, { kernel: "/proc/4242/status", field: "CapEff" }],
    fix: {
      kind: "behavioural",
      summary: `Set ${control}, as the control's page says, and start the container again.`,
      snippet: `services:\n  web:\n    ${control}: true\n`,
      breaks: "A program that needs what is taken away says so in its log when it starts.",
    },
    suppressed: null,
    fingerprint: hashToken(`${control} ${subject}`).slice(0, 16),
    baseline: null,
    views: [
      { level: "configured", verdict: "fail", observed },
      { level: "effective", verdict: "fail", observed },
    ],
  };
}

async function startServe(store: string, port: number): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      "dist/bulkhead.cjs",
      "serve",
      "--no-config",
      "--no-watch",
      "--store",
      store,
      "--listen",
      `127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NODE_PATH: resolve("node_modules") } },
  );
  await new Promise<void>((ready, fail) => {
    child.once("exit", () => fail(new Error("serve ended")));
    child.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("the page is at")) ready();
      else process.stderr.write(chunk);
    });
  });
  return child;
}

/** Asks as an open page does, one question after another. */
async function ask(url: URL, pages: Map<string, number[]>, until: number): Promise<void> {
  const paths = ["/overview", "/findings", "/findings/groups?by=control", "/findings?q=service-1", "/hosts"];
  while (performance.now() < until) {
    for (const path of paths) {
      const begun = performance.now();
      const answer = await fetch(new URL(`/api/v1${path}`, url), { headers: { cookie: "bulkhead=bench" } });
      if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
      await answer.text();
      const times = pages.get(path) ?? [];
      times.push(performance.now() - begun);
      pages.set(path, times);
      await pause(100);
    }
  }
}

function share(times: readonly number[], part: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0);
}

/** Milliseconds of the processor; 100 ticks a second (proc_pid_stat(5)). */
function processorOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memoryOf(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}
