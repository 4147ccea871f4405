import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { readConfig } from "../../config/config.ts";
import { outputTypes } from "./destinations.ts";

const blocks = [...readFileSync("docs/watch.md", "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  ([, text = ""]) => text,
);

it("takes what docs/watch.md shows, in which every type is", () => {
  expect(blocks.length).toBeGreaterThan(1);
  const types = new Set<string>();
  for (const text of blocks) {
    const config = readConfig("bulkhead.yaml", memoryDisk({ "bulkhead.yaml": text }));
    expect(config).toMatchObject({ ok: true });
    if (config.ok) for (const { type } of config.value.watch?.outputs ?? []) types.add(type);
  }
  expect([...types].toSorted()).toEqual(outputTypes.toSorted());
});

it("takes sixteen outputs at most", () => {
  const outputs = Array.from({ length: 17 }, (_, index) => ({ type: "file", path: String(index) }));
  const read = (count: number) =>
    readConfig(
      "bulkhead.yaml",
      memoryDisk({ "bulkhead.yaml": JSON.stringify({ watch: { outputs: outputs.slice(0, count) } }) }),
    );
  expect(read(16).ok).toBe(true);
  expect(read(17)).toMatchObject({
    ok: false,
    faults: [{ reason: expect.stringContaining("are more than 16"), location: { startLine: 1 } }],
  });
});
