import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { dockerEnvironment } from "../support/guard/guard-process.ts";
import { layOutProjects, projectKinds } from "./devcontainer-projects.ts";
import { clientStage } from "./stage.ts";

describeWithEngine("the devcontainer CLI", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-devcontainers-"));
  const config = join(folder, "bulkhead.yaml");
  writeFileSync(
    config,
    JSON.stringify({ guard: { preset: "devcontainers", allow: { mounts: [`${folder}/*`] } } }),
  );
  const stage = clientStage(["--config", config]);
  const require = createRequire(import.meta.url);
  const cli = require.resolve("@devcontainers/cli/devcontainer.js");

  beforeAll(() => layOutProjects(folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What it prints; fails with all that it said. */
  function devcontainer(socketPath: string, args: readonly string[]): Promise<string> {
    const env = dockerEnvironment(`unix://${socketPath}`, folder, { TMPDIR: folder });
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [cli, ...args], { env }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${stdout}${stderr}`));
        else resolve(stdout);
      });
    });
  }

  it.each(projectKinds)("opens a project of the kind %s, again, and afresh", async (kind) => {
    const workspace = ["--workspace-folder", join(folder, kind)];
    const { socketPath } = stage().guard;
    const up = async (...args: readonly string[]) =>
      JSON.parse(await devcontainer(socketPath, ["up", ...workspace, ...args]));
    const opened = await up();
    expect(opened).toMatchObject({ outcome: "success" });
    expect(await up()).toMatchObject({ outcome: "success", containerId: opened.containerId });
    const afresh = await up("--remove-existing-container");
    expect(afresh).toMatchObject({ outcome: "success" });
    expect(afresh.containerId).not.toBe(opened.containerId);
    expect(await devcontainer(socketPath, ["exec", ...workspace, "cat", "/tmp/seen"])).toBe("made\n");
  });

  it("is denied a feature that needs a privileged container", async () => {
    mkdirSync(join(folder, "dind/.devcontainer"), { recursive: true });
    writeFileSync(
      join(folder, "dind/.devcontainer/devcontainer.json"),
      JSON.stringify({ image: busybox, privileged: true }),
    );
    const denied = devcontainer(stage().guard.socketPath, ["up", "--workspace-folder", join(folder, "dind")]);
    await expect(denied).rejects.toThrow("(privileged)");
  });
});
