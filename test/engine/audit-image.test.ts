import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { buildPackaged, packagedStage } from "./packaged-image.ts";

const image = "bulkhead:test";

describeWithEngine("bulkhead audit in a container", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-audit-image-"));
  const work = join(folder, "work");
  let engine: TestEngine;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    mkdirSync(work);
    writeFileSync(join(work, "compose.yaml"), readFileSync("examples/insecure/compose.yaml"));
    engine = await startEngine();
    await buildPackaged(engine, folder, {
      tag: image,
      dockerfile: packagedStage("audit"),
      program: builtCommand(),
      fill(context) {
        mkdirSync(join(context, "work"));
        execFileSync("chmod", ["-R", "a+rX", context]);
      },
    });
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const hardened = ["--rm", "--network=none", "--read-only", "--cap-drop=ALL", "-v", `${work}:/work:ro`];

  it("audits the mounted folder, without a network, a capability or a place to write", async () => {
    const flags = ["--format", "json", "--fail-on", "none", "."];
    const said = await engine.docker(["run", ...hardened, image, "audit", ...flags]);
    const { findings } = JSON.parse(said);
    expect(findings.map((each: { control: string }) => each.control)).toContain("docker-socket-mount");
    expect(await engine.docker(["inspect", "--format={{.Config.User}}", image])).toBe("65532:65532");
  });

  it("audits the folder when no command is given, and fails on findings", async () => {
    await expect(engine.docker(["run", ...hardened, image])).rejects.toThrow();
  });
});
