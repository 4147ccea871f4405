import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { busybox, importBusybox } from "../engine/images.ts";
import { nodeRootfs } from "../engine/node-rootfs.ts";
import { builtCommand } from "../support/cli.ts";
import { dockerEnvironment, type GuardProcess, startGuard } from "../support/guard/guard-process.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const session = "org.testcontainers.session-id";

describeWithEngine("Testcontainers with Ryuk", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-ryuk-"));
  const socket = join(folder, "tests.sock");
  let engine: TestEngine;
  let guard: GuardProcess;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    mkdirSync(join(folder, "rootfs"));
    cpSync(here("ryuk.mjs"), join(folder, "rootfs/ryuk.mjs"));
    // Ryuk's own image has this label, by which it spares itself.
    const changes = ['ENTRYPOINT ["/nodejs/bin/node", "/ryuk.mjs"]', "LABEL org.testcontainers.ryuk=true"];
    await engine.docker(
      ["import", ...changes.flatMap((change) => ["--change", change]), "-", "ryuk:test"],
      nodeRootfs(folder),
    );
    const tests = {
      preset: "testcontainers",
      listen: `unix://${socket},mode=0666`,
      allow: { mounts: [{ source: socket, dangerous: true }] },
    };
    const config = join(folder, "bulkhead.yaml");
    writeFileSync(config, JSON.stringify({ guard: { clients: { tests } } }));
    guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("mounts the client's own listener, and removes what the tests left and nobody else's", async () => {
    // The engine publishes ports in its own network namespace.
    const tests = spawn(
      "nsenter",
      ["--net", "--target", String(engine.pid), process.execPath, here("testcontainers-reaped.mjs")],
      {
        stdio: ["pipe", "pipe", "pipe"],
        env: {
          ...dockerEnvironment(`unix://${socket}`, folder),
          TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE: socket,
          RYUK_CONTAINER_IMAGE: "ryuk:test",
          IMAGE: busybox,
        },
      },
    );
    let said = "";
    for (const stream of [tests.stdout, tests.stderr]) stream.on("data", (chunk) => (said += chunk));
    const ended = new Promise((resolve) => tests.once("exit", resolve));
    await until(
      () => said.includes("started") || tests.exitCode !== null,
      () => said,
    );
    expect(said).toBe("started\n");

    const names = (filter: string) =>
      engine
        .docker(["ps", "-a", "--filter", filter, "--format", "{{.Names}}"])
        .then((text) => text.split("\n"));
    const made = await engine.docker(["ps", "-q", "--filter", `label=${session}`]);
    expect(made.split("\n")).toHaveLength(2);
    const label = await engine.docker([
      ...["inspect", "--format", `{{index .Config.Labels "${session}"}}`, made.split("\n")[0] ?? ""],
    ]);
    // Another's, with the label that Ryuk looks for.
    await engine.docker([
      "run",
      "-d",
      "--name",
      "another",
      "-l",
      `${session}=${label}`,
      busybox,
      "sleep",
      "1000",
    ]);

    tests.stdin.write("end\n");
    await ended;
    await until(async () =>
      (await names(`label=${session}`)).every((name) => /^(?:another|testcontainers-ryuk-.*)$/.test(name)),
    );
    expect(await names(`label=${session}`)).toContain("another");
    await until(
      async () => (await engine.docker(["network", "ls", "-q", "--filter", `label=${session}`])) === "",
    );
    expect(guard.entries().filter(({ verdict }) => verdict === "deny")).toEqual([]);
  });
});

async function until(isSo: () => boolean | Promise<boolean>, what = () => ""): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (await isSo()) return;
    await pause(100);
  }
  throw new Error(`it did not come to be: ${what()}`);
}
