import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { openReactions, type ReactionOptions } from "../../src/watch/reactions/reactions.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, type Watching, watching } from "./watching.ts";

describeWithEngine("reactions of the watch", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const run = (...flags: readonly string[]) => runNamed(engine, testName(engine, "reacted"), flags);

  const state = (name: string) => engine.docker(["inspect", "-f", "{{.State.Status}}", name]);

  /** Watches, and reacts to what the watch tells. Gives what is logged. */
  async function reacting(reactions: ReactionOptions["reactions"], own?: string): Promise<readonly string[]> {
    const evidence = testFolder();
    const said: string[] = [];
    let watched: Watching | undefined;
    const opened = openReactions({
      ...{ reactions, atStart: false, evidence, own, proc: "/proc" },
      connect: { host: engine.host, environment: {}, home: "/nonexistent" },
      container: (name) => watched?.watch.container(name),
      say: (text) => said.push(text),
    });
    watched = await watching(engine, { listener: opened });
    onTestFinished(() => opened.close());
    return said;
  }

  it("never touch the container that bulkhead runs in", async () => {
    const own = await run("--network=none");
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", own]);
    const said = await reacting({ "pids-limit": "stop", "privileged-exec": "pause" }, id);
    await engine.docker(["exec", "-d", "--privileged", own, "sleep", "1000"]);
    await until(() => said.length > 0);
    expect(said[0]).toMatch(
      new RegExp(`^reaction to privileged-exec in exec:${own}/.*: no pause, bulkhead runs in it$`),
    );
    expect(await state(own)).toBe("running");
  });

  it("to an exec, pause the container that it runs in", async () => {
    const name = await run("--network=none");
    const said = await reacting({ "privileged-exec": "pause" });
    await engine.docker(["exec", "-d", "--privileged", name, "sleep", "1000"]);
    await until(() => said.length > 0);
    expect(said[0]).toMatch(
      new RegExp(`^reaction to privileged-exec in exec:${name}/.*: ${name} is paused$`),
    );
    expect(await state(name)).toBe("paused");
    await engine.docker(["unpause", name]);
  });

  it("stop again what starts again with what it was stopped for", async () => {
    const said = await reacting({ privileged: "stop" });
    const name = await run("--network=none", "--privileged", "--stop-timeout=1");
    await until(() => said.filter((text) => text.endsWith(`${name} is stopped`)).length === 1);
    await engine.docker(["start", name]);
    await until(() => said.filter((text) => text.endsWith(`${name} is stopped`)).length === 2);
    expect(await state(name)).toBe("exited");
  });

  it("say what could not be done", async () => {
    const said = await reacting({ "host-network": "disconnect" });
    const name = await run("--network=host");
    await until(() => said.length > 0);
    expect(said).toEqual([
      `reaction to host-network in container:${name}: disconnect of ${name} failed: it uses the host's network, and cannot be disconnected from it`,
    ]);
  });
});
