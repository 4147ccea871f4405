import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDoor } from "./attacks/door.ts";
import { leashAttacks, prepareVictims } from "./attacks/leash.ts";
import { type HostileStage, openHostileStage, usualAttacks } from "./attacks/on-leash.ts";
import { describeWithEngine } from "./describe.ts";

/** A hostile command on a leash: whatever it asks of its socket, the forbidden state does not come to be. */
describeWithEngine("a hostile command on a leash", () => {
  let hostile: HostileStage;
  beforeAll(async () => {
    hostile = await openHostileStage();
  });
  afterAll(() => hostile?.stop());

  describe.each(leashAttacks)("$subject", ({ attacks }) => {
    it.each(attacks.map((how) => [how.name, how] as const))(
      "%s: on a bare socket, and not on a leash",
      async (_, how) => {
        const { succeeds, doors, stage } = hostile;
        expect(await succeeds(how, openDoor(doors.narrow)), "leash").toBe(false);
        expect(await succeeds(how, openDoor(stage.engine.socketPath)), "bare").toBe(true);
      },
    );
  });

  // That they succeed without a guard, guard-attacks.test.ts shows.
  describe.each(usualAttacks)("$subject", ({ attacks }) => {
    it.each(attacks.map((how) => [how.name, how] as const))("%s: not on a leash", async (_, how) => {
      expect(await hostile.succeeds(how, openDoor(hostile.doors.wide))).toBe(false);
    });
  });

  it("leaves what is the operator's as it was", async () => {
    const { stage } = hostile;
    await stage.clear();
    await prepareVictims(stage);
    const before = (await stage.containers()).map(({ Id }) => Id);
    await hostile.endLeashes();
    expect((await stage.containers()).map(({ Id }) => Id)).toEqual(before);
    expect((await stage.door.call("GET", "/volumes/victims")).status).toBe(200);
    // What it began to run would go on by a socket that is no longer there.
    await expect(openDoor(hostile.doors.narrow).call("GET", "/_ping")).rejects.toThrow();
  });
});
