import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

describeWithEngine("fix --apply --watch", () => {
  let engine: TestEngine;
  let program: string;
  let folder: string;
  const file = () => join(folder, "compose.yaml");
  const project = (script: string) =>
    `name: watched\nservices:\n  web:\n    image: ${busybox}\n    stop_grace_period: 1s\n    command: ["sh", "-c", ${JSON.stringify(script)}]\n`;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  async function compose(...words: readonly string[]): Promise<string> {
    return await engine.docker(["compose", "-f", file(), ...words]);
  }

  async function fix(script: string, isUp: boolean, ...more: readonly string[]) {
    folder = testFolder({ "compose.yaml": project(script) });
    if (isUp) await compose("up", "-d");
    return await runCli(
      program,
      [
        "fix",
        "--no-config",
        "--apply",
        "--watch",
        "6s",
        "--accept",
        "read-only-rootfs",
        ...more,
        "compose.yaml",
      ],
      {
        cwd: folder,
        env: { ...process.env, ...engine.environment, HOME: folder },
      },
    );
  }
  const readOnly = () => engine.docker(["inspect", "-f", "{{.HostConfig.ReadonlyRootfs}}", "watched-web-1"]);

  beforeEach(async () => {
    await engine.docker(["rm", "-f", "watched-web-1"]).catch(() => "");
  });

  it("keeps what holds", async () => {
    const done = await fix("trap 'exit 0' TERM; sleep 600 & wait", true);
    expect(done.stderr).toContain("it held for 6 s");
    expect(readFileSync(file(), "utf8")).toContain("read_only: true");
    expect(await readOnly()).toBe("true");
  });

  it.each([
    [
      "fails only a while after its start",
      "sleep 2; mkdir /opt2 || exit 3; sleep 600",
      /web: it (?:restarts|ended with exit status \d)/,
    ],
    [
      "logs a refusal, and runs on",
      "sleep 2; mkdir /opt3; sleep 600",
      /it logs “mkdir: .*Read-only file system”/,
    ],
  ])("takes back, and brings up as it was, what %s", async (_, script, why) => {
    const done = await fix(script, true, "--discard-layer");
    expect(done.stderr).toMatch(why);
    expect(done.stderr).toContain("compose.yaml is as it was before --apply");
    expect(done).toMatchObject({ status: 1 });
    expect(readFileSync(file(), "utf8")).toBe(project(script));
    expect(await readOnly()).toBe("false");
  });

  it("ends a project that it started itself", async () => {
    const done = await fix("mkdir /opt4 || exit 3; sleep 600", false);
    expect(done.stderr).toContain("it ended with exit status 3");
    expect(done.stderr).toContain("watched is down again");
    expect(await engine.docker(["ps", "-aq"])).toBe("");
  });

  it("writes nothing where docker compose up would lose what a container wrote", async () => {
    const script = "mkdir /opt5; echo mine >/opt5/upload; trap 'exit 0' TERM; sleep 600 & wait";
    const done = await fix(script, true);
    expect(done.stderr).toContain("/opt5/upload: --discard-layer loses");
    expect(done).toMatchObject({ status: 2 });
    expect(readFileSync(file(), "utf8")).toBe(project(script));
    expect(await compose("exec", "web", "cat", "/opt5/upload")).toBe("mine");
  });
});
