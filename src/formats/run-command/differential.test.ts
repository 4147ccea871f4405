import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { disagreement, type Kept } from "../../../test/support/differential/compare.ts";

const folder = new URL("../../../test/fixtures/differential/", import.meta.url);

describe("files that bash or make have run", () => {
  test.each(readdirSync(folder))("%s", (name) => {
    const kept: Kept = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
    expect(kept.calls).not.toEqual([]);
    expect(disagreement(kept)).toBeUndefined();
  });

  test("a value that the program does not pass is a disagreement", () => {
    const kept: Kept = {
      oracle: "bash",
      text: "A=x\ndocker run -i image1 $A\n",
      calls: [["run", "-i", "image1", "y"]],
    };
    expect(disagreement(kept)).toBe('image1 ran ["y"]; the reader has [["x"]]');
  });
});
