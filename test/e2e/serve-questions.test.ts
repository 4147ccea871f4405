import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../src/audit/finding.ts";
import { hashToken } from "../../src/fleet/server/sign-in/passwords.ts";
import { openSession } from "../../src/fleet/store/accounts/accounts.ts";
import { acceptInvitation, invite } from "../../src/fleet/store/accounts/invitations.ts";
import { allowEnrolment, enrol } from "../../src/fleet/store/hosts/enrolments.ts";
import { applyReport } from "../../src/fleet/store/hosts/reports.ts";
import { openFleet } from "../../src/fleet/store/open.ts";
import { findingOf } from "../support/changes.ts";
import { builtCommand, folderOf } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const isThere = existsSync(executablePath);
if (!isThere) console.warn(`The questions are not asked in a browser: ${executablePath} is missing.`);

/** In CI a missing browser is a failure, not a skip. */
const inBrowser = isThere || process.env.CI === "true" ? describe : describe.skip;

const hosts = 300;
const day = 86_400_000;
const fix = {
  kind: "behavioural",
  summary: "Take the socket out of the container.",
  snippet: "services:\n  web:\n    volumes: []\n",
  breaks: null,
} as const;

/** What is open on a host for days: the same everywhere, and on one of them what is worst. */
function openOn(index: number): readonly Finding[] {
  const usual = ["web", "db"].flatMap((name) =>
    (["memory-limit", "pids-limit", "root-user"] as const).map((control) =>
      findingOf(control, { severity: "medium", subject: `container:${name}` }),
    ),
  );
  const pid = findingOf("host-pid", { subject: "container:agent", fingerprint: "pid" });
  const socket = findingOf("docker-socket-mount", {
    ...{ severity: "critical", subject: "container:gateway", fix },
    message: "mounts the Docker socket",
  });
  return [...usual, ...(index === 7 || index === 8 ? [pid] : []), ...(index === 217 ? [socket] : [])];
}

/** A fleet that was watched for days. An hour ago somebody gave a container the process IDs of its host. */
async function fill(store: string): Promise<void> {
  const opened = await openFleet(store);
  if (!opened.ok) throw new Error(opened.reason);
  const database = opened.value;
  const now = Date.now();
  const [token, expires] = [hashToken("enrols"), now + day];
  await allowEnrolment(database, { token, author: { name: "ada", id: null }, expires });
  await invite(database, { token: "link", role: "operator", expires });
  const made = await acceptInvitation(database, { token: "link", name: "ada", password: "x", now });
  if (typeof made !== "object") throw new Error("no account");
  await openSession(database, { token: hashToken("bench"), account: made.id, agent: "", address: "", now });
  const containers = ["web", "db", "agent", "gateway"].map((name) => ({
    ...{ name, image: `${name}:1`, project: undefined, running: true },
  }));
  for (let index = 0; index < hosts; index += 1) {
    const state = { name: `host-${index}`, engine: "e", version: "1", connected: true, containers };
    const host = await enrol(database, { token, key: hashToken(`host ${index}`), host: state, now });
    if (!host) throw new Error("not enrolled");
    const report = { state, first: 1, changes: [], details: [], ahead: 0 };
    const whole = { number: 1, open: openOn(index) };
    await applyReport(database, host.id, { ...report, whole }, now - 5 * day, () => "1.2");
    if (index !== 42) continue;
    const time = new Date(now - 3_600_000).toISOString();
    const finding = findingOf("host-pid", { subject: "container:agent", fingerprint: "pid", fix });
    const actor = { id: "f".repeat(64), name: "agent" };
    const event = { kind: "event", type: "container", action: "start", actor, process: null, time } as const;
    const cause = { ...event, by: { client: "deploy-bot", listener: "unix:///run/guard.sock" } };
    const changes = [{ time, change: "opened", finding, cause }] as const;
    await applyReport(
      database,
      host.id,
      { ...report, first: 2, changes, whole: undefined },
      now,
      () => "1.2",
    );
  }
  await database.updateTable("host").set({ seen: now }).execute();
  await database.destroy();
}

inBrowser("an operator of 300 hosts asks", () => {
  const folder = folderOf({});
  let url: string;
  let serve: ChildProcess | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const [program, store, port] = [builtCommand(), join(folder.path, "serve.db"), await freePort()];
    await fill(store);
    const args = ["serve", "--no-config", "--no-watch", "--store", store, "--listen", `127.0.0.1:${port}`];
    const env = { ...process.env, NODE_PATH: resolve("node_modules") };
    serve = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "pipe"], env });
    url = `http://127.0.0.1:${port}`;
    let said = "";
    for await (const chunk of serve.stderr ?? []) {
      said += String(chunk);
      if (said.includes("the page is at")) break;
    }
    expect(said).toContain("the page is at");
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser?.close();
    serve?.kill("SIGTERM");
    if (serve && serve.exitCode === null) await once(serve, "exit");
    folder.remove();
  });

  /** The overview, and a hand that counts its clicks. */
  async function overview(): Promise<{
    main: Locator;
    click(link: string): Promise<void>;
    clicks(): number;
  }> {
    const context = await browser?.newContext({ viewport: { width: 1440, height: 900 } });
    await context?.addCookies([{ name: `bulkhead-${new URL(url).port}`, value: "bench", url }]);
    const page = (await context?.newPage()) as Page;
    await page.goto(`${url}/#/`);
    const main = page.locator("main");
    await main.getByRole("heading", { name: "Riskiest containers" }).waitFor();
    let clicks = 0;
    return {
      main,
      async click(link) {
        clicks += 1;
        await main.getByRole("link", { name: link }).first().click();
      },
      clicks: () => clicks,
    };
  }

  const cardOf = (main: Locator, heading: string) => main.locator(".card", { hasText: heading });

  it("what is worst now, and what to do about it", async () => {
    const { main, click, clicks } = await overview();
    const worst = cardOf(main, "Riskiest containers").locator("li").first();
    expect(await worst.textContent()).toMatch(/critical.*gateway.*host-217/is);
    await click("gateway");
    await main.getByText("Take the socket out of the container.").waitFor();
    expect(clicks()).toBe(1);
  });

  it("what changed since I looked, and who did it", async () => {
    const { main, click, clicks } = await overview();
    const fresh = cardOf(main, "New").locator("li");
    expect(await fresh.allTextContents()).toEqual([expect.stringMatching(/agent.*host-42.*by deploy-bot/s)]);
    await click("1 opened");
    await main.getByText("host-42").waitFor();
    expect(await main.locator(".rows li").count()).toBe(1);
    expect(clicks()).toBe(1);
  });

  it("where else it is so, and what to do there", async () => {
    const { main, click, clicks } = await overview();
    await click("The container sees the host's processes");
    await main.getByText("Take the socket out of the container.").waitFor();
    await click("where else");
    await main.getByText("host-8").waitFor();
    for (const host of ["host-7", "host-8", "host-42"])
      expect(await main.getByRole("link", { name: host, exact: true }).count()).toBe(1);
    expect(clicks()).toBe(2);
  });
});
