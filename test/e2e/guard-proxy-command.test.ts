import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";

let program = "";
const folder = mkdtempSync(join(tmpdir(), "bulkhead-command-"));
const nobody = `unix://${folder}/no-engine.sock`;
const guards: GuardProcess[] = [];

beforeAll(() => {
  program = builtCommand();
  writeFileSync(
    join(folder, "clients.yaml"),
    `guard: { clients: { ci: { listen: 'unix://${folder}/ci.sock,mode=0666' } } }\n`,
  );
  writeFileSync(
    join(folder, "twice.yaml"),
    `guard:\n  clients:\n    a: { listen: unix:///x.sock }\n    b: { listen: unix:///x.sock }\n`,
  );
  writeFileSync(join(folder, "wrong.yaml"), "guard:\n  modes: enforce\n");
  writeFileSync(join(folder, "file"), "");
});
afterAll(async () => {
  for (const guard of guards) await guard.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(...args: readonly string[]): Promise<GuardProcess> {
  const guard = await startGuard(program, nobody, args);
  guards.push(guard);
  return guard;
}

describe("where bulkhead guard proxy listens", () => {
  it.skipIf(process.getuid?.() !== 0)(
    "is a socket with the mode and owner that were said, in a folder that it makes",
    async () => {
      const path = join(folder, "made/for/it.sock");
      await start("--no-config", "--listen", `unix://${path},mode=0640,owner=65534:65533`);
      const { mode, uid, gid } = statSync(path);
      expect([(mode & 0o777).toString(8), uid, gid]).toEqual(["640", 65_534, 65_533]);
      expect((statSync(join(folder, "made/for")).mode & 0o777).toString(8)).toBe("755");
    },
  );

  it("is open to its group alone where nothing is said", async () => {
    const guard = await start("--no-config");
    expect((statSync(guard.socketPath).mode & 0o777).toString(8)).toBe("660");
  });

  it("is several places at once: sockets, a client's own, and TCP on loopback where plain was said", async () => {
    const port = await freePort();
    const guard = await start(
      "--config",
      join(folder, "clients.yaml"),
      "--listen",
      `tcp://127.0.0.1:${port},plain`,
    );
    expect(guard.said()).toContain(`tcp://127.0.0.1:${port}, unix://${folder}/ci.sock`);
    expect(await get({ port, host: "127.0.0.1", path: "/v1.45/swarm" })).toBe(403);
    expect(await get({ socketPath: join(folder, "ci.sock"), path: "/v1.45/swarm" })).toBe(403);
    const clients = guard.entries().map((entry) => (entry as unknown as { readonly client: string }).client);
    expect(clients).toEqual(["default", "ci"]);
    guard.signal("SIGTERM");
    expect(await guard.ended()).toBe(0);
    expect(existsSync(join(folder, "ci.sock"))).toBe(false);
  });

  it("follows the policy on SIGHUP: new clients' sockets open, others close, and a wrong address leaves what was there", async () => {
    const config = join(folder, "reload.yaml");
    const at = (name: string) => join(folder, `${name}.sock`);
    const write = (...clients: readonly string[]) =>
      writeFileSync(config, `guard:\n  clients:\n${clients.map((line) => `    ${line}\n`).join("")}`);
    write(`old: { listen: "unix://${at("old")}" }`, `same: { listen: "unix://${at("same")}" }`);
    const guard = await start("--config", config);
    expect([existsSync(at("old")), existsSync(at("same"))]).toEqual([true, true]);
    write(`new: { listen: "unix://${at("new")},mode=0600" }`, `same: { listen: "unix://${at("same")}" }`);
    guard.signal("SIGHUP");
    await guard.untilSaid("read anew");
    expect(["old", "same", "new"].map((name) => existsSync(at(name)))).toEqual([false, true, true]);
    expect(await get({ socketPath: at("new"), path: "/v1.45/swarm" })).toBe(403);
    write(`new: { listen: "tcp://0.0.0.0:1" }`, `same: { listen: "unix://${at("same")}" }`);
    guard.signal("SIGHUP");
    await guard.untilSaid("TCP needs certificates of both sides");
    expect(await get({ socketPath: at("same"), path: "/v1.45/swarm" })).toBe(403);
  });

  it("writes the audit log to standard output where no file is said", async () => {
    const path = join(folder, "out.sock");
    const args = ["guard", "proxy", "--no-config", "--host", nobody, "--listen", `unix://${path}`];
    const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    try {
      await new Promise((resolve) => child.stderr.once("data", resolve));
      const line = new Promise<string>((resolve) =>
        child.stdout.once("data", (text: Buffer) => resolve(text.toString())),
      );
      expect(await get({ socketPath: path, path: "/v1.45/swarm" })).toBe(403);
      expect(JSON.parse(await line)).toMatchObject({ verdict: "deny", route: "swarm-inspect" });
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("has /healthz and /metrics on a listener of their own, and on no other", async () => {
    const port = await freePort();
    const guard = await start("--no-config", "--metrics", `tcp://127.0.0.1:${port}`);
    expect(await get({ port, host: "127.0.0.1", path: "/metrics" })).toBe(200);
    // There is no Engine.
    expect(await get({ port, host: "127.0.0.1", path: "/healthz" })).toBe(503);
    expect(await get({ port, host: "127.0.0.1", path: "/version" })).toBe(404);
    for (const path of ["/metrics", "/healthz"]) {
      expect(await get({ socketPath: guard.socketPath, path })).toBe(403);
    }
  });
});

describe("wrong use is told in one line, and nothing listens", () => {
  const socket = `unix://${folder}/never.sock`;
  const cases: readonly (readonly [args: readonly string[], words: string])[] = [
    [[], "nowhere to listen: give --listen, or a client with listen in bulkhead.yaml"],
    [["--listen", "tcp://127.0.0.1:1"], "TCP needs certificates of both sides"],
    [["--listen", "tcp://0.0.0.0:1,plain"], "plain is for loopback alone"],
    [["--listen", "tcp://[::]:1,plain"], "plain is for loopback alone"],
    [["--listen", "tcp://127.0.0.1:1,ca=/nope,cert=/nope,key=/nope"], "the certificate /nope cannot be read"],
    [["--listen", "tcp://127.0.0.1:1,cert=/nope,key=/nope"], "TCP needs certificates of both sides"],
    [["--listen", "/run/x.sock"], "is not an address to listen on"],
    [["--listen", `${socket},mode=999`], "mode=999 is not a mode"],
    [["--listen", `${socket},owner=no-such-user`], "/etc/passwd has no no-such-user"],
    [["--listen", `${socket},client=nobody`], "is for the client nobody, which bulkhead.yaml does not have"],
    [["--listen", `unix://${folder}/file`], "is there and is not a socket"],
    [["--listen", `unix://${folder}/file/x.sock`], "not a folder"],
    [["--listen", socket, "--log", `${folder}/file/x.log`], "the folder of the audit log"],
    [["--listen", socket, "--log", folder], `the audit log ${folder} cannot be opened`],
    [["--listen", socket, "--metrics", "foo"], "foo is not an address to listen on"],
    [["--listen", socket, "--preset", "foo"], "argument 'foo' is invalid"],
    [
      ["--listen", socket, "--config", "twice.yaml"],
      "the address unix:///x.sock is given to the clients a and b",
    ],
    [["--listen", socket, "--config", "wrong.yaml"], "wrong.yaml:2:3: guard: there is no key “modes”"],
    [["--listen", socket, "--host", "ftp://x"], "an Engine at ftp:// cannot be reached"],
  ];
  it.each(cases)("%j", async (args, words) => {
    const ran = await runCli(program, ["guard", "proxy", ...args], { cwd: folder });
    expect(ran.stderr).toContain(words);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toMatch(/^bulkhead: /);
    expect(ran.stderr).not.toMatch(/\n {4}at /);
    expect(existsSync(join(folder, "never.sock"))).toBe(false);
  });

  it("of the plugin as well", async () => {
    const ran = await runCli(program, ["guard", "authz", "--listen", "tcp://127.0.0.1:1"], { cwd: folder });
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toContain("a socket is expected, as unix:///run/docker/plugins/bulkhead.sock");
  });
});

function get(options: {
  readonly path: string;
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ ...options, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    call.on("error", reject);
    call.end();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
