import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The longest first. vitest goes by a file's size, where it has not run before, and these are small: they hold tables. */
const longest = [
  "test/engine/guard-attacks.test.ts",
  "test/engine/learn-servers.test.ts",
  "test/engine/servers.test.ts",
  "test/engine/run-oracle.test.ts",
  "test/e2e/pre-commit.test.ts",
  "test/e2e/docs-site.test.ts",
];

/** It takes every CPU for a while: what runs beside the tests of the whole host is over by then. */
const last = "test/engine/watch-false.test.ts";

/** Begins with the files that take longest: were they last, one process would work and the other would wait for it. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  if (moduleId.endsWith(`/${last}`)) return longest.length + 1;
  const place = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place < 0 ? longest.length : place;
}
