import { resolve } from "node:path";
import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { container } from "../../model/container.ts";
import type { Subject } from "../../model/subject.ts";
import { anchored } from "./judged-once.ts";

function named(file: string, marks: readonly string[]): string | undefined {
  const subject: Subject = {
    kind: "container",
    id: `${file}#web`,
    name: "web",
    stableId: `${file}#web`,
    source: "compose",
    location: undefined,
    views: [container("declared")],
  };
  const io = memoryFiles(Object.fromEntries(marks.map((mark) => [resolve(mark), ""])));
  return anchored([subject], new Set([file]), io)[0]?.stableId;
}

test("a file in a repository is named from its top, wherever the audit is run", () => {
  expect(named("app/compose.yaml", [".git"])).toBe("app/compose.yaml#web");
  expect(named("compose.yaml", ["../.git"])).toBe(`${resolve(".").split("/").at(-1)}/compose.yaml#web`);
  expect(named(resolve("app/compose.yaml"), [".git"])).toBe("app/compose.yaml#web");
});

test("else from the folder of bulkhead.yaml, or in full", () => {
  expect(named("a/b/compose.yaml", ["a/bulkhead.yaml"])).toBe("b/compose.yaml#web");
  expect(named("a/compose.yaml", [])).toBe(`${resolve("a/compose.yaml")}#web`);
});
