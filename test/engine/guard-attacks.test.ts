import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type AuthzProcess, startAuthz } from "../support/guard/authz-process.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import type { Attack, Subject } from "./attacks/attack.ts";
import { type Door, openDoor } from "./attacks/door.ts";
import { create, run } from "./attacks/make.ts";
import { type Stage, startStage } from "./attacks/stage.ts";
import { remappedSubjects, subjects } from "./attacks/subjects.ts";
import { describeWithEngine } from "./describe.ts";

describeWithEngine("attacks on the guard", () => {
  attack(startStage, subjects);
});

describeWithEngine("attacks on the guard of an Engine with userns-remap", () => {
  attack(() => startStage({ usernsRemap: true }), remappedSubjects);
});

/**
 * Each attack three times against one dockerd: straight at its socket, where it has to succeed; through the proxy and past
 * the authorization plugin, where what it is after must not come to be. Whether it did is seen past the guard.
 */
function attack(setUp: () => Promise<Stage>, own: readonly Subject[]): void {
  let folder = "";
  let config = "";
  let stage: Stage;
  let proxy: GuardProcess;
  let plugin: AuthzProcess;
  let policy = "{}";

  beforeAll(async () => {
    const program = builtCommand();
    folder = mkdtempSync(join(tmpdir(), "bulkhead-attacks-"));
    config = join(folder, "policy.yaml");
    stage = await setUp();
    Object.assign(stage.guard, { folder, program });
    writeFileSync(config, "guard: {}\n");
    // One after the other: each is ended by what comes after the tests, also where the next does not start.
    proxy = await startGuard(program, stage.engine.host, ["--config", config]);
    plugin = await startAuthz(program, {
      name: `bulkhead-test-${randomBytes(4).toString("hex")}`,
      engine: stage.engine.host,
      config,
      yaml: "guard: {}\n",
      folder,
      args: [`--log=${join(folder, "plugin.log")}`],
    });
  });
  afterAll(async () => {
    await proxy?.stop();
    await stage?.stop();
    await plugin?.stop();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  async function reload(wanted: string): Promise<void> {
    if (policy === wanted) return;
    const yaml = `guard: ${wanted.replaceAll("FOLDER", folder)}\n`;
    // It writes the file: the proxy must not read it half-written.
    await plugin.reload(yaml);
    const count = () => proxy.said().split("read anew").length;
    const before = count();
    proxy.signal("SIGHUP");
    await stage.comes(() => count() > before);
    expect(plugin.said(), wanted).toContain("read anew");
    expect(count(), wanted).toBeGreaterThan(before);
    policy = wanted;
  }

  /** Whether it came to be what the attack is after. */
  async function succeeds(how: Attack, door: Door, names: readonly string[] = []): Promise<boolean> {
    await stage.clear();
    await how.prepare?.(stage);
    await stage.plugins(names);
    try {
      await how.attempt(door, stage).catch(() => undefined);
      if (door.socketPath !== stage.door.socketPath || names.length > 0) {
        expect((await door.call("GET", "/_ping")).text).toBe("OK");
      }
      await stage.plugins([]);
      return await how.seen(stage, door.heard());
    } finally {
      await stage.plugins([]);
      await how.clean?.(stage);
    }
  }

  it("lets the harmless container through both, so that what is denied is the attack", async () => {
    await reload("{}");
    for (const names of [[], [plugin.name]]) {
      await stage.clear();
      await stage.plugins(names);
      const door = openDoor(names.length > 0 ? stage.engine.socketPath : proxy.socketPath);
      expect(await run(door, { Cmd: ["echo", "unharmed"] })).toContain("unharmed");
      expect(await create(door, {}, "second")).toMatchObject({ status: 201 });
      await stage.plugins([]);
    }
  });

  describe.each(own)("$subject", ({ attacks }) => {
    describe.each(attacks)("$name", (how) => {
      it("succeeds without the guard", async () => {
        expect(await succeeds(how, openDoor(stage.engine.socketPath))).toBe(true);
      });

      it("is stopped by the proxy", async () => {
        await reload(how.policy ?? "{}");
        expect(await succeeds(how, openDoor(proxy.socketPath))).toBe(false);
      });

      it("is stopped by the plugin", async () => {
        await reload(how.policy ?? "{}");
        expect(await succeeds(how, openDoor(stage.engine.socketPath), [plugin.name])).toBe(false);
      });
    });
  });
}
