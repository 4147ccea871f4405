import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { composeOverrideOf } from "./override-file.ts";

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
