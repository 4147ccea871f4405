import { expect, test } from "vitest";
import { container } from "../container.ts";
import { set } from "../fact.ts";
import type { Subject } from "../subject.ts";
import { secretValuesOf, withoutNames } from "./mask.ts";

function service(name: string, image: string, password: string): Subject {
  const view = {
    ...container("declared"),
    image: set(image),
    environment: [set({ name: "DB_PASSWORD", value: password })],
  };
  return {
    kind: "container",
    id: name,
    name,
    stableId: name,
    source: "compose",
    location: undefined,
    views: [view],
  };
}

test("a password that is the name of another service or its image hides neither", () => {
  const subjects = [service("db", "mysql:8", "wordpress"), service("blog", "wordpress:6", "hunter2Xy9")];
  const values = subjects.flatMap(secretValuesOf);
  expect(values).toEqual(["wordpress", "hunter2Xy9"]);
  expect(withoutNames(values, subjects)).toEqual(["hunter2Xy9"]);
});
