import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, spawnDocker, startGuard } from "../support/guard/guard-process.ts";
import { wire } from "../support/guard/guard-proxy.ts";
import { makeCertificates } from "./certificates.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

describeWithEngine("what works through the guard, with the default policy", () => {
  const shop = mkdtempSync(join(tmpdir(), "bulkhead-shop-"));
  let engine: TestEngine;
  let guard: GuardProcess;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    // The files of the project below are the host's: its secret is mounted from there.
    const config = join(shop, "bulkhead.yaml");
    const mounts = [{ source: `${shop}/*`, readOnly: true }];
    writeFileSync(config, JSON.stringify({ guard: { allow: { mounts } } }));
    guard = await startGuard(builtCommand(), engine.host, [
      ...["--config", config],
      "--metrics",
      `unix://${engine.folder}/m.sock`,
    ]);
  });
  afterAll(async () => {
    rmSync(shop, { recursive: true, force: true });
    await guard?.stop();
    await engine?.stop();
  });

  /** Runs docker, and takes no failure. */
  async function docker(args: readonly string[], input?: string): Promise<string> {
    const ran = await guard.docker(args, input === undefined ? {} : { input });
    expect(ran, `docker ${args.join(" ")}`).toMatchObject({ status: 0 });
    return ran.stdout.trim();
  }

  it("version, info, ps, images, volumes, networks", async () => {
    expect(await docker(["version", "--format", "{{.Server.APIVersion}}"])).toBe("1.45");
    expect(await docker(["info", "--format", "{{.Driver}}"])).not.toBe("");
    expect(await docker(["ps", "--all", "--format", "{{.ID}}"])).toBe("");
    expect(await docker(["images", "--format", "{{.Repository}}:{{.Tag}}"])).toBe(busybox);
    await docker(["volume", "create", "data"]);
    await docker(["volume", "rm", "data"]);
    await docker(["network", "create", "own"]);
    await docker(["network", "inspect", "own"]);
    await docker(["network", "rm", "own"]);
  });

  it("run: its output, its error, its exit status, its input up to the end", async () => {
    const ran = await guard.docker(["run", "--rm", busybox, "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(ran).toEqual({ status: 7, stdout: "out\n", stderr: "err\n" });
    expect(await docker(["run", "--rm", "-i", busybox, "cat"], "hi")).toBe("hi");
    const much = "x".repeat(300_000);
    expect(await docker(["run", "--rm", "-i", busybox, "wc", "-c"], much)).toBe("300000");
    expect(await docker(["run", "--rm", "-i", busybox, "cat"], much)).toBe(much);
  });

  it("run -it with a terminal, that has a size and takes keys", async () => {
    const command = `docker run --rm -it ${busybox} sh -c 'stty size; read line; echo got $line; tty'`;
    const output = execFileSync("script", ["-qec", `stty rows 33 cols 99; ${command}`, "/dev/null"], {
      env: { PATH: process.env.PATH ?? "", HOME: guard.folder, DOCKER_HOST: guard.host, TERM: "xterm" },
      input: "word\n",
      timeout: 30_000,
    }).toString();
    expect(output).toContain("got word");
    expect(output).toContain("/dev/pts/0");
  });

  it("hardens what is created, and says so in the log and the answer", async () => {
    const id = await docker(["create", busybox, "true"]);
    const document = JSON.parse(await engine.docker(["inspect", id]));
    expect(document[0].HostConfig.SecurityOpt).toContain("no-new-privileges");
    const entry = guard.entries().findLast(({ route }) => route === "container-create");
    expect(entry).toMatchObject({ verdict: "harden" });
    expect(entry?.controls).toContain("no-new-privileges");
    await docker(["rm", id]);
  });

  it("denies with the reason, as docker prints an error of the Engine", async () => {
    const ran = await guard.docker(["run", "--rm", "--privileged", busybox, "true"]);
    expect(ran.status).toBe(125);
    expect(ran.stderr).toMatch(/Error response from daemon: bulkhead: .*\(privileged\)/);
    expect(await engine.docker(["ps", "-aq"])).toBe("");
  });

  it("logs -f, events, stats and top follow a container to its end", async () => {
    const events = spawnDocker(guard, ["events", "--format", "{{.Action}}"]);
    await docker([
      "run",
      "-d",
      "--name",
      "talker",
      busybox,
      "sh",
      "-c",
      "trap 'exit 0' TERM; for i in 1 2 3; do echo line $i; sleep 0.1; done; sleep 60 & wait",
    ]);
    const logs = spawnDocker(guard, ["logs", "-f", "talker"]);
    await logs.until("line 3");
    expect(await docker(["stats", "--no-stream", "--format", "{{.Name}}"])).toBe("talker");
    expect(await docker(["top", "talker"])).toContain("sleep 60");
    await docker(["stop", "-t", "5", "talker"]);
    expect(await logs.ended).toBe(0);
    await docker(["rm", "talker"]);
    await events.until("destroy");
    events.child.kill("SIGINT");
    await events.ended;
  });

  it("exec with and without input, attach, wait, cp, rename, kill", async () => {
    await docker(["run", "-d", "-i", "--name", "shell", busybox, "sh"]);
    expect(await docker(["exec", "shell", "echo", "inside"])).toBe("inside");
    expect(await docker(["exec", "-i", "shell", "cat"], "through")).toBe("through");
    writeFileSync(join(guard.folder, "file"), "content");
    await docker(["cp", join(guard.folder, "file"), "shell:/tmp/file"]);
    expect(await docker(["exec", "shell", "cat", "/tmp/file"])).toBe("content");
    await docker(["cp", "shell:/tmp/file", join(guard.folder, "back")]);
    expect(readFileSync(join(guard.folder, "back"), "utf8")).toBe("content");
    await docker(["rename", "shell", "other"]);
    // Where its input ends, the Engine ends the output of an attach as well: it stays open until the word is back.
    const attached = spawnDocker(guard, ["attach", "other"]);
    attached.child.stdin?.write("echo attached\n");
    await attached.until("attached");
    attached.child.stdin?.end("exit 4\n");
    expect(await attached.ended).toBe(4);
    await docker(["rm", "-f", "other"]);
  });

  it("build with the classic builder", async () => {
    const folder = join(guard.folder, "context");
    mkdirSync(folder);
    writeFileSync(join(folder, "Dockerfile"), `FROM ${busybox}\nCOPY big /big\nRUN wc -c /big\nUSER 1000\n`);
    writeFileSync(join(folder, "big"), Buffer.alloc(3_000_000, "x"));
    const ran = await guard.docker(["build", "-t", "built", folder], { env: { DOCKER_BUILDKIT: "0" } });
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stdout).toContain("3000000 /big");
    expect(await docker(["run", "--rm", "built", "id", "-u"])).toBe("1000");
  });

  it("compose up, ps, logs and down", async () => {
    const file = join(guard.folder, "compose.yaml");
    const service = (name: string) =>
      `  ${name}:\n    image: ${busybox}\n    command: sh -c 'echo up ${name}; sleep 60'\n    init: true\n`;
    writeFileSync(
      file,
      `name: both\nservices:\n${service("one")}${service("two")}    volumes: [kept:/kept]\nvolumes:\n  kept:\n`,
    );
    const compose = (...args: string[]) => guard.docker(["compose", "-f", file, ...args]);
    const up = await compose("up", "-d");
    expect(up.stderr, "compose up").not.toContain("bulkhead");
    expect(up.status, up.stderr).toBe(0);
    expect((await compose("ps", "--format", "{{.Name}}")).stdout).toContain("both-two-1");
    expect((await compose("logs")).stdout).toContain("up one");
    expect(await compose("down", "-v", "-t", "1")).toMatchObject({ status: 0 });
    expect(await engine.docker(["ps", "-aq"])).toBe("");
  });

  it("a project as people write them: build, networks, health, order, secrets, configs, and what they do with it", async () => {
    const project = shop;
    mkdirSync(join(project, "web"), { recursive: true });
    writeFileSync(join(project, "token"), "a token");
    writeFileSync(
      join(project, "web/Dockerfile"),
      `FROM ${busybox}\nRUN mkdir /www && echo hello > /www/index.html\n`,
    );
    writeFileSync(
      join(project, "compose.yaml"),
      `name: shop
services:
  db:
    image: ${busybox}
    command: sh -c 'touch /data/ready; sleep 1d'
    init: true
    environment: { PASSWORD: hunter2 }
    volumes: [data:/data]
    networks: [back]
    secrets: [token]
    healthcheck: { test: ["CMD", "test", "-f", "/data/ready"], interval: 1s, retries: 60 }
  web:
    build: ./web
    command: httpd -f -v -p 8080 -h /www
    init: true
    depends_on: { db: { condition: service_healthy } }
    networks: [front, back]
    ports: ["127.0.0.1:18080:8080"]
    configs: [settings]
volumes: { data: {} }
networks: { front: {}, back: { internal: true } }
secrets: { token: { file: ./token } }
configs: { settings: { content: "a=b" } }
`,
    );
    const compose = async (...args: string[]) => {
      const ran = await guard.docker(["compose", "--project-directory", project, ...args], {
        env: { DOCKER_BUILDKIT: "0" },
      });
      expect(ran, `compose ${args.join(" ")}`).toMatchObject({ status: 0 });
      return ran.stdout;
    };
    await compose("up", "-d");
    expect(await compose("ps", "db")).toContain("(healthy)");
    const get = ["wget", "-qO-", "http://127.0.0.1:8080"];
    expect(await compose("exec", "-T", "web", ...get)).toBe("hello\n");
    expect(await compose("exec", "-T", "web", "cat", "/settings")).toBe("a=b");
    expect(await compose("exec", "-T", "db", "cat", "/run/secrets/token")).toBe("a token");
    expect(await compose("exec", "-T", "web", "ping", "-c1", "-W5", "db")).toContain("1 packets received");
    expect(await compose("logs", "web")).toContain("response:200");
    await compose("restart", "-t", "1", "web");
    await compose("pull", "--policy", "missing");
    expect(await compose("run", "--rm", "-T", "web", "echo", "once")).toContain("once");
    await compose("cp", "web:/www/index.html", join(project, "copied"));
    await compose("up", "-d", "-t", "1", "--force-recreate");
    await compose("stop", "-t", "1");
    await compose("start");
    expect(await compose("top", "web")).toContain("httpd");
    const hardened = JSON.parse(await engine.docker(["inspect", "shop-web-1"]));
    expect(hardened[0].HostConfig).toMatchObject({ SecurityOpt: ["no-new-privileges"], PidsLimit: 8192 });
    await compose("down", "-v", "-t", "1");
    expect(await engine.docker(["ps", "-aq"])).toBe("");
    expect(await engine.docker(["volume", "ls", "-q", "--filter=name=shop"])).toBe("");
    expect(readFileSync(guard.logPath, "utf8")).not.toMatch(/hunter2|a token/);
  }, 240_000);

  it("fifty clients at once", async () => {
    const ran = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        guard.docker(["run", "--rm", "--network", "none", busybox, "echo", `client ${index}`]),
      ),
    );
    expect(ran.map(({ stdout, stderr }) => stdout.trim() || stderr)).toEqual(
      ran.map((_, index) => `client ${index}`),
    );
  }, 300_000);

  it("a gigabyte through an attached stream and a large context into a build, without growing", async () => {
    const before = guard.size().memory;
    const gigabyte = 1024 * 1024 * 1024;
    const run = spawnDocker(guard, [
      "run",
      "--rm",
      "--network",
      "none",
      "--log-driver",
      "none",
      busybox,
      "head",
      "-c",
      String(gigabyte),
      "/dev/zero",
    ]);
    expect(await run.ended).toBe(0);
    await pause(100);
    expect(run.bytes()).toBe(gigabyte);
    const folder = join(guard.folder, "large");
    mkdirSync(folder);
    writeFileSync(join(folder, "Dockerfile"), `FROM ${busybox}\nUSER 1000\n`);
    writeFileSync(join(folder, "file"), "");
    truncateSync(join(folder, "file"), 256 * 1024 * 1024);
    const built = await guard.docker(["build", folder], { env: { DOCKER_BUILDKIT: "0" } });
    expect(built).toMatchObject({ status: 0 });
    expect(guard.size().memory - before).toBeLessThan(96 * 1024 * 1024);
  }, 300_000);

  it("a reader that stands still makes the Engine wait, and nothing grows", async () => {
    const id = await docker([
      "run",
      "-d",
      "--network",
      "none",
      "--log-driver",
      "none",
      busybox,
      "cat",
      "/dev/zero",
    ]);
    const before = guard.size().memory;
    const slow = wire(
      guard.socketPath,
      `POST /v1.45/containers/${id}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    await slow.until("101");
    slow.socket.pause();
    await pause(1_500);
    expect(guard.size().memory - before).toBeLessThan(64 * 1024 * 1024);
    // The others go on.
    await docker(["ps"]);
    slow.socket.destroy();
    await docker(["rm", "-f", id]);
  });

  it("attach by WebSocket, and in the old way, without an Upgrade", async () => {
    const id = await docker(["run", "-d", "-i", "--network", "none", busybox, "cat"]);
    const target = `/v1.45/containers/${id}/attach`;
    const query = "stream=1&stdin=1&stdout=1";
    const handshake =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const web = wire(
      guard.socketPath,
      `GET ${target}/ws?${query} HTTP/1.1\r\nHost: docker\r\n${handshake}\r\n`,
    );
    expect(await web.until("\r\n\r\n")).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    // A masked text frame (RFC 6455, 5.2), with a mask of zeros.
    web.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | 4, 0, 0, 0, 0]), Buffer.from("web\n")]));
    await web.until("web\n");
    web.socket.destroy();
    const old = wire(
      guard.socketPath,
      `POST ${target}?${query} HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(await old.until("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    old.socket.write("old\n");
    await old.until("old\n");
    old.socket.destroy();
    await docker(["rm", "-f", id]);
  });

  it("a client that vanishes takes its stream with it", async () => {
    // Connections of the tests before are still being closed.
    let before = Number.NaN;
    for (; before !== guard.size().files; await pause(200)) before = guard.size().files;
    const clients = Array.from({ length: 20 }, () =>
      wire(guard.socketPath, "GET /v1.45/events HTTP/1.1\r\nHost: docker\r\n\r\n"),
    );
    await Promise.all(clients.map((client) => client.until("200 OK")));
    expect(guard.size().files).toBeGreaterThanOrEqual(before + 20);
    for (const { socket } of clients) socket.destroy();
    for (let waited = 0; guard.size().files > before + 5 && waited < 5_000; waited += 50) await pause(50);
    expect(guard.size().files).toBeLessThanOrEqual(before + 5);
  });

  it("many requests leave files and memory level", async () => {
    const request = "GET /v1.45/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n";
    const ask = async (count: number) => {
      for (let at = 0; at < count; at += 500) {
        const client = wire(
          guard.socketPath,
          request.repeat(499) + request.replace("Host: docker", "Host: docker\r\nConnection: close"),
        );
        const answered = await client.ended();
        expect(answered.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(500);
        client.socket.destroy();
      }
    };
    await ask(2_000);
    const before = guard.size();
    await ask(4_000);
    const after = guard.size();
    expect(after.files).toBeLessThanOrEqual(before.files + 5);
    expect(after.memory - before.memory).toBeLessThan(48 * 1024 * 1024);
  }, 120_000);

  it("counts what it does, without the name of any object", async () => {
    const get = (path: string) =>
      wire(`${engine.folder}/m.sock`, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`).ended();
    const metrics = await get("/metrics");
    expect(metrics).toMatch(
      /bulkhead_guard_requests_total\{client="default",route="container-create",verdict="harden"\} \d+/,
    );
    expect(metrics).toMatch(/bulkhead_guard_rules_total\{rule="privileged",verdict="deny"\} 1\n/);
    expect(metrics).toMatch(/bulkhead_guard_decision_seconds_bucket\{route="ping-head",le="\+Inf"\} \d+/);
    expect(metrics).not.toMatch(/talker|busybox|both-one/);
    expect(await get("/healthz")).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\nok\n/s);
    expect(await get("/containers/json")).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describeWithEngine("the guard when things go wrong", () => {
  let engine: TestEngine;
  let program: string;
  const guards: GuardProcess[] = [];

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    for (const guard of guards) await guard.stop();
    await engine?.stop();
  });

  async function start(host: string, args?: readonly string[]): Promise<GuardProcess> {
    const guard = await startGuard(program, host, args);
    guards.push(guard);
    return guard;
  }

  it("answers 503 while there is no Engine, and goes on with the one that takes its place", async () => {
    const folder = join(engine.folder, "place");
    mkdirSync(folder);
    const place = join(folder, "docker.sock");
    const link = (target: string) => execFileSync("ln", ["-sfn", target, place]);
    const first = await startEngine();
    link(first.socketPath);
    const guard = await start(`unix://${place}`);
    expect(await guard.docker(["ps"])).toMatchObject({ status: 0 });
    const events = spawnDocker(guard, ["events"]);
    await pause(300);
    await first.stop();
    expect(await events.ended).not.toBe(0);
    const ran = await guard.docker(["ps"]);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/bulkhead: the Engine at unix:\S+ does not answer: the socket does not exist/);
    link(engine.socketPath);
    expect(await guard.docker(["images", "-q", busybox])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\w/),
    });
  });

  it("leaves an Engine for the one that took its socket's place while both live", async () => {
    const place = join(engine.folder, "moved.sock");
    const other = await startEngine();
    try {
      execFileSync("ln", ["-sfn", other.socketPath, place]);
      const guard = await start(`unix://${place}`);
      const idOf = async () => (await guard.docker(["info", "--format", "{{.ID}}"])).stdout;
      const before = await idOf();
      execFileSync("ln", ["-sfn", engine.socketPath, place]);
      await pause(1_100);
      expect(await idOf()).not.toBe(before);
    } finally {
      await other.stop();
    }
  });

  it("denies what it cannot write down: a full disk, until there is room again", async () => {
    const disk = join(engine.folder, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    try {
      const guard = await start(engine.host, ["--no-config", "--log", join(disk, "audit.log")]);
      expect(await guard.docker(["ps"])).toMatchObject({ status: 0 });
      try {
        writeFileSync(join(disk, "fill"), Buffer.alloc(128 * 1024));
      } catch {
        // That is the point.
      }
      for (let at = 0; at < 40; at += 1) await guard.docker(["version"]);
      const ran = await guard.docker(["ps"]);
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain("the disk is full (guard-log)");
      expect(guard.said()).toContain("the disk is full");
      rmSync(join(disk, "fill"));
      expect(await guard.docker(["ps"])).toMatchObject({ status: 0 });
      guard.signal("SIGTERM");
      expect(await guard.ended()).toBe(0);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  }, 240_000);

  it("reads the policy anew on SIGHUP; a broken one changes nothing, and no stream ends", async () => {
    const config = join(engine.folder, "bulkhead.yaml");
    writeFileSync(config, "guard:\n  preset: read-only\n");
    const guard = await start(engine.host, ["--config", config]);
    const events = spawnDocker(guard, ["events"]);
    const create = () => guard.docker(["create", "--name", "reloaded", busybox, "true"]);
    expect((await create()).stderr).toContain("guard-route");
    writeFileSync(config, "guard:\n  preset: read-only\n  mode: [enforce\n");
    guard.signal("SIGHUP");
    await guard.untilSaid("the one from before stays");
    expect((await create()).stderr).toContain("guard-route");
    writeFileSync(config, "guard: {}\n");
    guard.signal("SIGHUP");
    await guard.untilSaid("read anew");
    expect(await create()).toMatchObject({ status: 0 });
    await events.until("container create");
    await guard.docker(["rm", "reloaded"]);
    events.child.kill("SIGINT");
    await events.ended;
  });

  it("moves to a new log file on SIGHUP, and to the next by itself when one is full", async () => {
    const guard = await start(engine.host, ["--no-config", "--log-size", "4k", "--log-keep", "2"]);
    for (let at = 0; at < 20; at += 1) await guard.docker(["version"]);
    expect(
      readdirSync(guard.folder)
        .filter((name) => name.startsWith("audit.log"))
        .toSorted(),
    ).toEqual(["audit.log", "audit.log.1", "audit.log.2", "audit.log.policy.json"]);
    execFileSync("mv", [guard.logPath, `${guard.logPath}.moved`]);
    guard.signal("SIGHUP");
    await guard.untilSaid("read anew");
    await guard.docker(["version"]);
    expect(guard.entries().length).toBeGreaterThan(0);
  });

  it("ends on SIGTERM under load: what runs may end, what streams is cut after the grace", async () => {
    const guard = await start(engine.host, ["--no-config", "--grace", "2"]);
    const events = spawnDocker(guard, ["events"]);
    const running = spawnDocker(guard, [
      "run",
      "--rm",
      "--network",
      "none",
      busybox,
      "sh",
      "-c",
      "sleep 1; echo to the end",
    ]);
    await pause(700);
    const load = Promise.all(Array.from({ length: 10 }, () => guard.docker(["ps"])));
    guard.signal("SIGTERM");
    await running.until("to the end");
    expect(await guard.ended()).toBe(0);
    await load;
    await Promise.all([events.ended, running.ended]);
    expect(guard.said()).toMatch(/ended, and cut \d+ connection/);
    expect(readdirSync(guard.folder)).not.toContain("guard.sock");
  });

  it("knows a client by its certificate, hijacks over TLS, and lets nobody in without one", async () => {
    const certificates = makeCertificates(engine.folder);
    const config = join(engine.folder, "tls.yaml");
    writeFileSync(
      config,
      "guard:\n  preset: read-only\n  clients:\n    ci: { preset: ci-runner, certificates: [client] }\n",
    );
    const port = 20_000 + (process.pid % 20_000);
    const { server } = certificates;
    const files = `ca=${join(certificates.authority, "ca.pem")},cert=${join(server, "cert.pem")},key=${join(server, "key.pem")}`;
    const guard = await start(engine.host, [
      "--config",
      config,
      "--listen",
      `tcp://127.0.0.1:${port},${files}`,
    ]);
    const env = (folder: string) => ({
      DOCKER_HOST: `tcp://127.0.0.1:${port}`,
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: folder,
    });
    const run = ["run", "--rm", "-i", "--network", "none", busybox, "cat"];
    const ran = await guard.docker(run, { input: "over TLS", env: env(certificates.client) });
    expect(ran).toMatchObject({ status: 0, stdout: "over TLS" });
    expect(guard.entries().at(-1)).toMatchObject({ client: "ci" });
    expect((await guard.docker(run, { input: "" })).stderr).toContain("guard-route");
    expect(guard.entries().at(-1)).toMatchObject({ client: "default" });
    const count = guard.entries().length;
    const stranger = await guard.docker(["ps"], { env: env(certificates.authority) });
    expect(stranger.status).toBe(1);
    expect(guard.entries()).toHaveLength(count);
  });

  it("opens a session of BuildKit only where the policy does, and then speaks it itself", async () => {
    const ask =
      "POST /session HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Uuid: abc\r\nX-Docker-Expose-Session-Name: x\r\n\r\n";
    const config = join(engine.folder, "session.yaml");
    writeFileSync(config, "guard:\n  routes: { session: deny }\n");
    const closed = await start(engine.host, ["--config", config]);
    expect(await wire(closed.socketPath, ask).until("}")).toMatch(/^HTTP\/1\.1 403 /);
    const open = await start(engine.host);
    const session = wire(open.socketPath, ask);
    expect(await session.until("\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 .*Upgrade: h2c\r\n/s);
    session.socket.destroy();
  });

  it("takes the place of a guard that was killed, and not of one that lives", async () => {
    const first = await start(engine.host);
    const again = (socket: string) =>
      startGuard(program, engine.host, ["--no-config", "--listen", `unix://${socket}`]);
    await expect(again(first.socketPath)).rejects.toThrow("something listens on");
    first.signal("SIGKILL");
    await first.ended();
    expect(readdirSync(first.folder)).toContain("guard.sock");
    const second = await again(first.socketPath);
    guards.push(second);
    expect(second.said()).toContain(first.socketPath);
  });
});
