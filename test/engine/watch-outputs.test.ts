import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer as createPlain } from "node:net";
import { join, resolve } from "node:path";
import { createServer as createSecure } from "node:tls";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { parseDocument } from "yaml";
import { builtCommand, runCli } from "../support/cli.ts";
import { scraped, usedIn } from "../support/fleet/promql.ts";
import { framesIn } from "../support/fleet/syslog-frames.ts";
import { freePort } from "../support/free-port.ts";
import { testFolder } from "../support/test-folder.ts";
import { makeCertificates } from "./certificates.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { startPostReceiver } from "./post-receiver.ts";
import { startWatchCommand, type WatchCommand } from "./running-watch.ts";
import { loosenMemory } from "./tampering.ts";
import { runNamed, testName } from "./test-container.ts";
import { until } from "./watching.ts";

interface Told {
  readonly id: string;
  readonly change: string;
  readonly finding: { readonly subject: string; readonly control: string };
}

describeWithEngine("the outputs of bulkhead watch", () => {
  let engine: TestEngine;
  let program: string;
  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const newName = () => testName(engine, "outputs");
  const run = (name: string, flags: readonly string[] = ["--privileged"]) => runNamed(engine, name, flags);

  /** A folder with a bulkhead.yaml of these outputs, in which a queue has its place. */
  function configured(outputs: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): string {
    const at = testFolder();
    const watch = { cooldown: "1s", queue: join(at, "queue"), outputs, ...more };
    writeFileSync(join(at, "bulkhead.yaml"), JSON.stringify({ only: ["privileged"], watch }));
    return at;
  }

  const start = (command: Omit<WatchCommand, "program" | "host">) =>
    startWatchCommand({ program, host: engine.host, ...command });

  it("a webhook gets every change once, though it hangs and fails, and the watch is killed in between", async () => {
    const to = await startPostReceiver();
    const at = configured([
      {
        type: "webhook",
        url: `${to.address}/hook`,
        secret: { file: "secret" },
        token: { env: "HOOK_TOKEN" },
        timeout: "500ms",
      },
    ]);
    writeFileSync(join(at, "secret"), "sign-hunter2\n");
    const history = join(at, "history.db");
    const begin = () =>
      start({
        args: ["--history", history, "-o", "changes.jsonl"],
        cwd: at,
        env: { HOOK_TOKEN: "token-hunter2" },
      });
    /** Until a kill would not make the next watch tell it again. */
    const remembered = async (name: string) => {
      for (;;) {
        const shown = await runCli(program, ["history", "--history", history, "--format", "json"], {
          env: { NODE_PATH: resolve("node_modules") },
        });
        if (shown.stdout.includes(`container:${name}"`)) return;
      }
    };
    const names = [newName(), newName(), newName()] as const;
    let said = "";
    for (const [index, treatment] of (["hangs", "fails", "takes"] as const).entries()) {
      to.treat(treatment);
      const watch = await begin();
      await run(names[index] ?? "");
      if (treatment === "takes") {
        await until(() => to.taken("/hook").flatMap(({ changes }) => changes).length >= 3);
        await engine.docker(["rm", "-f", ...names]);
        await until(() => to.taken("/hook").flatMap(({ changes }) => changes).length >= 6);
        expect(await watch.end()).toBe(0);
      } else {
        await remembered(names[index] ?? "");
        await until(() => watch.stderr().includes("tried again until taken"));
        await watch.end("SIGKILL");
      }
      said += watch.stdout() + watch.stderr();
    }
    const told: readonly Told[] = to.taken("/hook").flatMap(({ changes }) => changes);
    const spelled = ({ change, finding }: Told) => `${change} ${finding.control} ${finding.subject}`;
    expect(new Set(told.map(({ id }) => id)).size).toBe(6);
    expect(told.map(spelled).slice(0, 3)).toEqual(names.map((name) => `opened privileged container:${name}`));
    expect(told.map(spelled).slice(3).toSorted()).toEqual(
      names.map((name) => `resolved privileged container:${name}`).toSorted(),
    );
    // As it was first sent, so it came: an attempt changes neither the id nor what is told.
    const [first] = to.posted;
    expect(JSON.parse(first?.body ?? "").changes[0]).toEqual(told[0]);
    const lines = readFileSync(join(at, "changes.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(told.map(({ id, ...change }) => change));
    for (const { headers, body } of to.posted) {
      const mac = createHmac("sha256", "sign-hunter2").update(`${headers["bulkhead-timestamp"]}.${body}`);
      expect(headers["bulkhead-signature"]).toBe(`v1=${mac.digest("hex")}`);
      expect(headers.authorization).toBe("Bearer token-hunter2");
      expect(body).not.toContain("hunter2");
    }
    expect(said + lines.join()).not.toContain("hunter2");
    const queues = readdirSync(join(at, "queue"), { recursive: true, encoding: "utf8" });
    expect(queues.filter((name) => name.endsWith(".queue"))).toEqual([]);
  });

  it("tells several at once, and one that hangs keeps none of the others waiting", async () => {
    const to = await startPostReceiver();
    to.treat("hangs", "/hangs");
    const certificates = makeCertificates(testFolder());
    const read = (name: string) => readFileSync(join(certificates.server, name));
    const streams = { tcp: [] as Buffer[], tls: [] as Buffer[] };
    const plain = createPlain((socket) => socket.on("data", (chunk: Buffer) => streams.tcp.push(chunk)));
    const secure = createSecure({ key: read("key.pem"), cert: read("cert.pem") }, (socket) =>
      socket.on("data", (chunk: Buffer) => streams.tls.push(chunk)),
    );
    const portOf = async (server: typeof plain) => {
      await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
      onTestFinished(() => void server.close());
      return (server.address() as AddressInfo).port;
    };
    const at = configured([
      { type: "webhook", url: `${to.address}/hangs` },
      { type: "webhook", url: `${to.address}/hook` },
      { type: "slack", url: { env: "SLACK" } },
      { type: "discord", url: { env: "DISCORD" } },
      { type: "ntfy", url: `${to.address}/alerts`, severity: "critical" },
      { type: "syslog", address: `tcp://127.0.0.1:${await portOf(plain)}`, facility: "local3" },
      { type: "syslog", address: `tls://localhost:${await portOf(secure)}` },
      { type: "file", path: "told.jsonl" },
    ]);
    const watch = await start({
      args: ["--no-history", "--format", "jsonl"],
      cwd: at,
      env: {
        SLACK: `${to.address}/slack-hunter2`,
        DISCORD: `${to.address}/discord-hunter2`,
        NODE_EXTRA_CA_CERTS: join(certificates.authority, "ca.pem"),
      },
    });
    const name = await run(newName());
    const messages = (kind: "tcp" | "tls") => framesIn(Buffer.concat(streams[kind])).join("\n");
    const subject = `container:${name}`;
    await until(
      () =>
        ["/hook", "/slack-hunter2", "/discord-hunter2", "/"].every((path) =>
          JSON.stringify(to.taken(path)).includes(name),
        ) &&
        messages("tcp").includes(subject) &&
        messages("tls").includes(subject) &&
        existsSync(join(at, "told.jsonl")) &&
        watch.stdout().includes(subject),
      () => `${watch.stderr()} ${JSON.stringify(to.posted)} ${messages("tcp")} ${messages("tls")}`,
    );
    // 19 × 8 + 2: local3, critical. 3 × 8 + 2: daemon.
    expect(messages("tcp")).toMatch(/^<154>1 .* bulkhead \d+ opened - opened critical privileged /m);
    expect(messages("tls")).toMatch(/^<26>1 .* bulkhead \d+ opened - opened critical privileged /m);
    expect(to.taken("/slack-hunter2")[0].blocks[0].text.text).toContain(`privileged opened on ${subject}`);
    expect(to.taken("/discord-hunter2")[0].embeds[0].title).toBe(`opened: privileged on ${subject}`);
    expect(to.taken("/")[0]).toMatchObject({ topic: "alerts", priority: 5 });
    expect(JSON.parse(readFileSync(join(at, "told.jsonl"), "utf8")).finding.subject).toBe(subject);
    // What waits for the one that hangs waits for the next watch.
    expect(await watch.end()).toBe(0);
    expect(watch.stderr()).toMatch(/1 change waits on the disk for the next watch/);
    expect(watch.stderr() + watch.stdout()).not.toContain("hunter2");
  });

  it("goes on where the disk of the queue is full: what waits is in memory, and is delivered", async () => {
    const to = await startPostReceiver();
    to.treat("fails");
    const small = join(testFolder(), "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
    onTestFinished(() => void execFileSync("umount", ["-l", small]));
    const at = configured([{ type: "webhook", url: `${to.address}/hook`, timeout: "1s" }], { queue: small });
    const watch = await start({ args: ["--no-history"], cwd: at });
    execFileSync("sh", ["-c", `cat /dev/zero > ${join(small, "filler")} 2>/dev/null || true`]);
    const names = [await run(newName()), await run(newName())];
    await until(() => watch.stderr().includes("cannot be written"));
    expect(watch.stderr()).toContain("the disk is full; changes wait in memory");
    await until(() => watch.stdout().includes(`container:${names[1]}`));
    to.treat("takes");
    const told = () =>
      to
        .taken("/hook")
        .flatMap(({ changes }) => changes)
        .map(({ finding }) => finding.subject);
    await until(() => told().length >= 2);
    expect(told()).toEqual(names.map((name) => `container:${name}`));
    rmSync(join(small, "filler"));
    const last = await run(newName());
    await until(() => told().includes(`container:${last}`));
    expect(await watch.end()).toBe(0);
    expect(watch.stderr()).not.toContain("lost");
  });

  it("two watches do not deliver from one queue, and a folder that cannot be made keeps nobody from watching", async () => {
    const to = await startPostReceiver();
    const at = configured([{ type: "webhook", url: `${to.address}/hook` }]);
    const first = await start({ args: ["--no-history"], cwd: at });
    const second = await runCli(program, ["watch", "--no-history", "-H", engine.host], { cwd: at });
    expect(second.stderr).toMatch(
      /^bulkhead: watch\.outputs\.0 \(webhook\): another bulkhead watch delivers what waits in .*; set watch\.queue to another folder for this one\n$/,
    );
    expect(second.status).toBe(2);
    expect(await first.end()).toBe(0);
    const without = configured([{ type: "webhook", url: `${to.address}/memory` }], {
      queue: "/dev/null/queue",
    });
    const watch = await start({ args: ["--no-history"], cwd: without });
    expect(watch.stderr()).toContain("what waits is kept in memory alone: /dev/null/queue/webhook-");
    const name = await run(newName());
    await until(() => JSON.stringify(to.taken("/memory")).includes(name));
    expect(await watch.end()).toBe(0);
  });

  it("says where changes wait for an address that is not configured any more", async () => {
    const to = await startPostReceiver();
    to.treat("fails");
    const at = configured([{ type: "webhook", url: `${to.address}/old` }]);
    const before = await start({ args: ["--no-history"], cwd: at });
    await run(newName());
    await until(() => before.stderr().includes("tried again until taken"));
    await before.end("SIGKILL");
    const watch = await start({
      args: ["--no-history", "--config", "bulkhead.yaml"],
      cwd: at,
      env: {},
    });
    expect(watch.stderr()).not.toContain("not configured any more");
    expect(await watch.end()).toBe(0);
    writeFileSync(
      join(at, "bulkhead.yaml"),
      readFileSync(join(at, "bulkhead.yaml"), "utf8").replace("/old", "/new"),
    );
    const after = await start({ args: ["--no-history"], cwd: at });
    expect(after.stderr()).toMatch(
      /changes wait in .*webhook-[0-9a-f]{12} for an address that is not configured any more: nobody delivers them/,
    );
    expect(await after.end()).toBe(0);
  });

  it("prints for the journal where that reads standard output, and tells systemd its state", async () => {
    const at = configured([]);
    const path = join(at, "journal");
    const descriptor = openSync(path, "a");
    const { dev, ino } = fstatSync(descriptor);
    const socket = join(at, "notify");
    const states = await listenToNotifications(socket);
    const watch = await start({
      args: ["--no-history"],
      cwd: at,
      stdout: descriptor,
      env: { JOURNAL_STREAM: `${dev}:${ino}`, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1000000" },
    });
    closeSync(descriptor);
    await until(() => states().includes("READY=1"));
    expect(states().join("\n")).toMatch(/^STATUS=watching \d+ containers? \(\d+ running\) on unix:/m);
    await until(() => states().includes("WATCHDOG=1"));
    const name = await run(newName());
    await until(() => readFileSync(path, "utf8").includes(name));
    expect(readFileSync(path, "utf8")).toMatch(
      new RegExp(`^<2>opened critical privileged container:${name} \\(\\w+\\): .*\\n$`),
    );
    expect(states()).not.toContain("STOPPING=1");
    expect(await watch.end()).toBe(0);
    await until(() => states().includes("STOPPING=1"));
  });

  it("the dashboard and the alert rules take metrics and labels that a scrape has", async () => {
    const at = configured([]);
    writeFileSync(join(at, "bulkhead.yaml"), "{}");
    const port = await freePort();
    const name = await run(newName(), ["--privileged", "--memory", "64m"]);
    const watch = await start({
      args: [
        ...["--no-history", "--interval", "1s", "--metrics", `127.0.0.1:${port}`],
        ...["--output", join(at, "changes.jsonl")],
      ],
      cwd: at,
    });
    const id = await engine.docker(["inspect", "--format={{.Id}}", name]);
    // Behind the Engine's back: drift.
    expect(loosenMemory(id)).toBeGreaterThan(0);
    await engine.docker(["restart", "-t", "0", await run(newName())]);
    const scrape = async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    let text = "";
    for (let tries = 0; tries < 100 && !/^bulkhead_drift_total\{/m.test(text); tries += 1) {
      text = await scrape();
      await new Promise((pause) => setTimeout(pause, 200));
    }
    expect(await watch.end()).toBe(0);
    const served = scraped(text);
    expect(
      [...served].map(([metric, labels]) => `${metric} ${[...labels].toSorted().join(",")}`).toSorted(),
    ).toEqual([
      "bulkhead_build_info version",
      "bulkhead_changes_total change,control,host,severity",
      "bulkhead_drift_total field,host",
      "bulkhead_engine_up host",
      "bulkhead_events_lost_total host",
      "bulkhead_events_total action,host",
      "bulkhead_findings control,host,severity,status",
      "bulkhead_kernel_events_lost_total host",
      "bulkhead_kernel_events_total host",
      "bulkhead_last_scan_timestamp_seconds host",
      "bulkhead_muted_containers host",
      "bulkhead_output_failures_total host,output",
      "bulkhead_output_oldest_seconds host,output",
      "bulkhead_output_sent_total host,output",
      "bulkhead_output_waiting host,output",
      "bulkhead_scan_duration_seconds_bucket host,le,scan",
      "bulkhead_scan_duration_seconds_count host,scan",
      "bulkhead_scan_duration_seconds_sum host,scan",
      "bulkhead_sweeps_late_total host",
    ]);
    expect(text).not.toContain(name);
    expect(text).not.toContain(id.slice(0, 12));
    const expressions = [...ruleExpressions(), ...dashboardExpressions()];
    expect(expressions.length).toBeGreaterThan(15);
    const unused = new Set(served.keys());
    for (const expression of expressions) {
      const { metrics, grouped } = usedIn(expression);
      expect(metrics.length, expression).toBeGreaterThan(0);
      for (const { name: metric, labels } of metrics) {
        unused.delete(metric);
        const known = served.get(metric);
        expect(known, expression).toBeDefined();
        for (const label of labels) expect(known?.has(label), `${label} in ${expression}`).toBe(true);
        for (const label of grouped) expect(known?.has(label), `by ${label} in ${expression}`).toBe(true);
      }
    }
    expect([...unused]).toEqual([
      "bulkhead_events_lost_total",
      "bulkhead_sweeps_late_total",
      "bulkhead_kernel_events_total",
      "bulkhead_kernel_events_lost_total",
      "bulkhead_muted_containers",
      "bulkhead_output_sent_total",
      "bulkhead_output_failures_total",
      "bulkhead_output_waiting",
      "bulkhead_scan_duration_seconds_sum",
      "bulkhead_scan_duration_seconds_count",
    ]);
  });

  it("sees with the capabilities of its unit all that it sees with every one", async () => {
    const unit = readFileSync("packaging/watch/bulkhead-watch.service", "utf8");
    const [, set = ""] = /^CapabilityBoundingSet=(.+)$/m.exec(unit) ?? [];
    const capabilities = set
      .split(" ")
      .map((capability) => `+${capability.replace("CAP_", "").toLowerCase()}`);
    expect(capabilities).toEqual(["+dac_read_search", "+sys_ptrace"]);
    await run(newName());
    await run(newName(), ["-u", "1000:1000", "--pid=host", "-v", `${engine.socketPath}:/engine.sock`]);
    const look = (under: readonly string[]) => {
      const [command = "", ...words] = [...under, process.execPath, program];
      const text = execFileSync(
        command,
        [...words, "watch", "--once", "--no-history", "--no-config", "--format", "jsonl", "-H", engine.host],
        { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], cwd: "/" },
      );
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).finding);
    };
    const all = look([]);
    expect(all.length).toBeGreaterThan(10);
    expect(all.some(({ level }) => level === "effective")).toBe(true);
    expect(look(["setpriv", "--bounding-set", ["-all", ...capabilities].join(), "--no-new-privs"])).toEqual(
      all,
    );
  });
});

function ruleExpressions(): readonly string[] {
  const { groups } = parseDocument(readFileSync("packaging/watch/prometheus-rules.yml", "utf8")).toJS();
  return groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr));
}

function dashboardExpressions(): readonly string[] {
  const { panels, templating } = JSON.parse(readFileSync("packaging/watch/grafana-dashboard.json", "utf8"));
  return [
    ...panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
    ...templating.list.flatMap(({ definition }: { definition?: string }) => definition ?? []),
  ];
}

/** systemd's end of its socket, which Node cannot make: what comes, a variable a line. */
async function listenToNotifications(path: string): Promise<() => readonly string[]> {
  const script = `
    use strict; use Socket; $| = 1;
    socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
    print "listening\\n";
    while (defined(recv($s, my $m, 65536, 0))) { print "$m\\n" }`;
  const child = spawn("perl", ["-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await until(() => text.includes("listening"));
  return () => text.split("\n").filter(Boolean);
}
