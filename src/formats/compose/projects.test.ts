import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { composeOverrideOf, composeProjectOf, composeProjects } from "./projects.ts";

test("a default Compose file brings the override beside it", () => {
  const io = memoryFiles({ "compose.override.yaml": "", "app/docker-compose.override.yml": "" });
  expect(composeOverrideOf("compose.yaml", io)).toBe("compose.override.yaml");
  expect(composeOverrideOf("app/docker-compose.yml", io)).toBe("app/docker-compose.override.yml");
});

test("there is none beside a file of another name, or where nothing is", () => {
  const io = memoryFiles({ "compose.override.yaml": "" });
  expect(composeOverrideOf("compose.prod.yaml", io)).toBeUndefined();
  expect(composeOverrideOf("other/compose.yaml", io)).toBeUndefined();
});

function projects(...paths: string[]): readonly (readonly string[])[] {
  const io = memoryFiles(Object.fromEntries(paths.map((path) => [path, ""])));
  return composeProjects(paths, io).map(({ files }) => files);
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

const base = "services:\n  web:\n    image: nginx\n  db:\n    image: postgres\n";

test("an override that is named is read with its base, as docker compose reads the two", () => {
  const io = memoryFiles({ "a/compose.yaml": base, "a/compose.override.yaml": "services: {}" });
  expect(composeProjectOf("a/compose.override.yaml", io)).toEqual({
    files: ["a/compose.yaml", "a/compose.override.yaml"],
  });
});

test("a file that completes no service by itself is read behind the default file beside it", () => {
  const prod = "services:\n  web:\n    privileged: false\n";
  const io = memoryFiles({ "compose.yaml": base, "compose.prod.yaml": prod, "b/compose.prod.yaml": prod });
  expect(composeProjectOf("compose.prod.yaml", io)).toEqual({
    files: ["compose.yaml", "compose.prod.yaml"],
    overlay: true,
  });
  expect(composeProjectOf("b/compose.prod.yaml", io)).toEqual({ files: ["b/compose.prod.yaml"] });
});

test("a file whose services are complete stands alone", () => {
  const io = memoryFiles({ "compose.yaml": base, "compose.dev.yaml": base });
  expect(composeProjectOf("compose.dev.yaml", io)).toEqual({ files: ["compose.dev.yaml"] });
});

test("a default file that is named is read with its override", () => {
  const io = memoryFiles({ "a/compose.yaml": base, "a/compose.override.yaml": "services: {}" });
  expect(composeProjectOf("a/compose.yaml", io)).toEqual({
    files: ["a/compose.yaml", "a/compose.override.yaml"],
  });
});

test.each([
  ["COMPOSE_FILE=compose.yaml:prod.yaml\n"],
  ["COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE='compose.yaml,prod.yaml'\n"],
])("%j of .env names the files that docker compose loads", (env) => {
  const files = {
    "a/compose.yaml": base,
    "a/prod.yaml": base,
    "a/compose.override.yaml": base,
    "a/.env": env,
  };
  const io = memoryFiles(files);
  const both = { files: ["a/compose.yaml", "a/prod.yaml"] };
  expect(composeProjectOf("a/compose.yaml", io)).toEqual(both);
  expect(composeProjectOf("a/prod.yaml", io)).toEqual(both);
  expect(composeProjects(["a/compose.override.yaml", "a/compose.yaml", "a/prod.yaml"], io)).toEqual([
    { files: ["a/compose.override.yaml"] },
    both,
  ]);
});
