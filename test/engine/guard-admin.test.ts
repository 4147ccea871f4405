import { statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, folderOf } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

describeWithEngine("a candidate policy, asked of a guard that runs", () => {
  let engine: TestEngine;
  let guard: GuardProcess;
  let folder: ReturnType<typeof folderOf>;
  let socketPath: string;

  beforeAll(async () => {
    folder = folderOf({ "bulkhead.yaml": "guard: { clients: { ci: { controls: { privileged: off } } } }\n" });
    engine = await startEngine();
    await importBusybox(engine);
    socketPath = join(folder.path, "admin.sock");
    const config = join(folder.path, "bulkhead.yaml");
    guard = await startGuard(builtCommand(), engine.host, [
      "--config",
      config,
      "--admin",
      `unix://${socketPath}`,
    ]);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
    folder?.remove();
  });

  function ask(
    body: unknown,
    { path = "/check", method = "POST", type = "application/json" } = {},
  ): Promise<{ readonly status: number; readonly said: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath, path, method, headers: { "Content-Type": type } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            said: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>,
          }),
        );
      });
      asked.on("error", reject);
      asked.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  }

  const privileged = { Image: busybox, HostConfig: { Privileged: true } };

  it("is judged by what the Engine holds, and nothing is made", async () => {
    expect(await ask({ request: privileged })).toMatchObject({ status: 200, said: { verdict: "deny" } });
    const yaml = "guard: { controls: { privileged: off } }\n";
    const { said } = await ask({ request: privileged, policy: yaml });
    expect(JSON.stringify(said)).not.toContain("controls: { privileged: off }");
    // An image that the Engine does not have is told by the Engine, not assumed.
    const start = { method: "POST", path: "/v1.44/containers/nobody/start" };
    expect((await ask({ request: start })).said).toMatchObject({ assumptions: [] });
    expect(await engine.docker(["ps", "-aq"])).toBe("");
  });

  it("each client has its own", async () => {
    const rules = async (client: string) =>
      JSON.stringify((await ask({ request: privileged, client })).said.reasons ?? []);
    expect(await rules("default")).toContain('"privileged"');
    expect(await rules("ci")).not.toContain('"privileged"');
    expect(await ask({ request: privileged, client: "nobody" })).toMatchObject({
      status: 400,
      said: { error: "there is no client nobody" },
    });
  });

  it("what is wrong is told with its place", async () => {
    const wrong = await ask({ request: privileged, policy: "guard:\n  colour: red\n" });
    expect(wrong).toMatchObject({ status: 400, said: { error: expect.stringMatching(/^policy: 2:3: /) } });
    expect(await ask("{")).toMatchObject({ status: 400 });
    expect(await ask({ request: privileged, more: 1 })).toMatchObject({
      status: 400,
      said: { error: expect.stringContaining("there is no member more") },
    });
    expect(await ask({}, { path: "/containers/json" })).toMatchObject({ status: 404 });
    expect(await ask({}, { type: "text/plain" })).toMatchObject({ status: 415 });
    expect(await ask("x".repeat(2_000_000))).toMatchObject({ status: 400 });
  });

  it("its socket is root's alone, and no container may have it", async () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    const mounted = { Image: busybox, HostConfig: { Binds: [`${folder.path}:/x`] } };
    const policy = `guard: { allow: { mounts: [{ source: "${folder.path}", dangerous: true }] } }\n`;
    expect(JSON.stringify((await ask({ request: mounted, policy })).said)).toContain("listener");
  });
});
