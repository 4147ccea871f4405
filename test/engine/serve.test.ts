import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";
import { client, startProvider } from "../support/fleet/openid-provider.ts";
import { startOtlpReceiver } from "../support/fleet/otlp-receiver.ts";
import { freePort } from "../support/free-port.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { follow } from "./following.ts";
import { busybox, importBusybox } from "./images.ts";
import { until } from "./watching.ts";

const password = "correct horse battery";

interface Serving {
  readonly process: ChildProcess;
  readonly url: string;
  /** The link that makes the first administrator; undefined where there is one. */
  readonly link: string | undefined;
  stderr(): string;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** In namespaces of its own, and gone with its parent. */
function startStranger(folder: string): ChildProcess {
  const program = join(folder, "stranger");
  execFileSync("sh", ["-c", 'cp "$(command -v sleep)" "$1"', "sh", program]);
  const inside = ["setpriv", "--bounding-set=-sys_admin", program, "1000"];
  return spawn("unshare", ["-p", "-m", "-f", "--mount-proc", "--kill-child", ...inside], { stdio: "ignore" });
}

describeWithEngine("bulkhead serve on one host", () => {
  let engine: TestEngine;
  let program: string;
  let folder: ReturnType<typeof folderOf>;
  /** A container that some other program made; it lacks a capability, so that the privileged one is the Engine's. */
  let stranger: ChildProcess;
  let browser: Browser;
  let serving: Serving;
  let provider: Awaited<ReturnType<typeof startProvider>>;

  beforeAll(async () => {
    program = builtCommand();
    folder = folderOf({
      "client-secret": `${client.secret}\n`,
      "compose.yaml": `services:\n  agent:\n    image: ${busybox}\n    privileged: true\n`,
    });
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    stranger = startStranger(engine.folder);
    await engine.docker([
      "run",
      "-d",
      "--name",
      "web",
      "--label",
      "com.docker.compose.project=shop",
      busybox,
      "sleep",
      "1d",
    ]);
    await engine.docker([
      "run",
      "-d",
      "--name",
      "agent",
      ...["--label", "com.docker.compose.service=agent"],
      ...["--label", `com.docker.compose.project.config_files=${join(folder.path, "compose.yaml")}`],
      "--privileged",
      "-v",
      "/:/host",
      busybox,
      "sleep",
      "1d",
    ]);
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    const port = await freePort();
    provider = await startProvider({
      pages: [`http://127.0.0.1:${port}`],
      groupsOf: (name) => (name === "otto" ? ["operations"] : []),
    });
    serving = await serve(port);
  });
  afterAll(async () => {
    await serving?.end("SIGTERM");
    await provider?.stop();
    await browser?.close();
    stranger?.kill("SIGKILL");
    await engine?.stop();
    folder?.remove();
  });

  async function serve(port: number): Promise<Serving> {
    const listen = `127.0.0.1:${port}`;
    const args = [
      "serve",
      "--no-config",
      "-H",
      engine.host,
      "--listen",
      listen,
      "--store",
      join(folder.path, "serve.db"),
      ...["--allow", "prove,fix,verify,learn"],
      ...["--oidc-issuer", provider.issuer, "--oidc-client-id", client.id],
      ...["--oidc-client-secret-file", join(folder.path, "client-secret")],
      ...["--oidc-role", "operations=operator", "--oidc-scope", "openid profile groups"],
    ];
    const child = spawn(process.execPath, ["--", program, ...args], {
      cwd: "/",
      // Native packages are not part of the copy that is tested.
      env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", NODE_PATH: resolve("node_modules") },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    await until(() => stderr.includes("the page is at") || child.exitCode !== null);
    expect(stderr).toContain(`the page is at http://${listen}`);
    return {
      process: child,
      url: `http://${listen}`,
      get link() {
        return /http\S+join\S+/.exec(stdout)?.[0];
      },
      stderr: () => stderr,
      async end(signal) {
        child.kill(signal);
        return await ended;
      },
    };
  }

  /** A page whose every error, and every request to elsewhere, is trouble. */
  async function open(
    options: Parameters<Browser["newContext"]>[0] = {},
  ): Promise<{ page: Page; trouble: string[] }> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const trouble: string[] = [];
    // What the provider's own pages load is its business.
    const isOurs = () => !page.url().startsWith(provider.issuer);
    page.on("console", (message) => {
      if (isOurs() && message.type() === "error" && !message.text().includes("401"))
        trouble.push(message.text());
    });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("request", (request) => {
      const { origin } = new URL(request.url());
      if (isOurs() && ![serving.url, provider.issuer].includes(origin))
        trouble.push(`request: ${request.url()}`);
    });
    return { page, trouble };
  }

  async function total(page: Page): Promise<number> {
    return Number.parseInt((await page.getByText(/^\d+ findings$/).textContent()) ?? "", 10);
  }

  async function fill(page: Page, name: string): Promise<void> {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: /Sign in|Make the account/ }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  }

  async function signIn(page: Page, name = "ada"): Promise<void> {
    await page.goto(serving.url);
    await fill(page, name);
  }

  it("makes the first administrator by the link that it prints, once", async () => {
    await until(() => serving.link !== undefined);
    const { page, trouble } = await open();
    await page.goto(serving.url);
    await page.getByText("Nobody has an account yet").waitFor();
    await page.goto(serving.link ?? "");
    await page.reload();
    await fill(page, "ada");
    await page.getByText("(administrator)").waitFor();
    expect(page.url()).not.toContain("join");
    // The link is for no log.
    expect(serving.stderr()).not.toContain("join");
    const second = await open();
    await second.page.goto(serving.link ?? "");
    await second.page.getByText("This link was used already").waitFor();
    expect(await second.page.getByLabel("Password").count()).toBe(0);
    expect(trouble).toEqual([]);
  });

  it("shows what is open, and tells at once what changes", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await page.getByRole("listitem").filter({ hasText: "agent" }).first().waitFor();
    await follow(page, "Findings");
    await page.getByText("The container is privileged").waitFor();
    const before = await total(page);
    await engine.docker(["run", "-d", "--name", "late", "--pid", "host", busybox, "sleep", "1d"]);
    // Without a reload.
    await page.getByRole("link", { name: "late" }).first().waitFor();
    expect(await total(page)).toBeGreaterThan(before);
    await page.getByRole("link", { name: "late" }).first().click();
    await page.getByRole("heading", { name: "late" }).waitFor();
    await page
      .getByText(/container (?:create|start)/)
      .first()
      .waitFor();
    await page.getByRole("rowheader", { name: "effective" }).first().waitFor();
    expect(trouble).toEqual([]);
  });

  it("shows what the Compose file of a container declares, beside what runs, and reads it again where it changes", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await page.getByRole("listitem").filter({ hasText: "agent" }).first().getByRole("link").first().click();
    await page.getByRole("heading", { name: "agent" }).waitFor();
    await page.locator("details.card").nth(1).waitFor();
    // The worst is unfolded, and the others once somebody opens them.
    await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
    const declared = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "declared" }) });
    await declared.filter({ hasText: "compose.yaml:4" }).first().waitFor({ timeout: 60_000 });
    const mended = `services:\n  agent:\n    image: ${busybox}\n    command: sleep 1d\n`;
    writeFileSync(join(folder.path, "compose.yaml"), mended);
    await declared.filter({ hasText: "nothing wrong in" }).first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Verify the fix" }).click();
    const verified = page.getByRole("listitem").filter({ hasText: "Verified fix" });
    await verified.getByText("What it would change").waitFor({ timeout: 120_000 });
    await verified.getByText(/read_only: true/).waitFor();
    expect(await engine.docker(["ps", "-a", "--filter", "name=bulkhead-try", "--quiet"])).toBe("");
    // What watch saw of the copies stays open for a cool-down.
    await page.goto(`${serving.url}/#/findings?q=bulkhead-try`);
    await page.getByText("Nothing matches.").waitFor();
    expect(readFileSync(join(folder.path, "compose.yaml"), "utf8")).toBe(mended);
    expect(trouble).toEqual([]);
  });

  it("shows a container that the Engine does not know", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await page.goto(`${serving.url}/#/findings?q=stranger`);
    await page
      .getByText(/^foreign:stranger\/\d+$/)
      .first()
      .waitFor();
    expect(trouble).toEqual([]);
  });

  it("shows what the host is set to, and the CIS table, filtered by the address", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await follow(page, "Hosts");
    await page.locator("main .rows a").first().click();
    await page.locator("summary", { hasText: /^Docker daemon \d/ }).click();
    const daemon = page.getByRole("region", { name: "Docker daemon" });
    await daemon.getByRole("row").filter({ hasText: "live-restore" }).getByText("off").waitFor();
    const release = (await engine.docker(["version", "--format", "{{.Server.Version}}"])).trim();
    await daemon.getByRole("row").filter({ hasText: release }).first().waitFor();
    await page.getByRole("button", { name: /^\d+ fail$/ }).click();
    expect(page.url()).toContain("?result=fail");
    await page.reload();
    // `agent` is privileged.
    const failed = page.getByRole("listitem").filter({ hasText: "5.5" }).filter({ hasText: "agent" });
    await failed.first().waitFor();
    const table = page.locator("section.card", { hasText: "recommendations, as of" });
    expect(await table.locator("details .rows .badge").allInnerTexts()).not.toContain("pass");
    await failed.getByRole("link", { name: "privileged" }).first().click();
    await page.getByText("The container is privileged").first().waitFor();
    expect(trouble).toEqual([]);
  });

  it("hears what is new again after its stream was refused, as by a proxy that was restarted", async () => {
    const { page } = await open();
    await page.route("**/api/v1/events", (route) => route.fulfill({ status: 502 }), { times: 1 });
    const again = page.waitForResponse((answer) => answer.url().endsWith("/events") && answer.ok());
    await signIn(page);
    await follow(page, "Findings");
    await again;
    await engine.docker(["run", "-d", "--name", "later", "--pid", "host", busybox, "sleep", "1d"]);
    await page.getByRole("link", { name: "later" }).first().waitFor();
    await engine.docker(["rm", "-f", "later"]);
  });

  it("is used by keyboard alone: signs in, filters, opens a finding, accepts it, and comes back", async () => {
    const { page, trouble } = await open({ viewport: { width: 1024, height: 500 } });
    const focused = () =>
      page.evaluate(
        'document.activeElement.tagName + " " + (document.activeElement.textContent || document.activeElement.type)',
      ) as Promise<string>;
    const tabTo = async (what: RegExp) => {
      for (let tabs = 0; tabs < 80 && !what.test(await focused()); tabs += 1)
        await page.keyboard.press("Tab");
      expect(await focused()).toMatch(what);
    };
    await page.goto(serving.url);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.keyboard.type("ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(await page.title()).toBe("Overview · bulkhead");
    await tabTo(/^A Findings$/);
    await page.keyboard.press("Enter");
    await page.getByText(/^\d+ findings$/).waitFor();
    expect(await page.title()).toBe("Findings · bulkhead");
    expect(await focused()).toMatch(/^MAIN/);
    await tabTo(/^INPUT search$/);
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).searchParams.get("q") ?? ""));
    await page.keyboard.type("agent");
    await expect.poll(() => page.url()).toContain("q=agent");
    await expect.poll(() => asked).toContain("agent");
    // Not for each letter. A busy machine may hold up the keys for long enough, but not all of them.
    asked.delete("");
    expect(asked.size).toBeLessThan("agent".length);
    await tabTo(/^BUTTON medium$/);
    await page.keyboard.press("Space");
    await page.getByRole("link", { name: "The memory is not limited" }).waitFor();
    await tabTo(/^A The memory is not limited$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "The memory is not limited" }).waitFor();
    expect(await page.title()).toBe("The memory is not limited · bulkhead");
    await tabTo(/^SUMMARY Accept this finding$/);
    await page.keyboard.press("Enter");
    await tabTo(/^INPUT text$/);
    await page.keyboard.type("It needs all of it.");
    await tabTo(/^BUTTON Accept$/);
    await page.keyboard.press("Enter");
    await page.getByText("This finding is accepted").waitFor();
    expect(await focused()).toMatch(/^MAIN/);
    await page.goBack();
    await page.getByText(/^\d+ findings?$/).waitFor();
    expect(page.url()).toContain("severity=medium&q=agent");
    await page.goto(`${serving.url}/#/acceptances`);
    await page.getByRole("button", { name: "End it now" }).click();
    await page.getByText(/In force\s*None/).waitFor();
    expect(trouble).toEqual([]);
  });

  it("comes back to where a list was scrolled to, and opens a link at its top", async () => {
    const { page, trouble } = await open({ viewport: { width: 1024, height: 300 } });
    const scrolled = () => page.evaluate("scrollY") as Promise<number>;
    await signIn(page);
    await follow(page, "Findings");
    const far = page.locator("main .rows li > div > a").nth(12);
    await far.scrollIntoViewIfNeeded();
    const before = await scrolled();
    expect(before).toBeGreaterThan(300);
    await far.click();
    await page.getByText("Accept this finding").waitFor();
    expect(await scrolled()).toBe(0);
    await page.goBack();
    await expect.poll(scrolled).toBe(before);
    await page.reload();
    await expect.poll(scrolled).toBe(before);
    expect(trouble).toEqual([]);
  });

  it("keeps filters in the address", async () => {
    const { page } = await open();
    await signIn(page);
    await page.goto(`${serving.url}/#/findings?severity=critical&q=agent`);
    await page.getByText("The container is privileged").waitFor();
    expect(await page.locator(".rows .badge").allInnerTexts()).not.toContain("medium");
    await page.getByRole("button", { name: "medium" }).click();
    await page.locator(".rows .badge.medium").first().waitFor();
    expect(page.url()).toContain("severity=critical%2Cmedium");
    await page.getByLabel("Group by").selectOption("project");
    await page.goto(`${serving.url}/#/findings?by=project`);
    await page.getByRole("link", { name: "shop" }).click();
    await page.getByRole("button", { name: /project: shop/ }).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "shop" }).waitFor();
  });

  it("lets an invited viewer look, and change nothing", async () => {
    const admin = await open();
    await signIn(admin.page);
    await follow(admin.page, "Settings");
    await admin.page.getByRole("button", { name: "Make a link" }).click();
    const link = (await admin.page.getByRole("status").getByRole("code").textContent()) ?? "";
    const { page, trouble } = await open();
    await page.goto(link);
    await fill(page, "vera");
    await page.getByText("(viewer)").waitFor();
    await follow(page, "Settings");
    await page.getByRole("heading", { name: "API tokens" }).waitFor();
    expect(await page.getByRole("heading", { name: "Accounts" }).count()).toBe(0);
    const refused = await page.evaluate(async () => (await fetch("/api/v1/accounts")).status);
    expect(refused).toBe(403);
    expect(trouble.filter((each) => !each.includes("403"))).toEqual([]);
    // Ended from elsewhere, the next question is refused.
    await admin.page.reload();
    const row = admin.page.getByRole("row").filter({ hasText: "vera" });
    await row.getByRole("button", { name: "End sessions" }).click();
    await expect.poll(() => page.evaluate(async () => (await fetch("/api/v1/overview")).status)).toBe(401);
    // The page itself notices at its next question.
    await page.evaluate('location.hash = "#/hosts"');
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await admin.page.getByText("none was changed or taken out").waitFor();
  });

  it("signs people in by the provider, and out there, too", async () => {
    const { page, trouble } = await open();
    const atProvider = async (name: string) => {
      await page.goto(serving.url);
      await page.getByRole("link", { name: /^Sign in with 127\.0\.0\.1:/ }).click();
      await page.locator('input[name="login"]').fill(name);
      await page.locator('input[name="password"]').fill("any");
      await page.locator('button[type="submit"]').click();
    };
    await atProvider("otto");
    await page.getByText("(operator)").waitFor();
    expect(page.url()).toBe(`${serving.url}/`);
    // Cookies know no port: the provider's own, on the same address, may be there too.
    const all = await page.context().cookies(serving.url);
    const cookies = all.filter(({ name }) => name === `bulkhead-${new URL(serving.url).port}`);
    expect(cookies).toMatchObject([{ sameSite: "Strict", httpOnly: true }]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/session\/end/);
    await page.locator('button[name="logout"]').click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    // Signed out there: the provider asks for a name again.
    await atProvider("eve");
    await page.getByRole("alert").filter({ hasText: "gives you no role in bulkhead" }).waitFor();
    await signIn(page);
    await follow(page, "Settings");
    await page.getByRole("row").filter({ hasText: "otto" }).getByText("which sets the role").waitFor();
    expect(trouble).toEqual([]);
  });

  it("accepts a finding until a day, and audit reads what it exports", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await page.goto(`${serving.url}/#/findings?q=agent&control=privileged`);
    await page.getByText("1 finding", { exact: true }).waitFor();
    await page.getByRole("link", { name: "privileged" }).first().click();
    await page.getByText("Accept this finding").click();
    await page.getByLabel("Reason").fill("It installs drivers.");
    await page.getByRole("button", { name: "Accept", exact: true }).click();
    await page.getByText("This finding is accepted").waitFor();
    await page.getByText(/accepted:.*ada until \d{4}-/s).waitFor();
    await follow(page, "Acceptances");
    await page.getByText("covers 1 open finding").waitFor();
    const exported = page.waitForEvent("download");
    await page.getByRole("link", { name: /^for / }).click();
    const config = join(folder.path, "accepted.yaml");
    await (await exported).saveAs(config);
    const { stdout } = await runCli(program, [
      ...["audit", "engine", "-H", engine.host, "--config", config, "--only", "privileged"],
      ...["--format", "json"],
    ]);
    const { findings } = JSON.parse(stdout) as {
      findings: { subject: string; suppressed: { reason: string } | null }[];
    };
    expect(findings).toMatchObject([
      { subject: "container:agent", suppressed: { reason: "It installs drivers." } },
    ]);
    await page.goto(`${serving.url}/#/findings?q=agent&control=privileged`);
    await page.getByText("Nothing matches.").waitFor();
    await page.getByLabel("Show").selectOption("accepted");
    await page.getByText("1 finding", { exact: true }).waitFor();
    await follow(page, "Acceptances");
    await page.getByRole("button", { name: "End it now" }).click();
    await page.getByText(/In force\s*None/).waitFor();
    await page.goto(`${serving.url}/#/findings?q=agent&control=privileged`);
    await page.getByText("1 finding", { exact: true }).waitFor();
    expect(trouble).toEqual([]);
  });

  it("enrols a host by a token from Settings, shows it to the team that its label says, and removes it", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await follow(page, "Settings");
    // No other machine reaches the address that this browser uses.
    await page.getByLabel("Where other machines reach this page").fill(serving.url);
    await page.getByRole("button", { name: "Make a token for hosts" }).click();
    const command = (await page.getByRole("status").locator("pre").textContent()) ?? "";
    expect(command).toContain(`bulkhead watch --report-to ${serving.url}`);
    const token = /BULKHEAD_ENROL_TOKEN=(\S+)/.exec(command)?.[1];
    const enrolled = await fetch(`${serving.url}/api/v1/ingest/enrol`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        key: "a".repeat(64),
        host: { name: "second", engine: "e", version: "1", connected: true, labels: { env: "prod" } },
      }),
    });
    expect(enrolled.status).toBe(200);
    await page.getByLabel("Name of the team").fill("shop");
    await page.getByLabel("Labels of its hosts").fill("env=prod");
    await page.getByRole("button", { name: "Make a team" }).click();
    await page.getByText("1 host, 0 accounts").waitFor();
    const row = page.getByRole("row").filter({ hasText: "vera" });
    await row.getByText("every host", { exact: true }).first().click();
    // The page shows what the server says by now.
    await row.getByRole("checkbox", { name: "every host" }).click();
    await row.getByText("no host", { exact: true }).waitFor();
    await row.getByRole("checkbox", { name: "shop" }).click();
    await page.getByText("1 host, 1 account").waitFor();
    const vera = await open();
    await signIn(vera.page, "vera");
    await follow(vera.page, "Hosts");
    await vera.page.getByRole("link", { name: "second" }).waitFor();
    await vera.page.getByText("env=prod").waitFor();
    expect(await vera.page.locator("main .rows li").count()).toBe(1);
    await page.goto(`${serving.url}/#/hosts`);
    await page.getByRole("link", { name: "second" }).click();
    // Whatever the host says of itself.
    await page.getByText("Labels: as the host says").click();
    await page.getByLabel("Labels of this host").fill("env=dev");
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await page.getByText("Labels: set here").waitFor();
    await vera.page.getByText("No host was read yet.").waitFor();
    await page.getByRole("button", { name: "Use what the host says" }).click();
    await vera.page.getByRole("link", { name: "second" }).waitFor();
    await page.getByText("Remove this host").click();
    const remove = page.getByRole("button", { name: "Remove the host and its history" });
    expect(await remove.isDisabled()).toBe(true);
    await page.getByLabel("Type second to confirm").fill("second");
    await remove.click();
    await page.getByRole("heading", { name: "Hosts" }).waitFor();
    await page.getByRole("link", { name: "second" }).waitFor({ state: "detached" });
    // Without a reload.
    await vera.page.getByText("No host was read yet.").waitFor();
    expect([...trouble, ...vera.trouble]).toEqual([]);
  });

  it("makes a token that may what its scopes say, until it is removed", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await follow(page, "Settings");
    await page.getByLabel("Name of the token").fill("ci");
    await page.getByRole("button", { name: "Make a token", exact: true }).click();
    const token = (await page.getByRole("status").getByRole("code").textContent()) ?? "";
    const asked = async (path: string, method = "GET") =>
      (await fetch(serving.url + path, { method, headers: { authorization: `Bearer ${token}` } })).status;
    expect(await asked("/api/v1/findings")).toBe(200);
    const env = { BULKHEAD_URL: serving.url, BULKHEAD_TOKEN: token };
    const fleet = (...args: string[]) => runCli(program, ["fleet", ...args], { env });
    expect(await fleet("findings", "--control", "privileged")).toMatchObject({
      status: 0,
      stderr: "",
      stdout: expect.stringMatching(/^critical +\S+ +privileged +container:agent +\S.*\n$/),
    });
    const { hosts } = JSON.parse((await fleet("hosts", "--format", "json")).stdout) as {
      hosts: { name: string; connected: boolean }[];
    };
    expect(hosts).toMatchObject([{ connected: true }]);
    expect(
      await fleet("findings", "--on", hosts[0]?.name ?? "", "--severity", "critical,high"),
    ).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("container:agent"),
    });
    expect(await fleet("findings", "--on", "elsewhere")).toMatchObject({
      status: 2,
      stderr: "bulkhead: no host is named elsewhere: bulkhead fleet hosts lists them\n",
    });
    expect(await asked("/api/v1/acceptances/1", "DELETE")).toBe(403);
    await page.reload();
    const row = page.getByRole("row").filter({ hasText: "ci" });
    await row.getByText(/now|second/).waitFor();
    await row.getByRole("button", { name: "Remove" }).click();
    await page.getByText("No tokens yet.").waitFor();
    expect(await asked("/api/v1/findings")).toBe(401);
    expect(await fleet("hosts")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /^bulkhead: \S+ answers: The token is not known, was removed, or is over\.\n$/,
      ),
    });
    await page.getByText("(this one)").waitFor();
    expect(trouble).toEqual([]);
  });

  it("proves a container from its page and learns from it, as its host allows", async () => {
    const { page, trouble } = await open();
    await signIn(page);
    await follow(page, "Hosts");
    await page.locator("main .rows a").first().click();
    await page.getByRole("link", { name: "web", exact: true }).click();
    await page.getByRole("button", { name: "Prove" }).click();
    await page.getByText(/^\d+ held/).waitFor({ timeout: 120_000 });
    // Beside what each level says of it.
    await page.getByRole("rowheader", { name: "proven" }).first().waitFor();
    const host = /hosts\/([^/]+)\/web$/.exec(page.url())?.[1];
    const started = await page.evaluate(async (path) => {
      const body = JSON.stringify({ kind: "learn", seconds: 10 });
      const headers = { "content-type": "application/json" };
      return (await fetch(path, { method: "POST", headers, body })).status;
    }, `/api/v1/hosts/${host}/containers/web/jobs`);
    expect(started).toBe(200);
    await page.getByText(/watched for \d+ s/).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Show the fix" }).click();
    await page.getByText("As a Compose file:").waitFor({ timeout: 60_000 });
    await page
      .getByText(/docker run .*--name web/)
      .first()
      .waitFor();
    await page.goto(`${serving.url}/#/settings`);
    await page.getByText("learn started").first().waitFor();
    await page.getByText("prove started").first().waitFor();
    expect(trouble).toEqual([]);
  });

  it("tells a webhook what changes, once a rule in Settings says so", async () => {
    const told: string[] = [];
    const receiver = createServer((request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => {
        text += part.toString();
      });
      request.on("end", () => {
        told.push(text);
        response.end();
      });
    }).listen(0, "127.0.0.1");
    await new Promise((done) => receiver.once("listening", done));
    const { port } = receiver.address() as AddressInfo;
    const { page, trouble } = await open();
    await signIn(page);
    await follow(page, "Settings");
    await page.getByLabel("Name of the notification").fill("ops");
    await page.getByLabel("Address").fill(`http://127.0.0.1:${port}/hook`);
    await page.getByLabel("Only these controls").fill("host-pid");
    await page.getByLabel("From severity").selectOption("low");
    await page.getByRole("button", { name: "Make a notification" }).click();
    await page.getByText(`each change as it comes to webhook http://127.0.0.1:${port}`).waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("ops: the receiver took it.").waitFor();
    expect(told.map((text) => (JSON.parse(text) as { kind?: string }).kind)).toEqual(["test"]);
    await engine.docker(["run", "-d", "--name", "loud", "--pid", "host", busybox, "sleep", "1d"]);
    await expect
      .poll(() => told.slice(1).join("\n"), { timeout: 60_000 })
      .toMatch(/"change":"opened".*"control":"host-pid".*"container:loud"/);
    await page.getByText("1 sent").waitFor();
    await page.getByRole("button", { name: "Change the notification ops" }).click();
    await page.getByLabel("Name of ops").fill("night");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("low or worse of host-pid").waitFor();
    await page.getByRole("button", { name: "Pause the notification night" }).click();
    await page.getByText("Nothing is sent.").waitFor();
    await page.getByRole("button", { name: "Resume the notification night" }).click();
    await page.getByText("Nothing is sent.").waitFor({ state: "detached" });
    receiver.close();
    await page.getByLabel("Name of the notification").fill("week");
    await page.getByLabel("Tell").selectOption("weekly");
    const where = page.locator("select").filter({ hasText: "the hosts of the team shop" });
    await where.selectOption({ label: "the hosts of the team shop" });
    await page.getByRole("button", { name: "Make a notification" }).click();
    await page.getByText("a summary each Monday to webhook").waitFor();
    await page.getByRole("button", { name: "Send it now" }).click();
    await page.getByText(`webhook http://127.0.0.1:${port} refuses the connection.`).waitFor();
    expect(trouble.filter((each) => !each.includes("502"))).toEqual([]);
  });

  it("sends changes and counts to a collector of OpenTelemetry, once Settings says so", async () => {
    const collector = await startOtlpReceiver();
    const { page, trouble } = await open();
    await signIn(page);
    await follow(page, "Settings");
    await page.getByLabel("Name of the notification").fill("collector");
    await page.locator("select").filter({ hasText: "OpenTelemetry" }).selectOption("otlp");
    await page.getByLabel("Address").fill(collector.url);
    await page.getByLabel("From severity").selectOption("info");
    await page.getByRole("button", { name: "Make a notification" }).click();
    await page.getByText(`each change as it comes to otlp ${collector.url}`).waitFor();
    await page.getByRole("button", { name: /^Send a test.*collector$/ }).click();
    await page.getByText("collector: the receiver took it.").waitFor();
    expect(collector.records.map(({ name }) => name)).toContain("bulkhead.test");
    await engine.docker(["run", "-d", "--name", "traced", "--pid", "host", busybox, "sleep", "1d"]);
    const told = () =>
      collector.records.map(
        ({ name, attributes }) => `${name} ${attributes["bulkhead.control"]} ${attributes["container.name"]}`,
      );
    await expect.poll(told, { timeout: 60_000 }).toContain("bulkhead.finding.opened host-pid traced");
    await expect.poll(() => collector.counts.length, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(collector.counts[0]?.numbers).toMatchObject({ "bulkhead.hosts.known": 1 });
    expect(collector.counts[0]?.numbers["bulkhead.findings.open high"]).toBeGreaterThan(0);
    await engine.docker(["rm", "-f", "traced"]);
    await page.getByRole("button", { name: /^Remove.*collector$/ }).click();
    await page.getByText("collector: each change").waitFor({ state: "detached" });
    expect(trouble).toEqual([]);
  });

  it("passes axe and fits the screen at three widths, in light and in the dark", async () => {
    const { page, trouble } = await open({ bypassCSP: true });
    await page.goto(serving.url);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    /** At each width and theme. */
    const check = async (name: string) => {
      await page.evaluate(axe.source);
      for (const width of [1440, 1024, 390]) {
        await page.setViewportSize({ width, height: 900 });
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const found = await page.evaluate(async () => {
            const run = Reflect.get(globalThis, "axe") as {
              run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
            };
            return (await run.run()).violations.map(
              ({ id, nodes }) =>
                `${id}: ${nodes
                  .map(({ html }) => html)
                  .slice(0, 3)
                  .join(" ")}`,
            );
          });
          const at = `${name}, ${width}, ${colorScheme}`;
          expect(found, at).toEqual([]);
          expect(await page.evaluate("document.documentElement.scrollWidth"), at).toBeLessThanOrEqual(width);
          // To be looked at.
          const folder = process.env.SERVE_PICTURES;
          const path = join(folder ?? "", `${name.replace(/\W+/g, "-")}-${width}-${colorScheme}.png`);
          if (folder !== undefined) await page.screenshot({ path, fullPage: true });
        }
      }
    };
    await check("sign in");
    await page.goto(`${serving.url}/#/sign-in/nonce`);
    await page.getByRole("alert").waitFor();
    await check("sign in, refused");
    await fill(page, "ada");
    await check("overview");
    const links = await page.evaluate(async () => {
      const { hosts } = (await (await fetch("/api/v1/hosts")).json()) as { hosts: { id: string }[] };
      const { findings } = (await (await fetch("/api/v1/findings")).json()) as { findings: { id: number }[] };
      return [
        `#/hosts/${hosts[0]?.id}`,
        `#/hosts/${hosts[0]?.id}/agent`,
        "#/images/busybox:test",
        `#/findings/${findings[0]?.id}`,
      ];
    });
    const hashes = [
      "#/findings",
      "#/findings?by=control",
      "#/hosts",
      "#/images",
      "#/acceptances",
      "#/settings",
      "#/trends",
      "#/controls/privileged",
      ...links,
    ];
    for (const hash of hashes) {
      await page.goto(`${serving.url}/${hash}`);
      await expect.poll(() => page.getByText("Loading…").count(), { timeout: 15_000 }).toBe(0);
      await page.locator("main .rows, main .card").first().waitFor();
      await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
      await check(hash);
    }
    expect(trouble).toEqual([]);
  });

  it("survives kill -9 with its accounts, sessions and findings, and goes on", async () => {
    const { page } = await open();
    await signIn(page);
    await engine.docker(["rm", "-f", "web"]);
    const { url } = serving;
    await serving.end("SIGKILL");
    serving = await serve(Number(new URL(url).port));
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(serving.link).toBeUndefined();
    // What went while nobody looked is resolved.
    await page.goto(`${url}/#/findings?state=resolved&q=web`);
    await page.getByText(/^\d+ findings?$/).waitFor();
    await page.goto(`${url}/#/findings?q=agent`);
    await page.getByText("The container is privileged").waitFor();
  });

  it("says in one line what is wrong", async () => {
    const env = { NODE_PATH: resolve("node_modules"), DOCKER_HOST: engine.host };
    const run = (...args: string[]) => runCli(program, ["serve", "--no-config", ...args], { env });
    const port = new URL(serving.url).port;
    const store = join(folder.path, "other.db");
    expect(await run("--listen", "7070")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bulkhead: 7070 is not an address.*\n$/),
    });
    expect(await run("--listen", ":7070")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("passwords would cross the network"),
    });
    expect(await run("--label", "Env=x")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bulkhead: --label: Env=x is not a label such as env=prod.*\n$/),
    });
    expect(await run("--smtp", "smtp://user:hunter2@mail")).toMatchObject({
      status: 2,
      stderr: "bulkhead: --smtp: the password belongs in --smtp-password-file, not in the address\n",
    });
    expect(await run("--smtp", "smtp://mail")).toMatchObject({
      status: 2,
      stderr: "bulkhead: --smtp needs --mail-from, the sender of mails: bulkhead@example.org\n",
    });
    expect(await run("--tls-cert", "x.pem")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("belong together"),
    });
    expect(await run("--listen", `127.0.0.1:${port}`, "--store", store)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("something listens there already"),
    });
    expect(
      await run("--tls-cert", "/etc/passwd", "--tls-key", "/etc/passwd", "--store", store),
    ).toMatchObject({
      status: 2,
      stderr: "bulkhead: /etc/passwd and /etc/passwd are not a certificate and its key in PEM form\n",
    });
    expect(await run("--tls-cert", "/nonexistent", "--tls-key", "/x", "--store", store)).toMatchObject({
      status: 2,
      stderr: "bulkhead: /nonexistent: it does not exist\n",
    });
    const issuer = ["--oidc-issuer", "https://login.example.org"];
    for (const [args, said] of [
      [["--oidc-client-id", "x"], "--oidc-client-id belongs to --oidc-issuer"],
      [issuer, "--oidc-issuer needs --oidc-client-id, as the provider knows bulkhead"],
      [["--oidc-issuer", "http://login.example.org"], "would send tokens in the clear: https:// is needed"],
      [[...issuer, "--oidc-client-id", "x"], "--oidc-issuer needs --oidc-role, or nobody may sign in"],
      [[...issuer, "--oidc-client-id", "x", "--oidc-role", "a=b"], "--oidc-role a=b is not VALUE=ROLE"],
    ] as const) {
      expect(await run(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(said) });
    }
    expect(await run("--store", "/dev/null")).toMatchObject({
      status: 2,
      stderr: "bulkhead: /dev/null is not a file\n",
    });
  });

  it("ends when it is told to", async () => {
    expect(await serving.end("SIGTERM")).toBe(0);
  });
});
