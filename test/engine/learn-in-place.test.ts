import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";

describeWithEngine("bulkhead learn --in-place", () => {
  let engine: TestEngine;
  let program: string;
  let state = "";

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    state = mkdtempSync(join(tmpdir(), "bulkhead-state-"));
    await importImage(engine, "worker:1", {
      changes: ['CMD ["/app"]'],
      files: { "/app": "#!/bin/sh\nwhile :; do sleep 1; $WORK; done\n", "/srv/keep": "" },
    });
  });
  afterAll(async () => {
    await engine?.stop();
    rmSync(state, { recursive: true, force: true });
  });

  const watch = (...words: readonly string[]) =>
    runCli(program, ["learn", "--in-place", "--format", "json", ...words], {
      env: { ...engine.environment, XDG_STATE_HOME: state },
    });

  it("sees what a running container does from now on, adds it up, and changes nothing", async () => {
    const start = async (work: string) =>
      await engine.docker(["run", "-d", "--name", "worker", "-e", `WORK=${work}`, "worker:1"]);
    await start("chown 1000 /srv/keep");
    const before = await engine.docker(["inspect", "worker"]);
    const first = await watch("container:worker", "--for", "4s", "--merge");
    expect(first.stderr).toBe("");
    expect(JSON.parse(first.stdout)).toMatchObject({
      ...{ subject: "container:worker", verified: false, runs: 1, traced: true },
      capabilities: { used: expect.arrayContaining(["CHOWN"]) },
      calls: expect.arrayContaining(["execve"]),
      files: { amongTheImages: ["/srv/keep"] },
      network: { listens: [], peers: [] },
    });
    expect(await engine.docker(["inspect", "worker"])).toBe(before);
    await engine.docker(["rm", "-f", "worker"]);
    await start("mkdir -p /tmp/made");
    const second = JSON.parse((await watch("container:worker", "--for", "3s", "--merge")).stdout);
    expectDocument("learn-in-place", second);
    expect(second.runs).toBe(2);
    expect(second.capabilities.used).toContain("CHOWN");
    expect(second.files.scratch).toMatchObject([{ path: "/tmp" }]);
    expect(second.files.amongTheImages).toEqual(["/srv/keep"]);
    await engine.docker(["rm", "-f", "worker"]);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(" tracefs ");
  });

  it.each([
    [["container:nobody"], "there is no container nobody"],
    [["compose.yaml"], "--in-place watches a running container: name it as container:NAME"],
    [["container:x", "--apply"], "--apply does not go with --in-place, which only watches"],
  ] as const)("says in a line that it cannot watch %j", async (words, reason) => {
    const ran = await watch(...words);
    expect(ran).toMatchObject({ status: 2, stdout: "", stderr: `bulkhead: ${reason}\n` });
  });
});
