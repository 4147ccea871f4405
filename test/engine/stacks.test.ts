import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithServers } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importServerImage } from "./servers/image.ts";
import { stacks } from "./servers/stacks.ts";
import { differences, harden, useOf, writeStack } from "./servers/used.ts";

/** One of the stacks that `npm run test:stacks` tries whole: its answer changes where its start cannot write a file of the image. */
await describeWithServers("a hardened stack answers and stops as it did untouched", () => {
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("nginx with templates, whose entrypoint is silent", async () => {
    const stack = stacks.find(({ name }) => name === "nginx-templates");
    if (!stack) throw new Error("there is no such stack");
    for (const [reference, image] of Object.entries(stack.images)) {
      await importServerImage(engine, reference, image);
    }
    const untouched = testFolder();
    writeStack(stack, untouched);
    const before = await useOf(engine, stack, untouched);
    expect(before.outputs).toEqual(["the site of the-shop"]);
    const fixed = testFolder();
    writeStack(stack, fixed);
    await harden({ engine, program, folder: testFolder }, stack, fixed, "fix");
    expect(differences(before, await useOf(engine, stack, fixed))).toEqual([]);
    const hardened = testFolder();
    writeStack(stack, hardened);
    const { stdout } = await harden({ engine, program, folder: testFolder }, stack, hardened, "verify");
    expect(stdout).toContain("holds      read-only-rootfs");
    expect(stdout).toContain("holds      capabilities-drop");
    expect(differences(before, await useOf(engine, stack, hardened))).toEqual([]);
  }, 300_000);

  it("finds that the answer of an image that nobody knows becomes another one", async () => {
    const known = stacks.find(({ name }) => name === "nginx-templates");
    const [image] = Object.values(known?.images ?? {});
    if (!known || !image) throw new Error("there is no such stack");
    const reference = "registry.example/web:1";
    const stack = {
      ...known,
      compose: known.compose.replace("nginx:1.26", `${reference}\n    tmpfs: [/run, /var/cache/nginx]`),
    };
    await importServerImage(engine, reference, image);
    const hardened = testFolder();
    writeStack(stack, hardened);
    const { stdout } = await harden({ engine, program, folder: testFolder }, stack, hardened, "verify");
    expect(stdout).toContain("breaks     read-only-rootfs");
    expect(stdout).toContain("the answer of web to / differs: it says “Welcome to nginx!” instead");
    expect((await useOf(engine, stack, hardened)).outputs).toEqual(["the site of the-shop"]);
  }, 300_000);
});
