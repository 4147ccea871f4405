import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { bothWays, clientStage, openConfig } from "./stage.ts";
import { alike, differing } from "./steps.ts";

const run = promisify(execFile);
const programOf = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

describeWithEngine("docker-py", () => {
  const stage = clientStage(openConfig);

  async function said(socketPath: string, name: string): Promise<unknown> {
    const { stdout } = await run("/usr/bin/python3", ["-c", programOf(name)], {
      env: {
        PATH: process.env.PATH ?? "",
        DOCKER_HOST: `unix://${socketPath}`,
        HOME: stage().guard.folder,
      },
      maxBuffer: 16 * 1024 ** 2,
    });
    return JSON.parse(stdout);
  }

  it("does its usual work: run, exec, attach, volumes, networks, archives, updates, events", async () => {
    const { straight, guarded } = await bothWays(stage(), (socketPath) => said(socketPath, "docker-py.py"));
    expect(straight).toMatchObject({
      run: "hi\n",
      exec: [0, "within\n"],
      volume: { a: "b" },
      heard: "in and out",
    });
    expect(guarded).toEqual(straight);
  });

  it("gives the same answers as without the guard, to each call that it has", async () => {
    const { straight, guarded } = await bothWays(
      stage(),
      async (socketPath) => alike(await said(socketPath, "docker-py-api.py")) as Record<string, unknown>,
    );
    expect(Object.keys(straight).length).toBeGreaterThan(90);
    expect(differing(straight, guarded)).toEqual({});
  }, 300_000);
});
