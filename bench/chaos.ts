// npm run chaos:serve: hosts that are made up report to a real `bulkhead serve` of two replicas on a real PostgreSQL, by the real
// reporting code, while one thing after another breaks. At the end each change is counted: made, kept in the database, delivered by a
// webhook. Nothing may be lost, kept twice or out of order, and what is open has to be right for each host. As root: it mounts a tmpfs.
//
//   MINUTES=60 HOSTS=30 RATE=10 npm run chaos:serve
//   MINUTES=2 EVERY=20 ONLY="all of serve" npm run chaos:serve
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createConnection, createServer as createRelay, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import type { Finding } from "../src/audit/finding.ts";
import { beginRun, keepIdentity, numbersOf } from "../src/fleet/agent/identity.ts";
import { usualPauses } from "../src/fleet/agent/pace.ts";
import { openReporter } from "../src/fleet/agent/reporter.ts";
import { hashToken } from "../src/fleet/server/sign-in/passwords.ts";
import { allowEnrolment } from "../src/fleet/store/hosts/enrolments.ts";
import { openFindings } from "../src/fleet/store/hosts/hosts.ts";
import { addRule } from "../src/fleet/store/notifications/rules.ts";
import { type FleetDatabase, openFleet } from "../src/fleet/store/open.ts";
import { openQueue } from "../src/watch/outputs/queue/queue.ts";
import { startPostgres } from "../test/support/fleet/postgres.ts";
import { watchOf } from "../test/support/fleet/watch.ts";
import { freePort } from "../test/support/free-port.ts";
import { makeFinding, startServe } from "./serve-process.ts";

const minutes = Number(process.env.MINUTES ?? 60);
const hostCount = Number(process.env.HOSTS ?? 30);
const rate = Number(process.env.RATE ?? 10);
/** Seconds from one fault to the next. */
const every = Number(process.env.EVERY ?? Math.min(60, minutes * 5));
/** The faults that have this in their name. */
const only = process.env.ONLY ?? "";
/** Minutes after the end until what waits has to be there. */
const settling = 10;

/** What is open on each host all the time. */
const lasting = ["no-new-privileges", "read-only-rootfs", "memory-limit", "pids-limit", "root-user"];
/** What opens, changes and is resolved. */
const changing = ["privileged", "host-pid", "docker-socket-mount", "published-port", "host-network"];
const containers = ["web", "db", "cache", "queue"];

const token = "a-token-for-the-hosts-of-the-bench";
const folder = mkdtempSync(join(tmpdir(), "bulkhead-chaos-"));
const disk = join(folder, "disk");
/** What makes the run a failure. */
const faults: string[] = [];
const begun = Date.now();

function say(text: string): void {
  console.log(`${((Date.now() - begun) / 60_000).toFixed(1).padStart(5)} min  ${text}`);
}

function fault(text: string): void {
  faults.push(text);
  say(`FAULT: ${text}`);
}

// --- serve, its replicas, and the way to them

interface Replica {
  readonly port: number;
  readonly child: ChildProcess;
}

const replicas: Replica[] = [];
/** MiB of the largest of them. */
let memory = 0;

async function startReplica(store: string): Promise<void> {
  const port = await freePort();
  const child = await startServe(store, port);
  const replica = { port, child };
  replicas.push(replica);
  child.once("exit", (code, signal) => {
    const at = replicas.indexOf(replica);
    if (at < 0) return;
    replicas.splice(at, 1);
    fault(`serve ended by itself: ${signal ?? code}`);
  });
}

async function endReplica(replica: Replica | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!replica) return;
  measure();
  replicas.splice(replicas.indexOf(replica), 1);
  if (replica.child.exitCode !== null || replica.child.signalCode !== null) return;
  const ended = once(replica.child, "exit");
  replica.child.kill(signal);
  await ended;
}

function measure(): void {
  for (const { child } of replicas) {
    try {
      const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      memory = Math.max(memory, Math.round(Number(kib ?? 0) / 1024));
    } catch {
      // It ended just now, which its own event says.
    }
  }
}

