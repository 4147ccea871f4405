// npm run bench:serve: many hosts that are made up report to a real `bulkhead serve` with PostgreSQL, by the real protocol: how long
// their first states take, what changes at a given rate take until they are kept, how long pages take meanwhile, and what it costs.
//
//   HOSTS=10000 CONTAINERS=20 RATE=500 SECONDS=600 NODE_OPTIONS=--max-old-space-size=12000 npm run bench:serve
//
// The hosts, serve and PostgreSQL share the machine, and with it every other program: the processor time that serve and PostgreSQL
// used says more than how long it took.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import type { Finding } from "../src/audit/finding.ts";
import { openReporter, type Reporter } from "../src/fleet/agent/reporter.ts";
import { hashToken } from "../src/fleet/server/sign-in/passwords.ts";
import { openSession } from "../src/fleet/store/accounts/accounts.ts";
import { acceptInvitation, invite } from "../src/fleet/store/accounts/invitations.ts";
import { allowEnrolment } from "../src/fleet/store/hosts/enrolments.ts";
import { type FleetDatabase, openFleet } from "../src/fleet/store/open.ts";
import { openQueue } from "../src/watch/outputs/queue/queue.ts";
import type { Watch } from "../src/watch/watch.ts";
import { startPostgres } from "../test/support/fleet/postgres.ts";
import { watchOf } from "../test/support/fleet/watch.ts";
import { freePort } from "../test/support/free-port.ts";
import { makeFinding, startServe } from "./serve-process.ts";

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

/** What a report says of a container, and no more. */
const running = Array.from({ length: containers }, (_, each) => ({
  name: `service-${each}`,
  running: true,
  subject: {
    views: [{ image: { state: "set", value: `registry.example/service-${each}:1` }, labels: [] }],
  },
})) as unknown as ReturnType<Watch["containers"]>;

const made = new Map<string, Finding>();

