import { expect, test } from "vitest";
import { headOf } from "./evaluate.ts";

const location = { file: "f", startLine: 2, startColumn: 3, endLine: 4, endColumn: 9 };

test.each([
  ["a service's name", "  web:", "web", 6],
  ["a quoted one", '  "web":', "web", 8],
  ["a command's first line", "  docker run \\", "run@2", 13],
  ["a Dockerfile, whose name may be longer than its first line", "  FROM x", "a/long/path/Dockerfile", 9],
  ["a daemon.json", "  {", "engine", 4],
])("%s", (_, line, name, endColumn) => {
  expect(headOf(location, name, () => line)).toEqual({ ...location, endLine: 2, endColumn });
});

test("what stands on one line is its own head", () => {
  const one = { ...location, endLine: 2 };
  expect(headOf(one, "web", () => "  web: {}")).toBe(one);
});

test("without the text it is where the definition begins", () => {
  expect(headOf(location, "web")).toMatchObject({ endLine: 2, endColumn: 3 });
});