let turn = 0;

/** Leads the connections of one host to the replicas in turn, as a load balancer does. */
async function openWay() {
  const way = { isSlow: false, url: new URL("http://127.0.0.1") };
  const relay = createRelay((client) => {
    client.on("error", () => {});
    turn += 1;
    const replica = replicas[turn % Math.max(1, replicas.length)];
    if (!replica) return void client.destroy();
    const server = createConnection(replica.port, "127.0.0.1");
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    if (way.isSlow) void trickle(client, server);
    else client.pipe(server);
    server.pipe(client);
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  way.url = new URL(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`);
  return way;
}

/** 2 KiB in a quarter of a second. */
async function trickle(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += 2048) {
        to.write(chunk.subarray(at, at + 2048));
        await pause(250);
      }
    }
    to.end();
  } catch {
    to.destroy();
  }
}

// --- hosts

/** The control and container of each change that was made, by its number. */
const made: string[] = [];

function callOf(cause: unknown): number | undefined {
  const call = (cause as { readonly call?: string }).call;
  return call?.startsWith("change-") ? Number(call.slice("change-".length)) : undefined;
}

async function makeHost(index: number) {
  const way = await openWay();
  const own = join(folder, `host-${index}`);
  mkdirSync(own);
  const open = new Map<string, Finding>();
  for (const container of containers) {
    for (const control of lasting) {
      const finding = makeFinding(control, "medium", `container:${container}`);
      open.set(`${control} ${finding.subject}`, finding);
    }
  }
  const name = `host-${index}.example`;
  /** Milliseconds by which its clock is ahead. */
  let ahead = 0;
  let versions = 0;
  let isAway = true;
  /** The watch was asked what is open: what changes from then on is a change that has to come. */
  let isAsked = false;
  const watch = watchOf(() => {
    isAsked = true;
    return [...open.values()];
  });
  let current = begin();

  function begin() {
    const identity = beginRun(own);
    if (!identity.ok) throw new Error(identity.reason);
    isAsked = false;
    const queue = openQueue({ folder: own, size: 64 * 1024 * 1024, say: () => {} });
    const reporter = openReporter({
      url: way.url,
      identity: identity.value,
      keep: (now) => void keepIdentity(own, now),
      token,
      queue,
      proofQueue: openQueue({ folder: undefined, size: 1, say: () => {} }),
      host: { name, engine: "unix:///var/run/docker.sock", version: "0.1.0" },
      say: () => {},
      pauses: { ...usualPauses, longest: 30_000 },
      clock: () => Date.now() + ahead,
    });
    reporter.begin(watch);
    reporter.ready();
    isAway = false;
    const first = numbersOf(() => identity.value.run).last();
    return { reporter, queue, first };
  }

  return {
    ...{ name, way, open },
    waiting: () => current.queue.waiting(),
    setAhead(now: number) {
      ahead = now;
    },
    /** A finding opens, changes or is resolved. */
    change(): boolean {
      if (isAway || !isAsked) return false;
      const [control = "", container = ""] = [changing, containers].map(
        (all) => all[Math.floor(Math.random() * all.length)],
      );
      const subject = `container:${container}`;
      const key = `${control} ${subject}`;
      const known = open.get(key);
      const isEnd = known !== undefined && Math.random() < 0.7;
      versions += 1;
      const finding = isEnd
        ? known
        : {
            ...makeFinding(control, "critical", subject),
            fingerprint: hashToken(`${versions}`).slice(0, 16),
          };
      if (isEnd) open.delete(key);
      else open.set(key, finding);
      const call = `change-${made.length}`;
      made.push(`${name} ${key}`);
      current.reporter.send({
        time: new Date(Date.now() + ahead).toISOString(),
        change: isEnd ? "resolved" : known ? "changed" : "opened",
        finding,
        cause: { kind: "kernel", call, process: "bench", pid: 1 },
      });
      return true;
    },
    /**
     * Its watch ends and begins, where the server has the first report of this one. If not, what follows on this report is kept as
     * the difference between two watches: a report in memory ends with its watch.
     */
    async restart(last: number): Promise<boolean> {
      if (isAway || last <= current.first) return false;
      isAway = true;
      await current.reporter.close();
      current = begin();
      return true;
    },
    async close() {
      isAway = true;
      await current.reporter.close();
    },
  };
}

type Host = Awaited<ReturnType<typeof makeHost>>;

// --- the receiver of the webhook

interface Delivered {
  readonly id: string;
  readonly number: number;
}

const delivered: Delivered[] = [];
let isReceiving = true;

async function openReceiver(): Promise<string> {
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (!isReceiving) return void response.writeHead(503).end();
      const { changes } = JSON.parse(Buffer.concat(parts).toString("utf8")) as {
        readonly changes: readonly { readonly id: string; readonly cause: unknown }[];
      };
      for (const { id, cause } of changes) {
        const number = callOf(cause);
        if (number !== undefined) delivered.push({ id, number });
      }
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  receiver.unref();
  return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
}

// --- PostgreSQL

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, parent] = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It ended just now.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The first process of PostgreSQL, whose children do the work. */
async function postmasterOf(database: FleetDatabase): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database);
  return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${rows[0]?.pid}/status`, "utf8"))?.[1]);
}

