import { expect, test } from "vitest";
import { memoryFiles } from "../../test/support/memory-files.ts";
import { composeProjects } from "./compose-projects.ts";

function projects(...paths: string[]): readonly (readonly string[])[] {
  return composeProjects(paths, memoryFiles(Object.fromEntries(paths.map((path) => [path, ""]))));
}

test("a folder's default file takes its override along", () => {
  expect(projects("a/compose.override.yml", "a/compose.yaml", "b/compose.yaml")).toEqual([
    ["a/compose.yaml", "a/compose.override.yml"],
    ["b/compose.yaml"],
  ]);
});

test("files of other names stand alone, and so does an override without its base", () => {
  expect(projects("compose.prod.yaml", "docker-compose.override.yml")).toEqual([
    ["compose.prod.yaml"],
    ["docker-compose.override.yml"],
  ]);
});
