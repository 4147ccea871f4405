import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";

/** Who logs in is kept in a file, and a cookie says who asks: without that file /me answers, and answers something else. */
const site = {
  "www/cgi-bin/login":
    "#!/bin/sh\nhead -c $CONTENT_LENGTH >/tmp/form; cp /tmp/form /srv/user 2>/dev/null\nprintf 'Set-Cookie: id=7; Path=/\\r\\nContent-Type: text/plain\\r\\n\\r\\nwelcome\\n'\n",
  "www/cgi-bin/me":
    "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\ncase \"$HTTP_COOKIE\" in *id=7*) cat /srv/user 2>/dev/null || echo lost;; *) echo nobody;; esac\n",
  "www/index.html": "<h1>shop</h1>\n",
  "srv/x": "",
};

describeWithEngine("learn --record", () => {
  let engine: TestEngine;
  let program: string;
  let folder: string;
  let remove: (() => void) | undefined;
  const session = () => join(folder, "session.jsonl");
  const env = () => ({ ...process.env, ...engine.environment, HOME: folder });

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importImage(engine, "shop:1", { files: site });
    ({ path: folder, remove } = folderOf({
      "compose.yaml": `name: shop\nservices:\n  web:\n    image: shop:1\n    init: true\n    command: [httpd, -f, -p, "80", -h, /www]\n    ports: ["127.0.0.1::80"]\n`,
    }));
    await engine.docker(["compose", "-f", join(folder, "compose.yaml"), "up", "-d"]);
    // The Engine has a network namespace of its own, and the ports that it publishes are there.
    const inside = ["nsenter", `--net=/proc/${engine.pid}/ns/net`, process.execPath, program];
    const recorder = spawn(
      inside[0] ?? "",
      [...inside.slice(1), "learn", "compose.yaml", "--record", session()],
      {
        cwd: folder,
        env: env(),
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let said = "";
    recorder.stderr.on("data", (part: Buffer) => {
      said += part.toString();
    });
    while (!said.includes("Ctrl-C ends") && recorder.exitCode === null) await once(recorder.stderr, "data");
    const [address = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
    const person = `
      const visit = (path, options) => fetch(${JSON.stringify(address)} + path, options);
      await visit("/");
      const login = await visit("/cgi-bin/login", { method: "POST", body: "name=ada" });
      const cookie = login.headers.get("set-cookie").split(";")[0];
      console.log(await (await visit("/cgi-bin/me", { headers: { cookie } })).text());
      console.log((await visit("/none")).status);`;
    const visitor = spawn(
      "nsenter",
      [`--net=/proc/${engine.pid}/ns/net`, process.execPath, "--input-type=module", "-e", person],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let seen = "";
    visitor.stdout.on("data", (part: Buffer) => {
      seen += part.toString();
    });
    await once(visitor, "close");
    expect(seen).toBe("name=ada\n404\n");
    recorder.kill("SIGINT");
    const [status] = await once(recorder, "exit");
    expect(status, said).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await engine?.stop();
    remove?.();
  });

  it("writes a line for each request, readable by its owner alone", () => {
    const lines = readFileSync(session(), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { service: "web", port: 80, method: "GET", path: "/", status: 200 },
      { method: "POST", path: "/cgi-bin/login", body: Buffer.from("name=ada").toString("base64") },
      { method: "GET", path: "/cgi-bin/me", status: 200 },
      { method: "GET", path: "/none", status: 404 },
    ]);
    expect(statSync(session()).mode & 0o777).toBe(0o600);
  });

  it("a check is made from the Engine's network, wherever bulkhead is", async () => {
    const words = ["fix", "--no-config", "--verify", "--settle", "1", "--start-timeout", "3", "--only"];
    const given = [...words, "no-new-privileges", "--check-http", "/", "compose.yaml"];
    const tried = await runCli(program, given, { cwd: folder, env: env() });
    expect(tried, tried.stderr).toMatchObject({ status: 0 });
    expect(tried.stdout).toContain("no-new-privileges");
    expect(tried.stdout).not.toContain("not verified");
  });

  it("a replay finds what answers otherwise once it is hardened", async () => {
    const words = ["fix", "--no-config", "--verify", "--settle", "1", "--accept", "read-only-rootfs"];
    const only = ["--only", "read-only-rootfs", "--check-http", `@${session()}`, "compose.yaml"];
    const enter = [`--net=/proc/${engine.pid}/ns/net`, process.execPath, program];
    const tried = spawnSync("nsenter", [...enter, ...words, ...only], {
      cwd: folder,
      env: env(),
      encoding: "utf8",
    });
    expect(tried.stdout, tried.stderr).toContain("breaks     read-only-rootfs");
    expect(tried.stdout).toContain(
      "the answer of web to GET web:80/cgi-bin/me differs: it says “lost” instead",
    );
  });

  it("a test service of the file finds it, too, and is not tried itself", async () => {
    const script =
      "wget -q -O- --post-data name=bob http://web/cgi-bin/login; wget -q -O- --header 'Cookie: id=7' http://web/cgi-bin/me | grep -q bob";
    const tests = `  tests:\n    image: shop:1\n    depends_on: [web]\n    profiles: [test]\n    command: [sh, -c, ${JSON.stringify(script)}]\n`;
    const cwd = testFolder({
      "compose.yaml": `${readFileSync(join(folder, "compose.yaml"), "utf8")}${tests}`,
    });
    const words = ["fix", "--no-config", "--verify", "--settle", "1", "--accept", "read-only-rootfs"];
    const only = [
      "--only",
      "read-only-rootfs",
      "--profile",
      "test",
      "--check-service",
      "tests",
      "compose.yaml",
    ];
    const tried = await runCli(program, [...words, ...only], { cwd, env: env() });
    expect(tried.stdout, tried.stderr).toMatch(/#web .*\n(?:.*\n)*? +breaks +read-only-rootfs/);
    expect(tried.stdout).toContain("the service tests failed");
    expect(tried.stdout).toContain("it tests the other services");
    expect(await engine.docker(["ps", "-aq", "--filter", "label=com.docker.compose.service=tests"])).toBe("");
  });

  it("says what is no session, and does not write over one", async () => {
    const wrong = await runCli(program, ["learn", "--check-http", "@compose.yaml", "compose.yaml"], {
      cwd: folder,
    });
    expect(wrong.stderr).toContain("line 1 is not a request that learn --record wrote");
    const twice = await runCli(program, ["learn", "compose.yaml", "--record", session()], {
      cwd: folder,
      env: env(),
    });
    expect(twice).toMatchObject({ status: 2, stderr: expect.stringContaining("cannot be made") });
  });
});