/** Takes what is left of the disk. */
function fillDisk(): void {
  for (const size of [1024 * 1024, 4 * 1024]) {
    try {
      for (;;) writeFileSync(join(disk, "filling"), Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}

// --- the run

mkdirSync(disk);
chmodSync(folder, 0o711);
execFileSync("mount", ["-t", "tmpfs", "-o", "size=512m", "none", disk]);
chmodSync(disk, 0o711);
const server = await startPostgres();
try {
  mkdirSync(join(disk, "tables"));
  const store = await server.newDatabase(join(disk, "tables"));
  const opened = await openFleet(store);
  if (!opened.ok) throw new Error(opened.reason);
  const database = opened.value;
  const expires = Date.now() + 86_400_000;
  await allowEnrolment(database, { token: hashToken(token), author: { name: "bench", id: null }, expires });
  const rule = {
    name: "bench",
    kind: "changes",
    type: "webhook",
    author: "bench",
    target: await openReceiver(),
  } as const;
  const all = { team: null, severity: "info", controls: [], labels: [] } as const;
  await addRule(database, { ...rule, ...all, secret: null, token: null, facility: null }, Date.now());
  for (let each = 0; each < 2; each += 1) await startReplica(store);
  const hosts = await Promise.all(Array.from({ length: hostCount }, (_, index) => makeHost(index)));
  say(`${hostCount} hosts, ${rate} changes a second for ${minutes} minutes, a fault every ${every} s`);
  await firstReports(database);
  const counts = await run(store, database, hosts);
  await settle(database, hosts);
  await Promise.all(hosts.map((host) => host.close()));
  await count(database, hosts, counts);
  await database.destroy();
} finally {
  for (const replica of [...replicas]) await endReplica(replica, "SIGTERM");
  await server.stop();
  execFileSync("umount", ["-l", disk]);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(faults.length > 0 ? 1 : 0);

interface Fault {
  readonly name: string;
  run(): Promise<unknown>;
}

function faultsOf(store: string, database: FleetDatabase, hosts: readonly Host[]): readonly Fault[] {
  const anyHost = () => hosts[Math.floor(Math.random() * hosts.length)] as Host;
  const lastOf = async ({ name }: Host) => {
    const row = await database
      .selectFrom("reporter")
      .innerJoin("host", "host.id", "reporter.host")
      .select("reporter.last")
      .where("host.name", "=", name)
      .executeTakeFirst();
    return Number(row?.last ?? 0);
  };
  const restartSome = async () => {
    for (let each = 0; each < 3; each += 1) {
      const host = anyHost();
      await host.restart(await lastOf(host));
    }
  };
  const short = () => pause(every * 250);
  return [
    {
      name: "kill -9 one replica, start it again",
      async run() {
        await endReplica(replicas[0], "SIGKILL");
        await short();
        await startReplica(store);
      },
    },
    {
      name: "kill -9 all of serve, restart hosts meanwhile, start again",
      async run() {
        const [first, ...rest] = [...replicas];
        await Promise.all([first, ...rest].map((each) => endReplica(each, "SIGKILL")));
        await restartSome();
        await short();
        await startReplica(store);
        await startReplica(store);
      },
    },
    {
      name: "kill -9 PostgreSQL, start it again",
      async run() {
        const postmaster = await postmasterOf(database);
        // The first process first: it would start the others again.
        for (const pid of [postmaster, ...childrenOf(postmaster)]) kill(pid);
        await pause(5_000);
        await server.crash();
      },
    },
    {
      name: "break every connection of PostgreSQL",
      run: () =>
        sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name like 'bulkhead serve%' and pid <> pg_backend_pid()`.execute(database),
    },
    {
      name: "full disk",
      async run() {
        fillDisk();
        await short();
        rmSync(join(disk, "filling"));
      },
    },
    {
      name: "a clock that lies",
      async run() {
        const host = anyHost();
        host.setAhead((Math.random() < 0.5 ? -1 : 1) * 7_200_000);
        await pause(every * 500);
        host.setAhead(0);
      },
    },
    {
      name: "a slow host",
      async run() {
        const host = anyHost();
        host.way.isSlow = true;
        await pause(every * 700);
        host.way.isSlow = false;
      },
    },
    {
      name: "a replica more",
      async run() {
        await startReplica(store);
        await short();
        await endReplica(replicas[0], "SIGTERM");
      },
    },
    {
      name: "no receiver of the webhook",
      async run() {
        isReceiving = false;
        await short();
        isReceiving = true;
      },
    },
    { name: "restart some hosts", run: restartSome },
  ];
}

/** Until the server has what is open on each host. */
async function firstReports(database: FleetDatabase): Promise<void> {
  for (;;) {
    const rows = await database.selectFrom("reporter").select("host").where("last", ">", 0).execute();
    if (rows.length === hostCount) return;
    await pause(500);
  }
}

/** Makes changes and faults. Gives how often each fault was. */
async function run(
  store: string,
  database: FleetDatabase,
  hosts: readonly Host[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const all = faultsOf(store, database, hosts).filter(({ name }) => name.includes(only));
  const until = Date.now() + minutes * 60_000;
  const changes = makeChanges(hosts, until);
  let waiting: Fault[] = [];
  while (Date.now() + every * 1_000 < until) {
    const next = Date.now() + every * 1_000;
    if (waiting.length === 0) waiting = shuffled(all);
    const chosen = waiting.pop();
    if (!chosen) break;
    say(
      `${chosen.name} (${made.length} made, ${new Set(delivered.map(({ number }) => number)).size} delivered)`,
    );
    try {
      await chosen.run();
      counts.set(chosen.name, (counts.get(chosen.name) ?? 0) + 1);
    } catch (error) {
      fault(`${chosen.name}: ${error instanceof Error ? error.message : error}`);
    }
    measure();
    await pause(Math.max(0, next - Date.now()));
  }
  await changes;
  return counts;
}

async function makeChanges(hosts: readonly Host[], until: number): Promise<void> {
  const begun = Date.now();
  let made = 0;
  while (Date.now() < until) {
    // By the clock, so that a busy machine makes no fewer.
    for (const due = ((Date.now() - begun) / 1_000) * rate; made < due; made += 1) {
      hosts[Math.floor(Math.random() * hosts.length)]?.change();
    }
    await pause(50);
  }
}

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((each) => ({ each, at: Math.random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ each }) => each);
}

/** Until nothing waits any more, on a host or in the outbox. */
async function settle(database: FleetDatabase, hosts: readonly Host[]): Promise<void> {
  const deadline = Date.now() + settling * 60_000;
  for (;;) {
    measure();
    const onHosts = hosts.reduce((sum, host) => sum + host.waiting(), 0);
    // PostgreSQL may still start.
    const rows = await database
      .selectFrom("notification")
      .select("id")
      .limit(1)
      .execute()
      .catch(() => undefined);
    if (onHosts === 0 && rows?.length === 0) return;
    if (Date.now() > deadline)
      return fault(`${onHosts} changes still wait on hosts ${settling} minutes after the end`);
    await pause(1_000);
  }
}

/** Those that come again, and those that come before an earlier one of the same finding. */
function judge(numbers: readonly number[]) {
  const seen = new Set<number>();
  const newest = new Map<string, number>();
  let twice = 0;
  let disordered = 0;
  for (const number of numbers) {
    if (seen.has(number)) {
      twice += 1;
      continue;
    }
    seen.add(number);
    const of = made[number] ?? "";
    if (number < (newest.get(of) ?? -1)) disordered += 1;
    newest.set(of, Math.max(number, newest.get(of) ?? -1));
  }
  return { count: seen.size, lost: made.length - seen.size, twice, disordered };
}

/** The exact count at the end. */
async function count(
  database: FleetDatabase,
  hosts: readonly Host[],
  counts: ReadonlyMap<string, number>,
): Promise<void> {
  const changes = await database.selectFrom("change").select(["id", "cause"]).orderBy("id").execute();
  const kept = judge(changes.flatMap(({ cause }) => callOf(JSON.parse(cause)) ?? []));
  // A receiver knows a delivery that comes again by its id.
  const ids = new Set<string>();
  const firsts = delivered.filter(({ id }) => !ids.has(id) && ids.add(id));
  const sent = judge(firsts.map(({ number }) => number));
  let wrong = 0;
  for (const { name, open } of hosts) {
    const row = await database.selectFrom("host").select("id").where("name", "=", name).executeTakeFirst();
    const there = await openFindings(database, row?.id ?? "");
    const text = (all: Iterable<Finding>) =>
      JSON.stringify(
        [...all]
          .map(({ control, subject, fingerprint }) => `${control} ${subject} ${fingerprint}`)
          .toSorted(),
      );
    if (text(there) !== text(open.values())) {
      wrong += 1;
      say(`what is open on ${name} is wrong`);
    }
  }
  for (const [what, { lost, twice, disordered }] of [
    ["kept", kept],
    ["delivered", sent],
  ] as const) {
    if (lost !== 0) fault(`${lost} changes were not ${what}`);
    if (twice !== 0) fault(`${twice} changes were ${what} twice`);
    if (disordered !== 0) fault(`${disordered} changes were ${what} out of order`);
  }
  if (wrong !== 0) fault(`what is open is wrong for ${wrong} hosts`);
  console.log("\nfaults");
  for (const [name, times] of counts) console.log(`  ${name.padEnd(60)} ${times}`);
  console.log("\nchanges         number    lost   twice   out of order");
  console.log(`  made        ${String(made.length).padStart(8)}`);
  for (const [what, each] of [
    ["kept", kept],
    ["delivered", sent],
  ] as const) {
    const { count, lost, twice, disordered } = each;
    console.log(
      `  ${what.padEnd(12)}${String(count).padStart(8)}${String(lost).padStart(8)}${String(twice).padStart(8)}${String(disordered).padStart(15)}`,
    );
  }
  console.log(`\ndeliveries that came again, with the same id   ${delivered.length - firsts.length}`);
  console.log(`hosts where what is open is right              ${hosts.length - wrong} of ${hosts.length}`);
  console.log(`memory of a replica                            ${memory} MiB at most`);
  console.log(faults.length === 0 ? "\nno fault" : `\n${faults.length} faults:\n  ${faults.join("\n  ")}`);
}
