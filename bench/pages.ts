// npm run bench:pages: how long the pages of a real `bulkhead serve` take in Chromium, from the beginning of the navigation until the
// first data is drawn, with SQLite and some thousand findings. Each time with an empty cache; the browser, serve and every other
// program share the machine.
//
//   HOSTS=50 CONTAINERS=20 TIMES=7 npm run bench:pages
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { hashToken } from "../src/fleet/server/sign-in/passwords.ts";
import { openSession } from "../src/fleet/store/accounts/accounts.ts";
import { acceptInvitation, invite } from "../src/fleet/store/accounts/invitations.ts";
import { allowEnrolment, enrol } from "../src/fleet/store/hosts/enrolments.ts";
import { applyReport } from "../src/fleet/store/hosts/reports.ts";
import { openFleet } from "../src/fleet/store/open.ts";
import { freePort } from "../test/support/free-port.ts";
import { makeFinding, startServe } from "./serve-process.ts";

const hosts = Number(process.env.HOSTS ?? 50);
const containers = Number(process.env.CONTAINERS ?? 20);
const times = Number(process.env.TIMES ?? 7);
/** Of each container, as a default container has them. */
const controls = [
  ["docker-socket-mount", "critical"],
  ["root-user", "high"],
  ["no-new-privileges", "medium"],
  ["read-only-rootfs", "medium"],
  ["memory-limit", "medium"],
  ["pids-limit", "medium"],
  ["default-capabilities", "low"],
  ["log-limit", "low"],
] as const;

const folder = mkdtempSync(join(tmpdir(), "bulkhead-pages-"));
let serve: ChildProcess | undefined;
let browser: Browser | undefined;
try {
  const store = join(folder, "serve.db");
  const first = await fill(store);
  const port = await freePort();
  serve = await startServe(store, port);
  const url = `http://127.0.0.1:${port}`;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  console.log(
    `${hosts} hosts of ${containers} containers, ${hosts * containers * controls.length} findings; ${times} times each; load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  for (const [name, hash, drawn] of [
    ["Overview", "#/", ".matrix tbody tr"],
    ["Findings", "#/findings", "main .rows li"],
    ["Findings by control", "#/findings?by=control", "main .rows li"],
    ["Host", `#/hosts/${first}`, ".containers tbody tr"],
    ["Container", `#/hosts/${first}/service-0`, "main .card .views"],
  ] as const) {
    const taken: number[] = [];
    for (let each = 0; each < times; each += 1) taken.push(await load(browser, url, hash, drawn));
    const sorted = taken.toSorted((one, other) => one - other);
    const middle = sorted[Math.floor(times / 2)]?.toFixed(0);
    console.log(`${name.padEnd(22)} half within ${middle} ms, all within ${sorted.at(-1)?.toFixed(0)} ms`);
  }
} finally {
  await browser?.close();
  serve?.kill("SIGTERM");
  if (serve && serve.exitCode === null) await once(serve, "exit");
  rmSync(folder, { recursive: true });
}

/** Milliseconds until an element of the data is drawn. */
async function load(browser: Browser, url: string, hash: string, drawn: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addCookies([{ name: `bulkhead-${new URL(url).port}`, value: "bench", url }]);
  const page = await context.newPage();
  await page.goto(`${url}/${hash}`, { waitUntil: "commit" });
  // In the browser: the frame after the element is there has drawn it.
  const taken = await page.evaluate(`new Promise((done) => {
    const look = () => {
      if (document.querySelector(${JSON.stringify(drawn)})) setTimeout(() => done(performance.now()));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  })`);
  await context.close();
  return Number(taken);
}

/** Makes the accounts, the hosts and their findings, and gives the id of a host. */
async function fill(store: string): Promise<string> {
  const opened = await openFleet(store);
  if (!opened.ok) throw new Error(opened.reason);
  const database = opened.value;
  const now = Date.now();
  const expires = now + 86_400_000;
  const token = hashToken("a-token-for-the-hosts-of-the-bench");
  await allowEnrolment(database, { token, author: { name: "bench", id: null }, expires });
  await invite(database, { token: "link", role: "administrator", expires });
  const made = await acceptInvitation(database, { token: "link", name: "ada", password: "x", now });
  if (typeof made !== "object") throw new Error("no account");
  await openSession(database, { token: hashToken("bench"), account: made.id, agent: "", address: "", now });
  const running = Array.from({ length: containers }, (_, each) => ({
    name: `service-${each}`,
    image: `registry.example/service-${each}:1`,
    project: undefined,
    running: true,
  }));
  const open = running.flatMap(({ name }) =>
    controls.map(([control, severity]) => makeFinding(control, severity, `container:${name}`)),
  );
  let first = "";
  for (let index = 0; index < hosts; index += 1) {
    const host = {
      name: `host-${index}.example`,
      engine: "unix:///var/run/docker.sock",
      version: "0.1.0",
      connected: true,
      containers: running,
    };
    const enrolled = await enrol(database, { token, key: hashToken(`host ${index}`), host, now });
    if (!enrolled) throw new Error("not enrolled");
    const rest = { first: 1, changes: [], details: [], ahead: 0 };
    await applyReport(
      database,
      enrolled.id,
      { ...rest, state: host, whole: { number: 1, open } },
      now,
      () => "1.2",
    );
    first ||= enrolled.id;
  }
  await database.destroy();
  return first;
}
