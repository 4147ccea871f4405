import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { buildPackaged, healthBy, packagedStage } from "./packaged-image.ts";

const image = "bulkhead-guard:test";

describeWithEngine("bulkhead guard in a container of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-image-"));
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
    await buildPackaged(engine, folder, {
      tag: image,
      dockerfile: packagedStage("guard"),
      program: builtCommand(),
      fill(context) {
        mkdirSync(join(context, "sockets"));
        execFileSync("chmod", ["-R", "a+rX", context]);
      },
    });
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As compose.yaml runs it. */
  function run(name: string, flags: readonly string[], command: readonly string[]): Promise<string> {
    return engine.docker([
      ...["run", "-d", "--name", name, "--network=none", "--read-only", "--cap-drop=ALL"],
      ...["--security-opt=no-new-privileges", "--pids-limit=50", "--memory=256m"],
      ...["-v", `${engine.socketPath}:/var/run/docker.sock:ro`, "-v", `${name}:/run/bulkhead`],
      ...flags,
      image,
      ...command,
    ]);
  }

  const inGroup = () => [`--group-add=${statSync(engine.socketPath).gid}`];

  async function socketOf(name: string): Promise<string> {
    const folder = await engine.docker(["volume", "inspect", "--format={{.Mountpoint}}", name]);
    return join(folder, "guard.sock");
  }

  const healthOf = (name: string) => healthBy(engine, packagedStage("guard"), name);

  it("serves as nobody, read-only, without a capability and without a network", async () => {
    await run("guard", inGroup(), [
      ...["--listen", "unix:///run/bulkhead/guard.sock,mode=0666", "--preset", "read-only"],
    ]);
    const socket = await socketOf("guard");
    expect(await get(socket, "/_ping")).toEqual({ status: 200, text: "OK" });
    expect((await get(socket, "/v1.45/containers/json")).status).toBe(200);
    expect(await healthOf("guard")).toBe("healthy");
    expect(await engine.docker(["inspect", "--format={{.Config.User}}", image])).toBe("65532:65532");
    const pid = await engine.docker(["inspect", "--format={{.State.Pid}}", "guard"]);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    expect(status).toMatch(/^CapBnd:\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const through = { ...engine.environment, DOCKER_HOST: `unix://${socket}` };
    const outcome = execFileSync("sh", ["-c", `docker run --privileged ${busybox} true 2>&1 || true`], {
      env: { PATH: process.env.PATH ?? "", ...through },
      encoding: "utf8",
    });
    expect(outcome).toContain("bulkhead");
    expect(await engine.docker(["ps", "-aq"])).toBe(await engine.docker(["ps", "-q"]));
    await engine.docker(["stop", "-t", "10", "guard"]);
    expect(await engine.docker(["inspect", "--format={{.State.ExitCode}}", "guard"])).toBe("0");
    await engine.docker(["rm", "guard"]);
  });

  it("is not healthy, and lets nothing through, where the socket is not open to it", async () => {
    await run(
      "shut",
      [],
      [...["--listen", "unix:///run/bulkhead/guard.sock,mode=0666", "--preset", "read-only"]],
    );
    // A machine without the group docker opens the socket to root's.
    const answer = await get(await socketOf("shut"), "/v1.45/containers/json");
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(await healthOf("shut")).not.toBe("healthy");
    await engine.docker(["rm", "-f", "shut"]);
  });

  it("runs by the Compose files of the presets' pages", async () => {
    const env = {
      PATH: process.env.PATH ?? "",
      ...engine.environment,
      DOCKER_GID: String(statSync(engine.socketPath).gid),
    };
    const compose = (name: string, args: readonly string[]) => {
      const page = readFileSync(`docs/guard/${name}.md`, "utf8");
      const [text = "", policy] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block]) => block);
      const own = join(folder, `page-${name}`);
      mkdirSync(own, { recursive: true });
      if (policy !== undefined) writeFileSync(join(own, "bulkhead.yaml"), policy);
      const input = text
        .replace("/var/run/docker.sock:", `${engine.socketPath}:`)
        .replace("- /run/bulkhead:", `- ${own}/sockets:`);
      const words = ["compose", "-f", "-", "-p", `page-${name}`, "--project-directory", own, ...args];
      return execFileSync("docker", words, { env, input, encoding: "utf8", stdio: "pipe" });
    };
    await engine.docker(["tag", image, "bulkhead-guard:0.1.0"]);
    // A volume for the socket; a folder of the host and a policy of its own.
    for (const [name, path] of [
      ["prometheus", "/v1.45/containers/json"],
      ["testcontainers", "/v1.45/networks"],
    ] as const) {
      const own = join(folder, `page-${name}`, "sockets");
      mkdirSync(own, { recursive: true });
      chownSync(own, 65532, 65532);
      compose(name, ["up", "-d", "--no-deps", "guard"]);
      const volume = name === "prometheus" ? `page-${name}_sockets` : undefined;
      const sockets = volume
        ? await engine.docker(["volume", "inspect", "--format={{.Mountpoint}}", volume])
        : own;
      const socket = join(sockets, "docker.sock");
      expect((await get(socket, path)).status, name).toBe(200);
      expect((await get(socket, "/v1.45/secrets")).status, name).toBe(403);
      compose(name, ["down", "-v", "-t", "5"]);
    }
  });

  it("takes the place of docker-socket-proxy as it is", async () => {
    await run("proxy", [...inGroup(), "-e", "CONTAINERS=1"], []);
    const ask = async (path: string) =>
      await engine.docker([
        ...["exec", "proxy", "/nodejs/bin/node", "-e"],
        `fetch("http://127.0.0.1:2375${path}").then((answer) => console.log(answer.status))`,
      ]);
    await until(async () => (await ask("/_ping").catch(() => "")) === "200");
    expect(await ask("/v1.45/containers/json")).toBe("200");
    expect(await ask("/v1.45/images/json")).toBe("403");
    expect(await ask("/v1.45/events?until=1")).toBe("200");
    await engine.docker(["rm", "-f", "proxy"]);
  });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks as soon as somebody listens there. */
async function get(socketPath: string, path: string): Promise<Answer> {
  let answer: Answer | undefined;
  await until(async () => {
    answer = await once(socketPath, path).catch(() => undefined);
    return answer !== undefined;
  });
  return answer ?? { status: 0, text: "" };
}

function once(socketPath: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    call.on("error", reject);
    call.end();
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it did not come to be in time");
    await pause(50);
  }
}
