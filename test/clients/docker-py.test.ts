import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { bothWays, clientStage } from "./stage.ts";

const run = promisify(execFile);
const program = readFileSync(new URL("docker-py.py", import.meta.url), "utf8");

describeWithEngine("docker-py", () => {
  const stage = clientStage();

  it("does its usual work: run, exec, attach, volumes, networks, archives, updates, events", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const { stdout } = await run("/usr/bin/python3", ["-c", program], {
        env: {
          PATH: process.env.PATH ?? "",
          DOCKER_HOST: `unix://${socketPath}`,
          HOME: stage().guard.folder,
        },
      });
      return JSON.parse(stdout) as unknown;
    });
    expect(straight).toMatchObject({
      run: "hi\n",
      exec: [0, "within\n"],
      volume: { a: "b" },
      heard: "in and out",
    });
    expect(guarded).toEqual(straight);
  });
});
