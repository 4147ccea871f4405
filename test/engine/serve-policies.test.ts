import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, folderOf } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { follow } from "./following.ts";
import { busybox, importBusybox } from "./images.ts";
import { until } from "./watching.ts";

const password = "correct horse battery";

describeWithEngine("bulkhead serve shows what a guard on its host decides", () => {
  let engine: TestEngine;
  let guard: GuardProcess;
  let folder: ReturnType<typeof folderOf>;
  let browser: Browser;
  let serving: ChildProcess;
  let url: string;
  let link: string | undefined;

  beforeAll(async () => {
    const program = builtCommand();
    folder = folderOf({});
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    const log = join(folder.path, "guard.log");
    writePolicy("enforce");
    writeFileSync(join(folder.path, "serve.yaml"), `watch: { guardLogs: [${log}] }\n`);
    guard = await startGuard(program, engine.host, [
      ...["--config", join(folder.path, "guard.yaml"), "--log", log],
    ]);
    const listen = `127.0.0.1:${await freePort()}`;
    url = `http://${listen}`;
    serving = spawn(
      process.execPath,
      [
        ...["--", program, "serve", "--config", join(folder.path, "serve.yaml"), "-H", engine.host],
        ...["--listen", listen, "--store", join(folder.path, "serve.db")],
      ],
      {
        cwd: "/",
        env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", NODE_PATH: resolve("node_modules") },
      },
    );
    let stdout = "";
    serving.stdout?.on("data", (data: Buffer) => {
      stdout += data.toString();
    });
    await until(() => stdout.includes("/join/") || serving.exitCode !== null);
    link = /http\S+join\S+/.exec(stdout)?.[0];
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    const page = await browser.newPage();
    await page.goto(link ?? "");
    await fill(page);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    serving?.kill("SIGKILL");
    await guard?.stop();
    await engine?.stop();
    folder?.remove();
  });

  function writePolicy(mode: "enforce" | "warn"): void {
    writeFileSync(
      join(folder.path, "guard.yaml"),
      `guard:
  groups: { lifecycle: allow }
  limits: { memory: 64m, pids: 100 }
  clients:
    ci: { listen: "unix://${folder.path}/ci.sock", mode: ${mode}, allow: { images: [busybox] } }
`,
    );
  }

  async function fill(page: Page): Promise<void> {
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: /Sign in|Make the account/ }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  }

  async function open(options: Parameters<Browser["newContext"]>[0] = {}) {
    const page = await (await browser.newContext(options)).newPage();
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" && !/40[19]/.test(message.text())) trouble.push(message.text());
    });
    page.on("pageerror", (error) => trouble.push(error.message));
    await page.goto(url);
    await fill(page);
    return { page, trouble };
  }

  it("as it comes, with the policy of each client", async () => {
    const { page, trouble } = await open();
    await follow(page, "Policies");
    await page.getByText("running", { exact: true }).waitFor();
    const clients = page.getByRole("region", { name: /^Clients on / });
    await clients.getByRole("row").filter({ hasText: "bulkhead.yaml client ci" }).waitFor();
    await guard.docker(["ps"]);
    expect((await guard.docker(["run", "--rm", "--privileged", busybox, "true"])).status).not.toBe(0);
    // Without a reload.
    const denied = page
      .getByRole("listitem")
      .filter({ hasText: "container-create" })
      .filter({ hasText: "denied" });
    await denied
      .getByText("The container is privileged")
      .or(denied.getByText(/privileged/))
      .first()
      .waitFor();
    const ran = await guard.docker([
      "run",
      "-d",
      "--name",
      "web",
      "--network",
      "none",
      busybox,
      "sleep",
      "1d",
    ]);
    expect(ran).toMatchObject({ status: 0 });
    expect((await guard.docker(["stop", "-t", "0", "web"])).status).toBe(0);
    expect((await guard.docker(["swarm", "init"])).status).not.toBe(0);
    const swarm = page.getByRole("listitem").filter({ hasText: "swarm-init" });
    await swarm.waitFor({ timeout: 60_000 });
    await page.getByRole("listitem").filter({ hasText: "hardened" }).getByText("--pids-limit 100").waitFor();
    await page.getByLabel("Show").selectOption("harden");
    await swarm.waitFor({ state: "detached" });
    expect(page.url()).toContain("verdict=harden");
    await page.reload();
    await page.getByRole("listitem").filter({ hasText: "--pids-limit 100" }).waitFor();
    expect(await page.getByRole("listitem").filter({ hasText: "swarm-init" }).count()).toBe(0);
    const own = clients.getByRole("row").filter({ hasText: "default" });
    await own.getByRole("link").click();
    await page.getByRole("button", { name: "client: default" }).waitFor();
    await page.getByText("The policy of ci").click();
    await page
      .getByRole("region", { name: "The policy of ci" })
      .getByText(/images:\s+- busybox/)
      .waitFor();
    expect(trouble).toEqual([]);
  });

  it("and what another policy would have denied, by keyboard", async () => {
    const { page, trouble } = await open();
    await page.goto(`${url}/#/policies`);
    await page.getByRole("heading", { level: 1, name: "Policies" }).waitFor();
    await page.locator("main h2 a").first().focus();
    await page.keyboard.press("Enter");
    await page.getByText("Try another policy").focus();
    await page.keyboard.press("Enter");
    const text = page.getByLabel("The policy, as bulkhead.yaml says it");
    await text.focus();
    await page.keyboard.type("guard: { grups: {} }");
    await page.getByRole("button", { name: "Try it" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("The candidate: 1:10: guard: there is no key “grups”").waitFor();
    await page.getByRole("button", { name: "Start from the policy of default" }).click();
    const inUse = await text.inputValue();
    expect(inUse).toContain("lifecycle: allow");
    const rows = page.getByRole("list", { name: "What the policy says" }).getByRole("listitem");
    const stop = rows.filter({ hasText: "container-stop" });
    await page.getByRole("button", { name: "Try it" }).click();
    await stop.getByText("allowed", { exact: true }).waitFor();
    await text.fill(inUse.replace("lifecycle: allow", "lifecycle: deny"));
    await page.getByRole("button", { name: "Try it" }).click();
    await stop.getByText("denied", { exact: true }).waitFor();
    await stop.getByText("the group lifecycle is closed").waitFor();
    // Its body is not kept.
    await rows
      .filter({ hasText: "container-create" })
      .filter({ hasText: "hardened" })
      .getByText("unknown")
      .waitFor();
    await page
      .getByRole("status")
      .getByText(/this policy would have denied/)
      .waitFor();
    expect(trouble).toEqual([]);
  });

  it.each([
    [1440, "light"],
    [1440, "dark"],
    [390, "light"],
    [390, "dark"],
  ] as const)("and passes axe and fits the screen, %i %s", async (width, colorScheme) => {
    const viewport = { width, height: 850 };
    const { page, trouble } = await open({ viewport, colorScheme, bypassCSP: true });
    await page.goto(`${url}/#/policies`);
    await page.getByRole("heading", { level: 1, name: "Policies" }).waitFor();
    const check = async (name: string) => {
      await expect.poll(() => page.getByText("Loading…").count(), { timeout: 15_000 }).toBe(0);
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const run = Reflect.get(globalThis, "axe") as {
          run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
        };
        return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      });
      expect(found, name).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBeLessThanOrEqual(width);
      // To be looked at.
      const pictures = process.env.SERVE_PICTURES;
      const path = join(pictures ?? "", `policies-${width}-${colorScheme}-${name}.png`);
      if (pictures !== undefined) await page.screenshot({ path, fullPage: true });
    };
    await page.getByText("swarm-init").first().waitFor();
    await check("all");
    await page.locator("main h2 a").first().click();
    await page.getByText("Try another policy").click();
    await page
      .getByLabel("The policy, as bulkhead.yaml says it")
      .fill("guard:\n  groups: { lifecycle: deny }\n  allow:\n    images: [ghcr.io/shop/*]\n");
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByRole("status").waitFor();
    await check("host");
    expect(trouble).toEqual([]);
  });

  it("and a new policy, and that no guard runs any more", async () => {
    const { page } = await open();
    await page.goto(`${url}/#/policies`);
    await page.getByRole("heading", { level: 1, name: "Policies" }).waitFor();
    const ci = page.getByRole("row").filter({ hasText: "bulkhead.yaml client ci" });
    await ci.waitFor();
    expect(await ci.getByText("only warns").count()).toBe(0);
    writePolicy("warn");
    guard.signal("SIGHUP");
    await ci.getByText("only warns").waitFor({ timeout: 60_000 });
    guard.signal("SIGTERM");
    await page.getByText("unknown", { exact: true }).waitFor({ timeout: 60_000 });
    // What was decided stays.
    await page.getByText("swarm-init").first().waitFor();
  });
});
