import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, folderOf, type Ran, runCli } from "../support/cli.ts";
import { describeWithServers } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importServerImage } from "./servers/image.ts";
import { servers } from "./servers/images.ts";

/** A name that no table knows: what is known of it comes from the bundle. */
const image = "registry.example/cache:1";

await describeWithServers("a bundle with the needs of a real server", () => {
  let engine: TestEngine;
  const { path: folder, remove } = folderOf({});
  let program: string;
  const run = (...words: readonly string[]): Promise<Ran> =>
    runCli(program, words, { cwd: folder, env: engine.environment });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const capabilityStep = async (target = "compose.yaml") => {
    const { stdout, stderr } = await run("fix", "--format", "json", target);
    const [plan] = (JSON.parse(stdout || stderr) as { subjects: readonly { patches: readonly Step[] }[] })
      .subjects;
    return plan?.patches.find(({ controls }) => controls.includes("capabilities-drop"));
  };

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importServerImage(engine, image, servers.redis);
    write("compose.yaml", `services:\n  cache:\n    image: ${image}\n`);
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    write("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    write("key.pub", publicKey.export({ type: "spki", format: "pem" }).toString());
  }, 300_000);
  afterAll(async () => {
    await engine?.stop();
    remove();
  });

  it("is written, learnt again, and used for the image that it names by its digest", async () => {
    const learn = ["learn", "--no-config", "compose.yaml", "--check-exec", "redis-cli ping", "--settle", "1"];
    const made = await run(...learn, "--bundle", "cache.json", "--sign", "key.pem");
    expect(made.stderr).toContain("cache.json is written, signed with");
    const again = await run(...learn, "--verify-bundle", "cache.json", "--key", "key.pub");
    expect(again.stdout, again.stderr).toContain("cache: the same as then");
    expect(again.status).toBe(0);

    write("bulkhead.yaml", "bundles: { files: [cache.json], key: key.pub }\n");
    const known = await capabilityStep();
    expect(known?.breaks).toContain("Tested with this very image");
    expect(known?.kind).toBe("behavioural");

    // A container that runs is known by its image, and by the words that replaced that image's.
    const docker = (...words: readonly string[]) => engine.docker(words);
    await docker("run", "-d", "--name", "cache", image);
    await docker("run", "-d", "--name", "other", image, "sleep", "1000");
    expect((await capabilityStep("container:cache"))?.breaks).toContain("Tested with this very image");
    expect((await capabilityStep("container:other"))?.breaks ?? "").not.toContain("Tested with");
    await docker("rm", "-f", "cache", "other");

    // Another image under its name.
    await importServerImage(engine, image, { ...servers.redis, changes: ['CMD ["sh"]'] });
    const other = await capabilityStep();
    expect(other?.breaks).not.toContain("Tested with");
    expect(other?.kind).toBe("decision");
    const moved = await run(...learn, "--verify-bundle", "cache.json", "--key", "key.pub");
    expect(moved.status).not.toBe(0);
  }, 400_000);

  it("is refused where its signature is not that of the key", async () => {
    const bundle = JSON.parse(readFileSync(join(folder, "cache.json"), "utf8")) as { payload: string };
    const forged = Buffer.from(bundle.payload, "base64").toString().replace('"CHOWN"', '"SYS_ADMIN"');
    write("cache.json", JSON.stringify({ ...bundle, payload: Buffer.from(forged).toString("base64") }));
    const { status, stderr } = await run("fix", "compose.yaml");
    expect(stderr).toBe("bulkhead: cache.json: it is not signed with this key\n");
    expect(status).toBe(2);
  });
});

interface Step {
  readonly controls: readonly string[];
  readonly kind: string;
  readonly breaks: string | null;
}
