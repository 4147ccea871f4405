import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type AuthzProcess, startAuthz } from "../support/guard/authz-process.ts";
import { pluginSocket } from "../support/guard/plugin-sockets.ts";
import { tarOf } from "./attacks/archive.ts";
import type { Attack } from "./attacks/attack.ts";
import { openDoor } from "./attacks/door.ts";
import {
  bodyAttacks,
  form,
  json,
  pathAttacks,
  post,
  privileged,
  sized,
  transportAttacks,
} from "./attacks/wire.ts";
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

const create = "/v1.45/containers/create";

/** Requests that dockerd refuses without a plugin, too. */
const refusedAnyway: readonly Pick<Attack, "name" | "bytes">[] = [
  {
    name: "one behind a first type",
    bytes: post(create, `Content-Type: text/plain\r\n${json}`, sized(privileged)),
  },
  { name: "one behind a dot", bytes: post("/v1.45/./containers/create", json, sized(privileged)) },
  { name: "a container of nothing", bytes: post(create, json, "\r\n") },
  {
    name: "a form behind an archive to build",
    bytes: post(
      "/v1.45/build?t=x",
      `${form}Content-Type: application/x-tar\r\n`,
      sized("remote=http://127.0.0.1:9/"),
    ),
  },
];

/** Requests whose first answer is the denial: guard-attacks.test.ts shows that they succeed without the plugin. */
const attacks = [...bodyAttacks, ...pathAttacks, ...transportAttacks].filter(({ bytes }) =>
  bytes?.startsWith("POST "),
);

describeWithEngine("bulkhead guard authz, in a real dockerd", () => {
  const name = `bulkhead-test-${randomBytes(4).toString("hex")}`;
  const socket = pluginSocket(name);
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-authz-"));
  const log = join(folder, "audit.log");
  let program = "";
  let plugin: AuthzProcess;
  let engine: TestEngine;

  beforeAll(async () => {
    program = builtCommand();
    // The images of the test come in through the plugin, too.
    plugin = await start("guard: { mode: warn }\n");
    engine = await startEngine({
      flags: [`--authorization-plugin=${name}`],
      hosts: [`unix://${folder}/engine.sock`],
    });
    await importBusybox(engine);
    // Made elsewhere, as far as the policy goes that is enforced from here on.
    await engine.docker(["create", "--name=dangerous", "--privileged", busybox]);
    await plugin.reload(usual);
  });

  afterAll(async () => {
    // An engine whose plugin is gone answers nobody: first the engine.
    await engine?.stop();
    await plugin?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(yaml: string): Promise<AuthzProcess> {
    return startAuthz(program, {
      name,
      engine: `unix://${folder}/engine.sock`,
      config: join(folder, "bulkhead.yaml"),
      yaml,
      folder,
      args: [`--log=${log}`, `--learn=${folder}/learnt.yaml`],
    });
  }

  const denied = async (args: readonly string[], input?: Uint8Array): Promise<string> => {
    const outcome = await engine.docker(args, input).then(
      (printed) => `went through: ${printed}`,
      (error: Error) => error.message,
    );
    expect(outcome).toContain(`authorization denied by plugin ${name}`);
    return outcome;
  };

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
    expect(said).toContain("--pids-limit 8192");
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
      await engine.docker(["cp", "-", "web:/tmp"], await tarOf({ a: "a" }));
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

  it.each([...attacks, ...refusedAnyway])("denies $name", async ({ bytes = "" }) => {
    const answer = await openDoor(engine.socketPath).raw(Buffer.from(bytes, "latin1"));
    expect(answer).toMatch(/^HTTP\/1\.[01] [34]\d\d /);
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
    const answer = await openDoor(engine.socketPath).raw(
      `POST /v1.45/containers/create HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nX-Bulkhead-Question: ${"0".repeat(64)}\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  });

  it("keeps the policy from before where the new one is wrong, and takes a right one", async () => {
    await plugin.reload("guard: { mode: nonsense }\n");
    expect(plugin.said()).toContain("bulkhead.yaml:1:16: guard.mode: is not one of enforce, warn, learn");
    await denied(["run", "--privileged", "--rm", ...hardened, busybox, "true"]);
    await plugin.reload("guard: { preset: read-only, rules: { guard-answer: allow } }\n");
    expect(await containers()).toEqual(["dangerous"]);
    expect(await denied(["rm", "dangerous"])).toContain("(guard-route)");
    await plugin.reload("guard: { redact: true }\n");
    expect(await denied(["inspect", "dangerous"])).toContain("(guard-answer)");
    await plugin.reload(usual);
  });

  it("learns what today's traffic takes", async () => {
    await plugin.reload("guard: { mode: learn }\n");
    await engine.docker(["run", "--rm", "--network=none", "--cap-add=NET_ADMIN", busybox, "true"]);
    await plugin.reload(usual);
    const learnt = readFileSync(join(folder, "learnt.yaml"), "utf8");
    expect(learnt).toContain("- NET_ADMIN");
    expect(learnt).toContain("container-create: allow");
    await plugin.reload(`${learnt}  controls: { host-cgroup-namespace: off }\n`);
    await denied(["run", "--rm", "--privileged", ...hardened, busybox, "true"]);
    await engine.docker(["run", "--rm", "--cap-add=NET_ADMIN", ...hardened, busybox, "true"]);
    await plugin.reload(usual);
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
    // Of many alike within ten seconds, as this file makes them, some are only counted.
    const last = lines
      .map((line) => JSON.parse(line))
      .findLast(({ route, controls }) => route === "container-create" && controls.includes("privileged"));
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
    const ended = once(plugin.child, "exit");
    plugin.child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(existsSync(socket)).toBe(false);
    plugin = await start(usual);
    expect(await containers()).toEqual(["dangerous"]);
    await denied(["start", "dangerous"]);
  });

  it("lets nothing through while it does not run", async () => {
    const ended = once(plugin.child, "exit");
    plugin.child.kill("SIGKILL");
    await ended;
    // dockerd tries for half a minute to reach its plugin.
    await expect(engine.docker(["ps"])).rejects.toThrow(`plugin ${name} failed with error`);
  });
});
