import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

/** Where cgroups are still of version 1, the Engine shares their namespace unless it is told not to. */
const usual = "guard: { controls: { host-cgroup-namespace: off } }\n";

/** What docker run needs beside the image, for nothing to be left to harden. */
const hardened = [
  "--security-opt=no-new-privileges",
  "--pids-limit=100",
  "--network=none",
  "--log-opt=max-size=1m",
];

const body = JSON.stringify({ Image: busybox, HostConfig: { Privileged: true }, Labels: {} });
const padded = body.replace('"Labels":{}', `"Labels":{"a":"${"x".repeat(1_100_000)}"}`);
const json = "Content-Type: application/json\r\n";

function post(path: string, headers: string, content: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n${headers}${content}`;
}

function sized(text: string): string {
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function chunked(text: string): string {
  return `Transfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

const create = "/v1.45/containers/create";
const tag = `/v1.45/images/${busybox}/tag?repo=good&tag=1`;
const form = "Content-Type: application/x-www-form-urlencoded\r\n";

/** Requests byte for byte; `works` without a plugin. */
const attacks: readonly (readonly [string, { readonly text: string; readonly works: boolean }])[] = [
  ["a privileged container", { text: post(create, json, sized(body)), works: true }],
  ["one in chunks", { text: post(create, json, chunked(body)), works: true }],
  ["one of more than 1 MiB", { text: post(create, json, sized(padded)), works: true }],
  ["one of more than 1 MiB in chunks", { text: post(create, json, chunked(padded)), works: true }],
  // CVE-2024-41110: an Engine that has it shows a plugin nothing of it.
  [
    "one that is announced as empty",
    { text: post(create, `${json}Content-Length: 0\r\n`, chunked(body)), works: true },
  ],
  [
    "one behind a second type",
    { text: post(create, `${json}Content-Type: text/plain\r\n`, sized(body)), works: true },
  ],
  [
    "one behind a first type",
    { text: post(create, `Content-Type: text/plain\r\n${json}`, sized(body)), works: false },
  ],
  [
    "one that is labelled as compressed",
    { text: post(create, `${json}Content-Encoding: gzip\r\n`, sized(body)), works: true },
  ],
  [
    "one with a long s",
    { text: post(create, json, sized(body.replace("HostConfig", "Ho\u017ftConfig"))), works: true },
  ],
  [
    "one with a second HostConfig",
    {
      text: post(
        create,
        json,
        sized(body.replace("true", "false").replace(/\}$/, ',"hostconfig":{"Privileged":true}}')),
      ),
      works: true,
    },
  ],
  ["one behind a dot", { text: post("/v1.45/./containers/create", json, sized(body)), works: false }],
  ["one of an odd version", { text: post("/v1.045/containers/create", json, sized(body)), works: true }],
  ["one at an absolute address", { text: post(`http://docker${create}`, json, sized(body)), works: true }],
  ["a container of nothing", { text: post(create, json, "\r\n"), works: false }],
  ["a form that overrides the query", { text: post(tag, form, sized("repo=evil")), works: true }],
  ["one behind JSON", { text: post(tag, form + json, sized("repo=evil")), works: true }],
  [
    "one behind a text",
    { text: post(tag, `${form}Content-Type: text/plain\r\n`, sized("repo=evil")), works: true },
  ],
  ["one in chunks behind JSON", { text: post(tag, form + json, chunked("repo=evil")), works: true }],
  [
    "one behind an archive to build",
    {
      text: post(
        "/v1.45/build?t=x",
        `${form}Content-Type: application/x-tar\r\n`,
        sized("remote=http://127.0.0.1:9/"),
      ),
      works: false,
    },
  ],
];

/** Straight to dockerd's socket, as it stands. */
function rawTo(socketPath: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const line = connect(socketPath, () => line.write(text));
    line.setTimeout(20_000, () => line.destroy());
    line.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    line.on("close", () => resolve(answer));
    line.on("error", reject);
  });
}

describeWithEngine("a dockerd without bulkhead", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it.each(attacks.filter(([, { works }]) => works))("takes %s", async (_, { text }) => {
    expect(await rawTo(engine.socketPath, text)).toMatch(/^HTTP\/1\.1 201 /);
    const all = (await engine.docker(["ps", "-aq"])).split("\n").filter(Boolean);
    const privileged =
      all.length > 0 && (await engine.docker(["inspect", "--format={{.HostConfig.Privileged}}", ...all]));
    const images = await engine.docker(["images", "--format={{.Repository}}"]);
    expect(privileged === "true" || images.includes("evil")).toBe(true);
    if (all.length > 0) await engine.docker(["rm", ...all]);
    if (images.includes("evil")) await engine.docker(["rmi", "evil:1"]);
  });
});

