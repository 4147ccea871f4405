import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { recordAt, textAt } from "../../src/base/json.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { type GuardedClients, guardClients } from "./policy/clients.ts";

describeWithEngine("old versions of the API through the guard", () => {
  let engine: TestEngine;
  let clients: GuardedClients;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    clients = await guardClients(engine, { old: "versions: { min: 1.24 }", usual: "" });
  }, 120_000);
  afterAll(async () => {
    await clients?.stop();
    await engine?.stop();
  });

  /** A request with the path as it stands. */
  function ask(socketPath: string, method: string, path: string, body?: object) {
    return new Promise<{ readonly status: number; readonly text: string; readonly json: unknown }>(
      (resolve, reject) => {
        const headers = body ? { "Content-Type": "application/json" } : {};
        const sent = request({ socketPath, method, path, headers, agent: false }, (answer) => {
          let text = "";
          answer.on("data", (chunk: Buffer) => {
            text += chunk.toString();
          });
          answer.on("end", () => {
            const isJson = answer.headers["content-type"]?.includes("json");
            resolve({ status: answer.statusCode ?? 0, text, json: isJson ? JSON.parse(text) : undefined });
          });
        });
        sent.on("error", reject);
        sent.end(body && JSON.stringify(body));
      },
    );
  }

  it.each(["1.24", "1.25", "1.30", "1.39", "1.40", "1.43"])(
    "docker of API %s runs, lists, inspects, executes, logs and removes",
    async (version) => {
      const docker = async (...args: readonly string[]) => {
        const env = { DOCKER_HOST: `unix://${clients.socketOf("old")}`, DOCKER_API_VERSION: version };
        const ran = await clients.guard.docker(args, { env });
        expect(ran, `docker ${args.join(" ")}`).toMatchObject({ status: 0 });
        return ran.stdout.trim();
      };
      const name = `v${version}`;
      await docker("run", "-d", "--name", name, "--network=none", busybox, "sh", "-c", "echo said; sleep 1d");
      expect(await docker("ps", "--filter", `name=${name}`, "--format={{.Names}}")).toBe(name);
      expect(await docker("exec", name, "echo", "inside")).toBe("inside");
      expect(await docker("logs", name)).toBe("said");
      // What the guard put in reached the Engine in that version, too.
      const made = recordAt(
        { made: JSON.parse(await engine.docker(["inspect", name]))[0] },
        "made",
        "HostConfig",
      );
      expect(made).toMatchObject({ SecurityOpt: ["no-new-privileges"], PidsLimit: 8192 });
      expect(made.IpcMode).toBe(Number(version.slice(2)) < 40 ? "shareable" : "private");
      await docker("restart", "-t0", name);
      await docker("rm", "-f", name);
    },
  );

  it("judges in an old version what it judges in a new one", async () => {
    for (const version of ["v1.24", "v1.40"]) {
      const { status, text } = await ask(clients.socketOf("old"), "POST", `/${version}/containers/create`, {
        Image: busybox,
        HostConfig: { Privileged: true },
      });
      expect(status).toBe(403);
      expect(text).toContain("(privileged)");
    }
  });

  it("filters images as they were filtered until 1.40", async () => {
    const list = async (filter: string) =>
      (await ask(clients.socketOf("old"), "GET", `/v1.24/images/json?filter=${filter}`)).json;
    expect(await list("nothing")).toEqual([]);
    expect(await list(busybox)).toHaveLength(1);
  });

  it("refuses old versions where the policy does not open them, and what no guard knows", async () => {
    const said = async (client: string, version: string) => {
      const { status, text } = await ask(clients.socketOf(client), "GET", `/${version}/containers/json`);
      return [status, text.includes("guard-version") || text.includes("API")];
    };
    expect(await said("usual", "v1.24")).toEqual([403, true]);
    expect(await said("usual", "v1.40")).toEqual([403, true]);
    expect(await said("old", "v1.23")).toEqual([403, true]);
  });

  it("gives a path without a version one that the Engine knows", async () => {
    const { status, json } = await ask(clients.socketOf("usual"), "GET", "/version");
    expect(status).toBe(200);
    expect(textAt(json, "ApiVersion")).toBe("1.45");
  });
});
