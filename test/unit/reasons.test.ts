import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** A reason is a sentence for people. What a program decides by it is in a field, which nobody rewords. */
const decided =
  /\.test\([\w.?]*\b(?:reason|summary|message)\)|\b(?:reason|summary|message)\??\.(?:startsWith|endsWith|includes|match)\(/;

/** Where it is read all the same, and why. */
const known = {
  "src/engine/read/questions.ts": "whether a gap needs words in front of the reason: none decides anything",
  "src/fix/live/recreate/restore.ts": "dockerd's own words",
  "src/fleet/server/sign-in/provider-errors.ts": "a library's own words",
  "src/guard/judge/container/folders.ts": "dockerd's own words",
  "src/prove/containers/test-container.ts": "dockerd's own words",
  "src/report/text/open-questions.ts":
    "how questions are put together in a report, which names each of them with -v",
} as const;

test("nothing decides by the words of a reason", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name}`)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(1000);
  const found = files.filter((file) => decided.test(readFileSync(file, "utf8")));
  expect(found.toSorted()).toEqual(Object.keys(known));
});
