import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { dockerEnvironment } from "../support/guard/guard-process.ts";
import { bothWays, clientStage } from "./stage.ts";

/** A test's usual work, in a process of its own: the library keeps its client for the process's life. */
const program = fileURLToPath(new URL("testcontainers.mjs", import.meta.url));

describeWithEngine("testcontainers for Node", () => {
  const stage = clientStage();

  it("starts containers in a network, waits for them, enters, copies, builds and stops", async () => {
    const context = join(stage().guard.folder, "context");
    mkdirSync(context, { recursive: true });
    writeFileSync(
      join(context, "Dockerfile"),
      `FROM ${busybox}\nARG A\nRUN echo built with $A > /built\nCMD ["sh", "-c", "while true; do cat /built; sleep 1; done"]\n`,
    );
    const { straight, guarded } = await bothWays(stage(), (socketPath) => work(socketPath, context));
    expect(straight).toEqual({ page: "hello\n", code: 0, env: 0, more: "more" });
    expect(guarded).toEqual(straight);
    await stage().engine.docker(["rmi", "tc-built:1"]);
    // Twice the library's work, each some fifteen seconds on a machine that does nothing else.
  }, 240_000);

  function work(socketPath: string, context: string): Promise<unknown> {
    return new Promise((resolve) => {
      const env = {
        ...dockerEnvironment(`unix://${socketPath}`, stage().guard.folder),
        TESTCONTAINERS_RYUK_DISABLED: "true",
        CONTEXT: context,
        IMAGE: busybox,
      };
      execFile(
        process.execPath,
        [program],
        { env, timeout: 110_000, cwd: process.cwd() },
        (error, out, err) => resolve(error ? `${out}${err}` : JSON.parse(out)),
      );
    });
  }
});
