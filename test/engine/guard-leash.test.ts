import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type LeashedRun, type Leashes, openLeashes } from "../support/guard/leash-process.ts";
import type { Attack } from "./attacks/attack.ts";
import { type Door, openDoor } from "./attacks/door.ts";
import { leashAttacks, prepareVictims } from "./attacks/leash.ts";
import { type Stage, startStage } from "./attacks/stage.ts";
import { subjects } from "./attacks/subjects.ts";
import { describeWithEngine } from "./describe.ts";

/** A budget that the attacks on a policy do not meet: they must not be stopped for a wrong reason. */
const wide = "memory=64g,pids=99999,containers=999,volumes=999,networks=25,ports=999";
const narrow = "memory=256m,pids=200,containers=6,volumes=4,networks=3,ports=2";

/** A hostile command on a leash: whatever it asks of its socket, the forbidden state does not come to be. */
describeWithEngine("a hostile command on a leash", () => {
  let stage: Stage;
  let leashes: Leashes;
  const running: LeashedRun[] = [];
  const doors = { wide: "", narrow: "" };

  async function openLeash(name: keyof typeof doors, budget: string): Promise<void> {
    const run = leashes.start([
      "--name",
      name,
      "--budget",
      budget,
      "--",
      "sh",
      "-c",
      "echo at $DOCKER_HOST.; exec sleep 1000",
    ]);
    running.push(run);
    await run.until("docker.sock.");
    doors[name] = /at unix:\/\/(\S+)\./.exec(run.said())?.[1] ?? "";
  }

  beforeAll(async () => {
    const program = builtCommand();
    stage = await startStage();
    leashes = openLeashes(program, stage.engine.host);
    Object.assign(stage.guard, { folder: leashes.folder, program });
    await openLeash("wide", wide);
    await openLeash("narrow", narrow);
  });
  afterAll(async () => {
    for (const run of running) run.child.kill("SIGTERM");
    await Promise.all(running.map(({ ended }) => ended));
    leashes?.remove();
    await stage?.stop();
  });

  async function succeeds(how: Attack, door: Door): Promise<boolean> {
    if (how.prepare !== prepareVictims) await stage.clear();
    stage.kept.set("home", dirname(leashes.folder));
    await how.prepare?.(stage);
    try {
      await how.attempt(door, stage).catch(() => undefined);
      if (door.socketPath !== stage.door.socketPath)
        expect((await door.call("GET", "/_ping")).text).toBe("OK");
      return await how.seen(stage, door.heard());
    } finally {
      await how.clean?.(stage);
    }
  }

  describe.each(leashAttacks)("$subject", ({ attacks }) => {
    it.each(attacks.map((how) => [how.name, how] as const))(
      "%s: on a bare socket, and not on a leash",
      async (_, how) => {
        expect(await succeeds(how, openDoor(doors.narrow)), "leash").toBe(false);
        expect(await succeeds(how, openDoor(stage.engine.socketPath)), "bare").toBe(true);
      },
    );
  });

  // That they succeed without a guard, guard-attacks.test.ts shows. Those with a policy of their own are about that policy.
  const usualOnes = subjects
    .map(({ subject, attacks }) => ({ subject, usual: attacks.filter(({ policy }) => policy === undefined) }))
    .filter(({ usual }) => usual.length > 0);
  describe.each(usualOnes)("$subject", ({ usual }) => {
    it.each(usual.map((how) => [how.name, how] as const))("%s: not on a leash", async (_, how) => {
      expect(await succeeds(how, openDoor(doors.wide))).toBe(false);
    });
  });

  it("leaves what is the operator's as it was", async () => {
    await stage.clear();
    await prepareVictims(stage);
    const before = (await stage.containers()).map(({ Id }) => Id);
    for (const run of running) run.child.kill("SIGTERM");
    await Promise.all(running.map(({ ended }) => ended));
    expect((await stage.containers()).map(({ Id }) => Id)).toEqual(before);
    expect((await stage.door.call("GET", "/volumes/victims")).status).toBe(200);
    // What it began to run would go on by a socket that is no longer there.
    await expect(openDoor(doors.narrow).call("GET", "/_ping")).rejects.toThrow();
  });
});
