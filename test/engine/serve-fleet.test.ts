import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Finding } from "../../src/audit/finding.ts";
import { hashToken } from "../../src/fleet/server/sign-in/passwords.ts";
import { invite } from "../../src/fleet/store/accounts/invitations.ts";
import { addAcceptance } from "../../src/fleet/store/findings/acceptances.ts";
import { listFindings } from "../../src/fleet/store/findings/findings.ts";
import { allowEnrolment } from "../../src/fleet/store/hosts/enrolments.ts";
import { type FleetDatabase, openFleet } from "../../src/fleet/store/open.ts";
import type { Change } from "../../src/watch/change.ts";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";
import { everywhere } from "../support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../support/fleet/postgres.ts";
import { freePort } from "../support/free-port.ts";
import { describeWhere } from "./describe.ts";
import { engineAvailable, startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { until } from "./watching.ts";

const token = "a-token-that-an-administrator-made";
const lacking = whyNoPostgres();

describeWhere(
  lacking === undefined ? engineAvailable() : { ok: false, reason: lacking },
  "bulkhead watch reports to bulkhead serve",
  () => {
    let engine: TestEngine;
    let server: TestPostgres;
    let database: FleetDatabase;
    let program: string;
    let store: string;
    let port: number;
    let folder: ReturnType<typeof folderOf>;
    const running = new Set<ChildProcess>();

    beforeAll(async () => {
      program = builtCommand();
      folder = folderOf({ token: `${token}\n` });
      writeFileSync(join(folder.path, "bulkhead.yaml"), `watch:\n  queue: ${folder.path}/queue\n`);
      [engine, server] = await Promise.all([startEngine(), startPostgres()]);
      await importBusybox(engine);
      store = await server.newDatabase();
      const opened = await openFleet(store);
      if (!opened.ok) throw new Error(opened.reason);
      database = opened.value;
      await allowEnrolment(database, {
        token: hashToken(token),
        author: { name: "ada", id: null },
        expires: Date.now() + 3_600_000,
      });
      port = await freePort();
      writeFileSync(
        join(folder.path, "reporting.yaml"),
        `watch:
  queue: ${folder.path}/queue
  reportTo:
    url: http://127.0.0.1:${port}
    labels: { env: dev, region: eu }
    enrolToken: { file: ${folder.path}/token }
`,
      );
    });
    afterAll(async () => {
      for (const child of running) child.kill("SIGKILL");
      await database?.destroy();
      await server?.stop();
      await engine?.stop();
      folder?.remove();
    });

    async function start(
      args: readonly string[],
      ready: string,
    ): Promise<{ kill(): Promise<void>; said(): string }> {
      const child = spawn(process.execPath, [program, ...args], {
        cwd: "/",
        env: {
          PATH: process.env.PATH ?? "",
          HOME: "/nonexistent",
          NODE_PATH: resolve("node_modules"),
        },
        stdio: ["ignore", "ignore", "pipe"],
      });
      running.add(child);
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      await until(
        () => said.includes(ready) || child.exitCode !== null,
        () => said,
      );
      expect(said).toContain(ready);
      return {
        said: () => said,
        kill: () =>
          new Promise((done) => {
            child.once("close", () => done());
            child.kill("SIGKILL");
          }),
      };
    }

    const serve = () =>
      start(
        ["serve", "--no-config", "--no-watch", "--store", store, "--listen", `127.0.0.1:${port}`],
        "the page is at",
      );
    const watch = () =>
      start(
        [
          ...[
            "watch",
            "--config",
            join(folder.path, "reporting.yaml"),
            "-H",
            engine.host,
            "--cooldown",
            "0s",
          ],
          ...["--history", join(folder.path, "history.db"), "--label", "env=prod"],
          ...["-o", join(folder.path, "changes.jsonl")],
        ],
        "watching",
      );

    const subjects = async () => {
      const rows = await listFindings(
        database,
        { ...everywhere, verdict: "fail" },
        { offset: 0, limit: 500 },
      );
      return new Set(rows.map(({ subject }) => subject));
    };
    const run = (name: string) =>
      engine.docker([
        "run",
        "-d",
        "--network",
        "none",
        "--name",
        name,
        "--privileged",
        busybox,
        "sleep",
        "1d",
      ]);
    const patience = { timeout: 30_000 };

    it("and neither loses what was told where either is killed", async () => {
      await run("first");
      let serving = await serve();
      let watching = await watch();
      await expect.poll(subjects, patience).toContain("container:first");
      expect(watching.said()).toContain("this host is enrolled at http://127.0.0.1");
      // Serve is gone: the change waits on the disk of the host, whose watch is killed, too.
      await serving.kill();
      await run("second");
      await expect
        .poll(() => watching.said(), patience)
        .toMatch(/(?:refuses the connection|broke the connection off): reports wait/);
      await watching.kill();
      await engine.docker(["rm", "-f", "first"]);
      serving = await serve();
      watching = await watch();
      await expect.poll(subjects, patience).toContain("container:second");
      await expect.poll(subjects, patience).not.toContain("container:first");
      const hosts = await database.selectFrom("host").select("labels").execute();
      expect(hosts).toEqual([{ labels: '{"env":"prod","region":"eu"}' }]);
    });

    it("goes on after the database crashed", async () => {
      await server.crash();
      await run("third");
      await expect.poll(subjects, patience).toContain("container:third");
      await engine.docker(["rm", "-f", "second"]);
      await server.crash();
      await expect.poll(subjects, patience).not.toContain("container:second");
    });

    it("stops alerting for what is accepted, and audit on the host accepts it", async () => {
      const alerts = () =>
        readFileSync(join(folder.path, "changes.jsonl"), "utf8")
          .split("\n")
          .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Change]))
          .filter(({ finding }) => finding.control === "privileged")
          .map(({ change, finding, cause }) => `${change} ${finding.subject} ${cause.kind}`);
      const acceptance = {
        scope: "image",
        team: null,
        control: "privileged",
        image: busybox,
        host: null,
        subject: null,
        project: null,
        reason: "It installs drivers.",
        until: "2099-01-01",
        waits: false,
        author: { id: 1, name: "ada" },
      } as const;
      // A connection of the database that crashed fails once before the next one is made.
      await expect.poll(() => addAcceptance(database, acceptance, Date.now()), patience).toBeGreaterThan(0);
      // The answer to the next report brings it.
      await run("fourth");
      await expect.poll(alerts, patience).toContain("resolved container:third acceptance");
      await run("fifth");
      await expect.poll(subjects, patience).toContain("container:fifth");
      expect(alerts().filter((alert) => alert.includes("fifth"))).toEqual([]);
      const { stdout, stderr } = await runCli(program, [
        ...["audit", "engine", "-H", engine.host, "--no-config", "--only", "privileged", "--format", "json"],
        ...["--ignores-from", join(folder.path, "queue", "accepted.yaml")],
      ]);
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      // What other Engines of this machine run is nothing of this fleet.
      const own = findings.filter(({ subject }) => /^container:(?:third|fourth|fifth)$/.test(subject));
      const accepted = { reason: "It installs drivers.", until: "2099-01-01" };
      expect(own.length, stderr).toBeGreaterThan(2);
      for (const { subject, suppressed } of own) expect(suppressed, subject).toMatchObject(accepted);
    });

    it("shows each of its pages", async () => {
      const join = "a-link-that-makes-an-administrator";
      await invite(database, {
        ...{ token: hashToken(join), role: "administrator" },
        expires: Date.now() + 60_000,
      });
      const host = await database.selectFrom("host").select(["id", "name"]).executeTakeFirstOrThrow();
      const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
      });
      onTestFinished(() => browser.close());
      const page = await (await browser.newContext()).newPage();
      const trouble: string[] = [];
      page.on("pageerror", (error) => trouble.push(error.message));
      page.on("response", (response) => {
        if (response.status() >= 400) trouble.push(`${response.status()} ${response.url()}`);
      });
      const url = `http://127.0.0.1:${port}`;
      await page.goto(`${url}/#/join/${join}`);
      await page.getByLabel("Name").fill("ada");
      await page.getByLabel("Password").fill("correct horse battery");
      await page.getByRole("button", { name: "Make the account" }).click();
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      for (const [hash, text] of [
        ["", host.name],
        ["findings?q=third", "third"],
        ["findings?state=accepted&q=fifth", "The container is privileged"],
        ["findings?by=image", busybox],
        ["hosts", "env=prod"],
        [`hosts/${host.id}`, "CIS Docker Benchmark"],
        [`hosts/${host.id}/fifth`, "This host lets nobody start anything"],
        ["images", busybox],
        [`images/${encodeURIComponent(busybox)}`, "fifth"],
        ["acceptances", "It installs drivers."],
        ["policies", "No host tells of a guard yet"],
        ["settings", "account made"],
      ] as const) {
        await page.goto(`${url}/#/${hash}`);
        await page.locator("main").getByText(text).first().waitFor();
      }
      expect(trouble.filter((each) => !each.includes("/session"))).toEqual([]);
    });

    it("says in one line what is wrong", async () => {
      const env = { DOCKER_HOST: engine.host };
      const refused = async (...args: string[]) => {
        const { status, stderr } = await runCli(
          program,
          ["watch", "--config", join(folder.path, "bulkhead.yaml"), "--no-history", ...args],
          {
            env,
          },
        );
        expect([status, stderr.split("\n").length]).toEqual([2, 2]);
        return stderr;
      };
      expect(await refused("--report-to", "http://serve.example.org")).toContain(
        "in the clear: https:// is needed",
      );
      expect(await refused("--report-to", "https://serve.example.org/path")).toContain(
        "is not an address such as",
      );
      expect(await refused("--report-to", "https://serve.example.org")).toContain(
        "this host is not enrolled at",
      );
      expect(await refused("--enrol-token-file", "x")).toContain("belongs to --report-to");
      expect(await refused("--label", "env=prod")).toContain("belongs to --report-to");
      expect(await refused("--report-to", "https://serve.example.org", "--label", "Env")).toContain(
        "--label: Env is not a label such as env=prod",
      );
    });
  },
);