describeWithEngine("bulkhead guard authz, in a real dockerd", () => {
  const name = `bulkhead-test-${randomBytes(4).toString("hex")}`;
  const socket = `/run/docker/plugins/${name}.sock`;
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-authz-"));
  const config = join(folder, "bulkhead.yaml");
  const log = join(folder, "audit.log");
  let program = "";
  let plugin: ChildProcess;
  let told = "";
  let engine: TestEngine;

  beforeAll(async () => {
    program = builtCommand();
    // The images of the test come in through the plugin, too.
    writeFileSync(config, "guard: { mode: warn }\n");
    plugin = start();
    await until(() => existsSync(socket));
    engine = await startEngine({
      flags: [`--authorization-plugin=${name}`],
      hosts: [`unix://${folder}/engine.sock`],
    });
    await importBusybox(engine);
    // Made elsewhere, as far as the policy goes that is enforced from here on.
    await engine.docker(["create", "--name=dangerous", "--privileged", busybox]);
    await reload(usual);
  });

  afterAll(async () => {
    // An engine whose plugin is gone answers nobody: first the engine.
    await engine?.stop();
    plugin?.kill("SIGKILL");
    rmSync(socket, { force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const child = spawn(
      process.execPath,
      [
        program,
        "guard",
        "authz",
        `--listen=unix://${socket}`,
        `--host=unix://${folder}/engine.sock`,
        `--config=${config}`,
        `--log=${log}`,
        `--learn=${folder}/learnt.yaml`,
      ],
      { env: { PATH: process.env.PATH ?? "", HOME: folder }, stdio: ["ignore", "inherit", "pipe"] },
    );
    child.stderr?.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
    return child;
  }

  async function reload(yaml: string): Promise<void> {
    told = "";
    writeFileSync(config, yaml);
    plugin.kill("SIGHUP");
    await until(() => told.includes("SIGHUP"));
  }

  const denied = async (args: readonly string[], input?: Uint8Array): Promise<string> => {
    const outcome = await engine.docker(args, input).then(
      (printed) => `went through: ${printed}`,
      (error: Error) => error.message,
    );
    expect(outcome).toContain(`authorization denied by plugin ${name}`);
    return outcome;
  };

  function raw(text: string): Promise<string> {
    return rawTo(engine.socketPath, text);
  }

  async function containers(): Promise<readonly string[]> {
    const printed = await engine.docker(["ps", "-a", "--format={{.Names}}"]);
    return printed.split("\n").filter((each) => each !== "");
  }

  it("lets reads through", async () => {
    expect(await engine.docker(["version", "--format={{.Server.Os}}"])).toBe("linux");
    expect(await engine.docker(["images", "--format={{.Repository}}"])).toBe("busybox");
    expect(await engine.docker(["inspect", "--format={{.Name}}", "dangerous"])).toBe("/dangerous");
  });

  it("denies what is dangerous, and nothing of it comes to be", async () => {
    expect(await denied(["run", "--privileged", "--name=bad", ...hardened, busybox, "true"])).toContain(
      "(privileged)",
    );
    await denied(["run", "-v", "/:/host", "--name=bad", ...hardened, busybox, "true"]);
    await denied(["run", "--pid=host", "--name=bad", ...hardened, busybox, "true"]);
    await denied(["run", "-v", `${engine.socketPath}:/s`, "--name=bad", ...hardened, busybox, "true"]);
    expect(await containers()).toEqual(["dangerous"]);
  });

  it("denies what the proxy would harden, with the flags to add; with them it goes through", async () => {
    const said = await denied(["run", "--rm", "--name=plain", busybox, "echo", "hi"]);
    expect(said).toContain("--security-opt no-new-privileges");
    expect(said).toContain("--pids-limit 2048");
    const added = said.split("say it yourself: ")[1]?.split("\n")[0]?.split(" ") ?? [];
    expect(await engine.docker(["run", "--rm", "--network=none", ...added, busybox, "echo", "hi"])).toBe(
      "hi",
    );
  });

  it("runs, attaches, execs and copies into what is hardened", async () => {
    await engine.docker(["run", "-d", "--name=web", ...hardened, busybox, "sleep", "1000"]);
    try {
      expect(await engine.docker(["exec", "web", "id", "-u"])).toBe("0");
      expect(await engine.docker(["exec", "-i", "web", "cat"], Buffer.from("through"))).toBe("through");
      await engine.docker(["cp", "-", "web:/tmp"], await tarOf("a"));
      expect(await engine.docker(["exec", "web", "cat", "/tmp/a"])).toBe("a");
      await denied(["exec", "--privileged", "web", "id"]);
      await denied(["update", "--pids-limit=-1", "web"]);
    } finally {
      await engine.docker(["rm", "-f", "web"]);
    }
    expect(await engine.docker(["run", "-i", "--rm", ...hardened, busybox, "cat"], Buffer.from("hi\n"))).toBe(
      "hi",
    );
  });

  it("denies to start what was made elsewhere and would not be made by the policy", async () => {
    await denied(["start", "dangerous"]);
    expect(await engine.docker(["inspect", "--format={{.State.Status}}", "dangerous"])).toBe("created");
  });

  it.each(attacks)("denies %s", async (_, { text }) => {
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 [34]\d\d /);
    expect(await containers()).toEqual(["dangerous"]);
    expect(await engine.docker(["images", "--format={{.Repository}}"])).toBe("busybox");
  });

  it("brings a hardened Compose project up and down, and not one that is not", async () => {
    const service = `image: ${busybox}
    command: sleep 1000
    network_mode: none
    security_opt: [no-new-privileges]
    pids_limit: 100
    logging: { driver: json-file, options: { max-size: 1m } }`;
    const file = join(folder, "compose.yaml");
    writeFileSync(file, `name: authz\nservices:\n  web:\n    ${service}\n`);
    const compose = ["compose", "-f", file];
    await engine.docker([...compose, "up", "-d"]);
    expect(await engine.docker([...compose, "ps", "--format={{.Service}}"])).toBe("web");
    await engine.docker([...compose, "down", "-t", "0"]);
    writeFileSync(file, `name: authz\nservices:\n  web:\n    ${service}\n    privileged: true\n`);
    await denied([...compose, "up", "-d"]);
    await engine.docker([...compose, "down", "-t", "0"]);
    expect(await containers()).toEqual(["dangerous"]);
  });

  it("answers fifty at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => get("/v1.45/containers/dangerous/json")),
    );
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  function get(path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: engine.socketPath, path, agent: false }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      call.on("error", reject);
      call.end();
    });
  }

  it("lets nobody pass for the guard itself", async () => {
    const answer = await raw(
      `POST /v1.45/containers/create HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nX-Bulkhead-Question: ${"0".repeat(64)}\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  });

  it("keeps the policy from before where the new one is wrong, and takes a right one", async () => {
    await reload("guard: { mode: nonsense }\n");
    expect(told).toContain("bulkhead.yaml:1:16: guard.mode: is not one of enforce, warn, learn");
    await denied(["run", "--privileged", "--rm", ...hardened, busybox, "true"]);
    await reload("guard: { preset: read-only, rules: { guard-answer: allow } }\n");
    expect(await containers()).toEqual(["dangerous"]);
    expect(await denied(["rm", "dangerous"])).toContain("(guard-route)");
    await reload("guard: { redact: true }\n");
    expect(await denied(["inspect", "dangerous"])).toContain("(guard-answer)");
    await reload(usual);
  });

  it("learns what today's traffic takes", async () => {
    await reload("guard: { mode: learn }\n");
    await engine.docker(["run", "--rm", "--network=none", "--pid=host", busybox, "true"]);
    await reload(usual);
    const learnt = readFileSync(join(folder, "learnt.yaml"), "utf8");
    expect(learnt).toContain("host-pid: off");
    expect(learnt).toContain("container-create: allow");
    await reload(learnt.replace(/^ {2}controls:/m, "$&\n    host-cgroup-namespace: off"));
    await denied(["run", "--rm", "--privileged", ...hardened, busybox, "true"]);
    await engine.docker(["run", "--rm", "--pid=host", ...hardened, busybox, "true"]);
    await reload(usual);
  });

  it("logs each decision, and no secret", async () => {
    await denied([
      "run",
      "--rm",
      "--privileged",
      "-e",
      "PASSWORD=hunter2",
      busybox,
      "echo",
      "argument-secret",
    ]);
    const lines = readFileSync(log, "utf8").trim().split("\n");
    const last = lines.map((line) => JSON.parse(line)).findLast(({ route }) => route === "container-create");
    expect(last).toMatchObject({
      client: "default",
      listener: "authz",
      method: "POST",
      verdict: "deny",
      controls: expect.arrayContaining(["privileged"]),
    });
    expect(lines.join("\n")).not.toContain("hunter2");
    expect(lines.join("\n")).not.toContain("argument-secret");
  });

  it("is taken up again after it was started anew", async () => {
    plugin.kill("SIGTERM");
    await until(() => plugin.exitCode !== null);
    expect(plugin.exitCode).toBe(0);
    expect(existsSync(socket)).toBe(false);
    plugin = start();
    await until(() => existsSync(socket));
    expect(await containers()).toEqual(["dangerous"]);
    await denied(["start", "dangerous"]);
  });

  it("lets nothing through while it does not run", async () => {
    plugin.kill("SIGKILL");
    await until(() => plugin.signalCode !== null);
    // dockerd tries for half a minute to reach its plugin.
    await expect(engine.docker(["ps"])).rejects.toThrow(`plugin ${name} failed with error`);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come to be in time");
    await pause(20);
  }
}

/** An archive of one file, whose content is its name. */
function tarOf(name: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-tar-"));
  writeFileSync(join(folder, name), name);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const tar = spawn("tar", ["-C", folder, "-c", name]);
    tar.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    tar.on("error", reject);
    tar.on("close", () => {
      rmSync(folder, { recursive: true, force: true });
      resolve(Buffer.concat(chunks));
    });
  });
}
