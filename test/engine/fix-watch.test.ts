import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
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

  /** What was so before: one that restarted once, and one that had ended badly. */
  const neighbours = `  once:
    image: ${busybox}
    security_opt: [no-new-privileges:true]
    restart: on-failure:3
    tmpfs: [/run]
    command: ["sh", "-c", "[ -e /tmp/second ] && exec sleep 600; : >/tmp/second; exit 3"]
    volumes: [kept:/tmp]
  failed:
    image: ${busybox}
    security_opt: [no-new-privileges:true]
    command: ["false"]
volumes:
  kept:
`;

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
    const left = (await engine.docker(["ps", "-aq"])).split("\n").filter(Boolean);
    if (left.length > 0) await engine.docker(["rm", "-f", "-v", ...left]);
    await engine.docker(["volume", "prune", "-af"]);
  });

  it("keeps what holds", async () => {
    const done = await fix("trap 'exit 0' TERM; sleep 600 & wait", true);
    expect(done.stderr).toContain("it held for 6 s");
    expect(readFileSync(file(), "utf8")).toContain("read_only: true");
    expect(await readOnly()).toBe("true");
  });

  it("blames no change for what was so before", async () => {
    folder = testFolder({
      "compose.yaml": `${project("trap 'exit 0' TERM; sleep 600 & wait")}${neighbours}`,
    });
    await compose("up", "-d");
    await vi.waitFor(
      async () =>
        expect(
          await engine.docker(["inspect", "-f", "{{.RestartCount}} {{.State.Running}}", "watched-once-1"]),
        ).toBe("1 true"),
      { timeout: 20_000 },
    );
    const words = ["fix", "--no-config", "--apply", "--watch", "3s", "--only", "no-new-privileges"];
    const done = await runCli(program, [...words, "compose.yaml"], {
      cwd: folder,
      env: { ...process.env, ...engine.environment, HOME: folder },
    });
    expect(done.stderr).toContain("it held for 3 s");
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

  it.each([[], ["--offline"]])(
    "writes nothing where docker compose up would lose what a container wrote (%s)",
    async (...more) => {
      const script = "mkdir /opt5; echo mine >/opt5/upload; trap 'exit 0' TERM; sleep 600 & wait";
      const done = await fix(script, true, ...more);
      expect(done.stderr).toContain("/opt5/upload (web); --discard-layer loses it");
      expect(done).toMatchObject({ status: 2 });
      expect(readFileSync(file(), "utf8")).toBe(project(script));
      expect(await compose("exec", "web", "cat", "/opt5/upload")).toBe("mine");
    },
  );
});
