import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { startWatchCommand } from "./running-watch.ts";
import { runNamed, testName } from "./test-container.ts";
import { until } from "./watching.ts";

describeWithEngine("watch.refusals", () => {
  let engine: TestEngine;
  let program: string;
  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("names the call, the program and the setting, of those that run and of those that start", async () => {
    const at = testFolder();
    writeFileSync(join(at, "bulkhead.yaml"), "watch: { refusals: true }\n");
    const history = join(at, "history.db");
    const [running, started, quiet] = ["running", "started", "quiet"].map((each) => testName(engine, each));
    await runNamed(
      engine,
      running ?? "",
      ["--network=none", "--cap-drop=ALL"],
      ["sh", "-c", "while true; do if test -e /now; then chown 5 /now; fi; sleep 0.2; done"],
    );
    const args = ["--history", history, "--format", "jsonl"];
    const watch = await startWatchCommand({ program, host: engine.host, args, cwd: at });
    await until(() => watch.stderr().includes("following what containers are refused"));
    const refusals = () =>
      watch
        .stdout()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .filter(({ change }) => change === "refused");
    await runNamed(engine, quiet ?? "", ["--network=none", "--read-only"], ["sh", "-c", "ls /; sleep 1000"]);
    // It is gone before anyone has looked.
    await runNamed(engine, started ?? "", ["--network=none", "--read-only", "--rm"], ["mkdir", "/x"]);
    await engine.docker(["exec", running ?? "", "touch", "/now"]);
    await until(() => refusals().length === 2);
    const of = (name: string | undefined) =>
      refusals().find(({ finding }) => finding.subject === `container:${name}`);
    expect(of(started)).toMatchObject({
      finding: {
        ...{ control: "read-only-rootfs", verdict: "pass", severity: "medium" },
        message: expect.stringMatching(
          // Its path is known where it lives long enough to be asked for it, or the kernel shows it.
          /^mkdir had mkdir\((?:…\) .*, and ended with status 1$|\/x\) .*, and ended with status 1; to allow it: --tmpfs \/x)/,
        ),
      },
      cause: { kind: "kernel", call: "mkdir", process: "mkdir" },
    });
    expect(of(running)).toMatchObject({
      finding: {
        control: "capabilities-drop",
        message: expect.stringMatching(
          /^chown had .*chown\(.*\) refused: CHOWN is dropped, and ended with status 1; to allow it: --cap-add CHOWN$/,
        ),
      },
    });
    expect(await watch.end()).toBe(0);
    expect(refusals()).toHaveLength(2);
  });
});
