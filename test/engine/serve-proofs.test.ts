import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, folderOf } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { follow } from "./following.ts";
import { busybox, importBusybox } from "./images.ts";
import { startWatchCommand } from "./running-watch.ts";
import { until } from "./watching.ts";

const token = "a-token-that-an-administrator-made";

describeWithEngine("bulkhead serve shows what bulkhead watch --prove showed", () => {
  let engine: TestEngine;
  let program: string;
  let folder: ReturnType<typeof folderOf>;
  let browser: Browser;
  let url: string;
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    program = builtCommand();
    folder = folderOf({ token: `${token}\n` });
    engine = await startEngine();
    await importBusybox(engine);
    const options = ["--network=none", "--user=1000", "--read-only", busybox, "sleep", "1d"];
    await engine.docker(["run", "-d", "--name", "web", ...options]);
    url = `http://127.0.0.1:${await freePort()}`;
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    for (const child of running) child.kill("SIGKILL");
    await engine?.stop();
    folder?.remove();
  });

  /** Gives how to kill it, and what it prints. */
  async function serve() {
    const places = ["--listen", new URL(url).host, "--store", join(folder.path, "serve.db")];
    const child = spawn(
      process.execPath,
      [
        ...["--", program, "serve", "--no-config", "--no-watch", ...places],
        ...["--enrol-token-file", join(folder.path, "token")],
      ],
      {
        cwd: "/",
        env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", NODE_PATH: resolve("node_modules") },
      },
    );
    running.add(child);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        printed += data.toString();
      });
    await until(
      () => printed.includes("the page is at") || child.exitCode !== null,
      () => printed,
    );
    return {
      printed: () => printed,
      kill: () =>
        new Promise<void>((done) => {
          child.once("close", () => done());
          child.kill("SIGKILL");
        }),
    };
  }

  const watch = () =>
    startWatchCommand({
      ...{ program, host: engine.host },
      args: [
        ...["--no-config", "--history", join(folder.path, "history.db"), "--prove", "24h"],
        ...["--report-to", url, "--enrol-token-file", join(folder.path, "token")],
      ],
      env: { XDG_STATE_HOME: folder.path },
    });

  async function signIn(page: Page, link: string): Promise<void> {
    await page.goto(link);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: /Sign in|Make the account/ }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  }

  it("beside what each level says, with when it was, also where all were killed before it was told", async () => {
    const first = await serve();
    const watching = await watch();
    await until(
      () => watching.stderr().includes("is enrolled at"),
      () => watching.stderr(),
    );
    await first.kill();
    await expect.poll(watching.stderr, { timeout: 240_000 }).toContain("1 container proven");
    await watching.end("SIGKILL");
    const second = await serve();
    const again = await watch();
    const page = await browser.newPage({ bypassCSP: true });
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) trouble.push(message.text());
    });
    page.on("pageerror", (error) => trouble.push(error.message));
    await until(() => second.printed().includes("/join/"));
    await signIn(page, /http\S+join\S+/.exec(second.printed())?.[0] ?? "");
    await follow(page, "Hosts");
    await page.locator("main .rows a").first().click();
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "web", exact: true }) });
    // By itself, once it was told.
    await row.getByText(/ago$/).waitFor({ timeout: 60_000 });
    await page.getByRole("link", { name: "web", exact: true }).click();
    await page
      .getByText(/^Proven .* by the daily proof: \d+ held, \d+ not held/)
      .waitFor({ timeout: 60_000 });
    // Proven once, not again by the watch that began anew.
    expect(again.stderr()).not.toContain("1 container proven");
    const daily = page.getByRole("listitem").filter({ hasText: "Daily proof" });
    const rootfs = daily.getByRole("listitem").filter({ hasText: "read-only-rootfs" }).first();
    await rootfs.getByText("held", { exact: true }).waitFor();
    // The worst is unfolded, and the others show it once they are.
    const unfold = 'for (const each of document.querySelectorAll("details")) each.open = true';
    await page.evaluate(unfold);
    const pids = page
      .getByRole("row")
      .filter({ hasText: "proven" })
      .filter({ hasText: "nothing stopped it" });
    await pids.first().getByText("not held", { exact: true }).waitFor();
    await page.evaluate(axe.source);
    for (const [width, colorScheme] of [
      [1440, "light"],
      [390, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 850 });
      await page.emulateMedia({ colorScheme });
      const found = await page.evaluate(async () => {
        const run = Reflect.get(globalThis, "axe") as {
          run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
        };
        return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      });
      expect(found).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      // To be looked at.
      const pictures = process.env.SERVE_PICTURES;
      const path = join(pictures ?? "", `proven-${width}-${colorScheme}.png`);
      if (pictures !== undefined) await page.screenshot({ path, fullPage: true });
    }
    await page.evaluate(unfold);
    await page
      .getByRole("link", { name: /^Its history ?: The number of processes is not limited$/ })
      .first()
      .click();
    const finding = { level: 1, name: "The number of processes is not limited" } as const;
    await page.getByRole("heading", finding).waitFor();
    await pids.first().getByText("not held", { exact: true }).waitFor();
    await page.getByText(/^Proven .* by the daily proof$/).waitFor();
    expect(trouble).toEqual([]);
    await again.end();
  }, 400_000);
});
