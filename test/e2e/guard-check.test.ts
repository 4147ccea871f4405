import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCommand, folderOf, type Ran, runCli } from "../support/cli.ts";

const hardened = {
  Image: "app:1",
  User: "1000",
  HostConfig: {
    PidsLimit: 100,
    SecurityOpt: ["no-new-privileges"],
    LogConfig: { Type: "local", Config: {} },
  },
};

const files = {
  "plain.json": JSON.stringify({ Image: "app:1" }),
  "hardened.json": JSON.stringify(hardened),
  "privileged.json": JSON.stringify({ Image: "app:1", HostConfig: { Privileged: true } }),
  "request.json": JSON.stringify({
    path: "/v1.45/containers/web/exec",
    body: { Cmd: ["sh", "-c", "argument-secret"], Env: ["PASSWORD=hunter2"], Privileged: true },
    known: { container: { web: { Id: "a".repeat(64), Name: "/web", Config: {}, HostConfig: {} } } },
  }),
  "link.json": JSON.stringify({
    path: "/v1.45/containers/create",
    body: { Image: "app:1", HostConfig: { Binds: ["/srv/data:/data"] } },
    known: { hostPath: { "/srv/data": "/etc" } },
  }),
  "twice.json": JSON.stringify({
    path: "/v1.45/containers/create",
    bodyText: '{"Image":"app:1","HostConfig":{},"hostconfig":{"Privileged":true}}',
  }),
  "gone.json": JSON.stringify({
    method: "POST",
    path: "/v1.45/containers/web/start",
    known: { container: { web: null } },
  }),
  "broken.json": '{\n  "path": "/_ping",\n  "headers": {,}\n}\n',
  "strange.json": '{\n  "path": "/_ping",\n  "heders": {}\n}\n',
  "list.json": "[]",
  "bulkhead.yaml":
    "guard:\n  clients:\n    ci: { preset: read-only }\n    free: { controls: { privileged: off } }\n",
  "wrong.yaml": "guard:\n  clients:\n    a: { certificates: [x] }\n    b: { certificates: [x] }\n",
  "bad.yaml": "guard:\n  routes: { no-such-route: allow }\n",
};

let program = "";
let folder: ReturnType<typeof folderOf>;

beforeAll(() => {
  program = builtCommand();
  folder = folderOf(files);
});
afterAll(() => folder?.remove());

function guard(...args: readonly string[]): Promise<Ran> {
  return runCli(program, ["guard", ...args], { cwd: folder.path });
}

describe("bulkhead guard check", () => {
  test("a container that needs something is told what, and goes through", async () => {
    const ran = await guard("check", "plain.json");
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain("container-create goes through, hardened (policy: bulkhead.yaml)");
    expect(ran.stdout).toContain("--security-opt no-new-privileges");
    expect(ran.stdout).toContain("assumed:");
    const own = await guard("check", "--format", "json", "hardened.json");
    expect(JSON.parse(own.stdout)).toMatchObject({
      verdict: "allow",
      route: "container-create",
      changes: [],
    });
  });

  test("a denial says why, and what would let it pass", async () => {
    const ran = await guard("check", "privileged.json");
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain("(privileged)\n      to let it pass: controls: { privileged: off }");
    expect((await guard("check", "--client", "free", "privileged.json")).status).toBe(0);
    expect((await guard("check", "--client", "ci", "plain.json")).stdout).toContain("(guard-route)");
    expect((await guard("check", "--no-config", "--preset", "traefik", "plain.json")).status).toBe(1);
  });

  test("what the file describes is what is judged, and no secret of it is told", async () => {
    const exec = await guard("check", "--format", "json", "request.json");
    expect(exec.status).toBe(1);
    expect(JSON.parse(exec.stdout).reasons).toMatchObject([{ rule: "privileged-exec" }]);
    expect(exec.stdout).not.toContain("argument-secret");
    expect(exec.stdout).not.toContain("hunter2");
    expect((await guard("check", "link.json")).stdout).toContain("(sensitive-host-mount)");
    expect((await guard("check", "twice.json")).stdout).toContain("(guard-json)");
    expect((await guard("check", "gone.json")).stdout).toContain("(guard-missing)");
  });

  test("standard input is read as a file", async () => {
    const ran = await runCli(program, ["guard", "check", "--no-config", "-"], {
      cwd: folder.path,
      input: files["privileged.json"],
    });
    expect(ran.status).toBe(1);
  });

  test.each([
    ["broken.json", "broken.json:3:15:"],
    ["strange.json", 'strange.json:3:3: there is no key “heders”\n    "heders": {}\n    ^^^^^^^^'],
    ["list.json", "list.json:1:1: an object is expected"],
    ["none.json", "none.json cannot be read"],
  ])("%s is wrong, in one line with its place", async (name, words) => {
    const ran = await guard("check", name);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(`bulkhead: ${words}`);
    expect(ran.stdout).toBe("");
  });

  test("a client that is not there is told", async () => {
    const ran = await guard("check", "--client", "nobody", "plain.json");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("there is no client nobody: bulkhead.yaml has default, ci, free");
  });
});

describe("bulkhead guard policy", () => {
  test("it prints what can be written", async () => {
    const ran = await guard("policy");
    expect(ran.status).toBe(0);
    writeFileSync(join(folder.path, "printed.yaml"), ran.stdout);
    expect(await guard("policy", "--config", "printed.yaml", "--format", "json")).toMatchObject({
      status: 0,
      stdout: (await guard("policy", "--format", "json")).stdout,
    });
    const json = await guard("policy", "--client", "ci", "--format", "json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      guard: { redact: true, routes: { "container-logs": "allow" } },
    });
  });

  test.each([
    ["wrong.yaml", "the certificate x is given to the clients a and b"],
    [
      "bad.yaml",
      "bad.yaml:2:13: guard.routes: there is no key “no-such-route”\n    routes: { no-such-route: allow }\n              ^^^^^^^^^^^^^",
    ],
  ])("%s is wrong", async (name, words) => {
    const ran = await guard("policy", "--check", "--config", name);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(words);
  });

  test("a right one is said nothing of", async () => {
    expect(await guard("policy", "--check")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });
});
