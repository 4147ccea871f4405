import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { buildPackaged, healthBy, packagedStage } from "./packaged-image.ts";

const image = "bulkhead-serve:test";

describeWithEngine("bulkhead serve in a container of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-serve-image-"));
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startEngine();
    await buildPackaged(engine, folder, {
      tag: image,
      dockerfile: packagedStage("serve"),
      program: builtCommand(),
      fill(context) {
        mkdirSync(join(context, "lib/bulkhead"), { recursive: true });
        for (const name of ["better-sqlite3", "bindings", "file-uri-to-path", "@node-rs"])
          cpSync(join("node_modules", name), join(context, "node_modules", name), { recursive: true });
        execFileSync("chmod", ["-R", "a+rX", context]);
        execFileSync("chmod", ["0770", join(context, "lib/bulkhead")]);
      },
    });
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("serves the page as nobody, read-only and without a capability, and keeps what it found", async () => {
    const start = () =>
      engine.docker([
        ...["run", "-d", "--name", "serve", "--network=none", "--read-only", "--cap-drop=ALL"],
        ...["--security-opt=no-new-privileges", `--group-add=${statSync(engine.socketPath).gid}`],
        ...["-v", `${engine.socketPath}:/var/run/docker.sock:ro`, "-v", "state:/var/lib/bulkhead", image],
      ]);
    const ask = (path: string) =>
      engine.docker([
        ...["exec", "serve", "/nodejs/bin/node", "-e"],
        `fetch("http://127.0.0.1:7070${path}").then(async (answer) => console.log(answer.status, await answer.text()))`,
      ]);
    await start();
    await expect.poll(() => ask("/healthz").catch(() => ""), { timeout: 60_000 }).toBe("200 ok");
    expect(await healthBy(engine, packagedStage("serve"), "serve")).toBe("healthy");
    expect(await ask("/")).toContain("<title>");
    expect(await engine.docker(["inspect", "--format={{.Config.User}}", image])).toBe("65532:65532");
    expect(await engine.docker(["logs", "serve"])).toContain("http://127.0.0.1:7070/#/join/");
    await engine.docker(["stop", "-t", "20", "serve"]);
    expect(await engine.docker(["inspect", "--format={{.State.ExitCode}}", "serve"])).toBe("0");
    await engine.docker(["rm", "serve"]);
  });
});