const token = "a-token-for-the-hosts-of-the-bench";
/** As docs/serve.md advises for a large fleet. */
const server = await startPostgres(["shared_buffers=1GB", "max_wal_size=4GB"]);
let serve: ChildProcess | undefined;
try {
  const store = await server.newDatabase();
  const opened = await openFleet(store);
  if (!opened.ok) throw new Error(opened.reason);
  const database = opened.value;
  const expires = Date.now() + 86_400_000;
  await allowEnrolment(database, { token: hashToken(token), author: { name: "bench", id: null }, expires });
  await invite(database, { token: "link", role: "administrator", expires });
  const made = await acceptInvitation(database, {
    token: "link",
    name: "ada",
    password: "x",
    now: Date.now(),
  });
  if (typeof made !== "object") throw new Error("no account");
  await openSession(database, {
    token: hashToken("bench"),
    account: made.id,
    agent: "",
    address: "",
    now: Date.now(),
  });
  const port = await freePort();
  const url = new URL(`http://127.0.0.1:${port}`);
  serve = await startServe(store, port);
  const process_ = serve.pid ?? 0;
  console.log(`${hosts} hosts of ${containers} containers, ${rate} changes a second for ${seconds} s\n`);

  const lags: number[] = [];
  const fleet = Array.from({ length: hosts }, (_, index) => madeUp(index, url, lags));
  const postgres = await postmasterOf(database);
  const costs = () => ({ serve: processorOf(process_), postgres: processorOf(postgres) });
  const begun = performance.now();
  const before = costs();
  const findings = hosts * containers * controls.length;
  const kept = async () => {
    const { rows } = await sql<{
      kept: number;
    }>`select coalesce(sum(findings), 0) as kept from open_count`.execute(database);
    return Number(rows[0]?.kept);
  };
  let said = performance.now();
  for (const [index, { reporter, watch }] of fleet.entries()) {
    reporter.begin(watch);
    reporter.ready();
    // As hosts do that are started one after another, as fast as serve takes them.
    if (index % 50 !== 49) continue;
    while (index * containers * controls.length - (await kept()) > 200 * containers * controls.length)
      await pause(200);
    if (performance.now() - said < 30_000) continue;
    said = performance.now();
    const soFar = minus(costs(), before);
    console.log(
      `  serve ${each(soFar.serve, index)}, PostgreSQL ${each(soFar.postgres, index)} ms a host, ${memoryOf(process_)} MiB`,
    );
    console.log(`  ${index + 1} hosts after ${seconded(performance.now() - begun)}; ${load()}`);
  }
  while ((await kept()) < findings) await pause(500);
  const took = performance.now() - begun;
  const first = minus(costs(), before);
  console.log(
    `first states      ${seconded(took)} for ${findings} findings (${((findings / took) * 1_000).toFixed(0)} a second); ${load()}`,
  );
  console.log(
    `processor         serve ${each(first.serve, hosts)}, PostgreSQL ${each(first.postgres, hosts)} ms a host`,
  );
  await sql`vacuum analyze`.execute(database);

  const changesBegun = costs();
  const pages = new Map<string, number[]>();
  const changing = performance.now();
  const until = changing + seconds * 1_000;
  let told = 0;
  const asking = process.env.PAGES === "0" ? undefined : ask(url, pages, until);
  while (performance.now() < until) {
    // By the clock, so that a busy machine makes no fewer.
    const due = ((performance.now() - changing) / 1_000) * rate;
    while (told < due) {
      fleet[Math.floor(Math.random() * hosts)]?.flip();
      told += 1;
    }
    if (performance.now() - said > 60_000) {
      said = performance.now();
      const soFar = minus(costs(), changesBegun);
      console.log(
        `  ${told} told, ${lags.length} kept, p99 ${share(lags, 0.99)} ms; serve ${each(soFar.serve, told)}, PostgreSQL ${each(soFar.postgres, told)} ms a change, ${memoryOf(process_)} MiB; ${load()}`,
      );
      sayPages(pages);
    }
    await pause(50);
  }
  const used = minus(costs(), changesBegun);
  await asking;
  for (let each = 0; each < 60 && lags.length < told; each += 1) await pause(1_000);
  console.log(
    `changes           ${told} told, ${lags.length} kept; lag p50 ${share(lags, 0.5)}, p99 ${share(lags, 0.99)} ms; ${load()}`,
  );
  console.log(
    `processor         serve ${each(used.serve, told)}, PostgreSQL ${each(used.postgres, told)} ms a change, with beats and pages; ${(used.serve / seconds / 10).toFixed(0)} % and ${(used.postgres / seconds / 10).toFixed(0)} % of a core`,
  );
  for (const [path, times] of pages)
    console.log(
      `${path.padEnd(34)} p50 ${share(times, 0.5)}, p95 ${share(times, 0.95)} ms (${times.length})`,
    );
  console.log(`memory of serve   ${memoryOf(process_)} MiB at most`);
  const { rows: size } = await sql<{ name: string; bytes: number; rows: number }>`
    select c.relname as name, pg_total_relation_size(c.oid) as bytes, s.n_live_tup as rows
    from pg_class c join pg_stat_user_tables s on s.relid = c.oid where c.relkind = 'r' order by 2 desc limit 8`.execute(
    database,
  );
  for (const { name, bytes, rows } of size) {
    console.log(`table ${name.padEnd(16)} ${rows} rows, ${(bytes / 1024 / 1024).toFixed(1)} MiB`);
  }
  await Promise.all(fleet.map(({ reporter }) => reporter.close()));
  await database.destroy();
} finally {
  serve?.kill("SIGTERM");
  if (serve && serve.exitCode === null) await once(serve, "exit");
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
  const watch = watchOf(
    () => [...open.values()],
    () => running,
  );
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
    proofQueue: openQueue({ folder: undefined, size: 1, say: () => {} }),
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

/** Hosts share them here. */
function findingOf(control: string, severity: Finding["severity"], subject: string): Finding {
  const key = `${control} ${subject}`;
  const known = made.get(key) ?? makeFinding(control, severity, subject);
  made.set(key, known);
  return known;
}

/** Asks as an open page does, one question after another. */
async function ask(url: URL, pages: Map<string, number[]>, until: number): Promise<void> {
  const paths = [
    ...[
      "/overview",
      "/findings",
      "/findings?severity=critical",
      "/findings?q=service-1",
      "/hosts",
      "/images",
    ],
    ...["control", "image", "project", "host"].map((by) => `/findings/groups?by=${by}`),
  ];
  while (performance.now() < until) {
    for (const path of paths) {
      const begun = performance.now();
      const answer = await fetch(new URL(`/api/v1${path}`, url), {
        headers: { cookie: `bulkhead-${new URL(url).port}=bench` },
      });
      if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
      await answer.text();
      const times = pages.get(path) ?? [];
      times.push(performance.now() - begun);
      pages.set(path, times);
      await pause(100);
    }
  }
}

/** PostgreSQL's first process, whose children do the work. */
async function postmasterOf(database: FleetDatabase): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database);
  return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${rows[0]?.pid}/status`, "utf8"))?.[1]);
}

interface Costs {
  readonly serve: number;
  readonly postgres: number;
}

function sayPages(pages: ReadonlyMap<string, readonly number[]>): void {
  for (const [path, times] of pages)
    console.log(
      `${path.padEnd(34)} p50 ${share(times, 0.5)}, p95 ${share(times, 0.95)} ms (${times.length})`,
    );
}

function minus(now: Costs, before: Costs): Costs {
  return { serve: now.serve - before.serve, postgres: now.postgres - before.postgres };
}

function each(milliseconds: number, of: number): string {
  return (milliseconds / Math.max(1, of)).toFixed(2);
}

function seconded(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(0)} s`;
}

function load(): string {
  return `load ${loadavg()[0]?.toFixed(1)}`;
}

function share(times: readonly number[], part: number): string {
  const sorted = times.toSorted((one, other) => one - other);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0);
}

/** Milliseconds of the processor, with those of its children; 100 ticks a second (proc_pid_stat(5)). */
function processorOf(pid: number): number {
  const own = statOf(pid).slice(11, 15);
  const living = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && statOf(Number(name))[1] === String(pid),
  );
  const children = living.flatMap((name) => statOf(Number(name)).slice(11, 15));
  return [...own, ...children].reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}

/** The fields behind the name. */
function statOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  } catch {
    return [];
  }
}

function memoryOf(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}
