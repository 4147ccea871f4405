import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { container } from "./container.ts";
import { type FactList, set, setItems, unresolved } from "./fact.ts";
import { applyPatches, type ContainerPatch } from "./patch.ts";

const names = fc.constantFrom("a", "b", "c", "d");
const patches = fc.array(
  fc.oneof(
    names.map((value): ContainerPatch => ({ op: "add", field: "capAdd", value })),
    names.map((value): ContainerPatch => ({ op: "remove", field: "capAdd", value })),
    fc
      .tuple(names, names)
      .map(([value, to]): ContainerPatch => ({ op: "replace", field: "capAdd", value, with: to })),
  ),
  { maxLength: 8 },
);

/** What each patch says, one after the other. */
function oneByOne(list: readonly string[], made: readonly ContainerPatch[]): readonly string[] {
  let now = list;
  for (const patch of made) {
    if (patch.field !== "capAdd" || !("value" in patch)) continue;
    const { value } = patch;
    if (patch.op === "add") now = now.includes(value) ? now : [...now, value];
    else if (patch.op === "remove") now = now.filter((each) => each !== value);
    else now = now.map((each) => (each === value ? patch.with : each));
  }
  return now;
}

function values(list: FactList<string>): readonly string[] {
  return setItems(list).map(({ value }) => value);
}

test("many at once come to the same as one after the other", () => {
  fc.assert(
    fc.property(fc.array(names, { maxLength: 5 }), patches, (list, made) => {
      const before = container("declared", { capAdd: list.map((name) => set(name)) });
      expect(values(applyPatches(before, made).capAdd)).toEqual(oneByOne(list, made));
    }),
  );
});

describe("what is not spoken of stays as it is", () => {
  const origin = { file: "f", startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 };
  const before = container("declared", {
    user: set("app", origin),
    capAdd: [set("a", origin), unresolved("the variable X is not set")],
  });

  test("other items keep their origins, and what could not be evaluated its reason", () => {
    const after = applyPatches(before, [{ op: "add", field: "capAdd", value: "b" }]);
    expect(after.capAdd).toEqual([...before.capAdd, set("b")]);
    expect(after.user).toBe(before.user);
  });

  test("of several words on one fact the last counts", () => {
    const after = applyPatches(before, [
      { op: "set", field: "user", value: "1" },
      { op: "unset", field: "user" },
      { op: "set", field: "user", value: "2" },
    ]);
    expect(after.user).toEqual(set("2"));
  });
});
