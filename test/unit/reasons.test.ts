import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** A reason is a sentence for people. What a program decides by it is in a field, which nobody rewords. */
const decided =
  /\.test\([\w.?]*\b(?:reason|summary)\)|\b(?:reason|summary)\??\.(?:startsWith|endsWith|includes|match)\(/;

/** Where the sentence is dockerd's own. */
const foreign = ["src/fix/live/recreate/restore.ts"];

test("no trial, fix or learning decides by the words of a reason", () => {
  const files = ["src/fix", "src/learn", "src/trial", "src/why"]
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(100);
  const found = files.filter((file) => decided.test(readFileSync(file, "utf8")));
  expect(found).toEqual(foreign);
});
