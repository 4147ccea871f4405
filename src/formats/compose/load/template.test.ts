import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { substitute } from "./template.ts";

const variables = new Map([
  ["NAME", "value"],
  ["EMPTY", ""],
]);
const take = (text: string) => substitute(text, (name) => variables.get(name));
const nested = (depth: number) => `${"$".concat("{A:-").repeat(depth)}x${"}".repeat(depth)}`;

describe("variables in a text", () => {
  test.each([
    ["$NAME-x", "value-x"],
    ["a$" + "{NAME}b", "avalueb"],
    ["$" + "{UNSET:-d}", "d"],
    ["$" + "{EMPTY:-d}", "d"],
    ["$" + "{EMPTY-d}", ""],
    ["$" + "{NAME:+r}", "r"],
    ["$" + "{EMPTY:+r}", ""],
    ["$" + "{EMPTY+r}", "r"],
    ["$" + "{UNSET:-$" + "{ALSO:-$NAME}}", "value"],
    ["$" + '{UNSET:-{"a":1}}', '{"a":1}'],
    ["$" + "{UNSET:-a?b}", "a?b"],
    ["$" + "{UNSET:-}", ""],
    ["$" + "{NAME:?why}", "value"],
    ["$$NAME", "$NAME"],
    ["$$$NAME", "$value"],
    ["$5 and $ and $/x", "$5 and $ and $/x"],
    ["$" + "{A:-x} $" + "{B:-y}", "x y"],
  ])("%s", (text, expected) => {
    expect(take(text)).toMatchObject({ text: expected, missing: [], invalid: false });
  });

  test("one without value and default is missing, and empty", () => {
    expect(take("a$" + "{GONE}b$ALSO")).toMatchObject({
      text: "ab",
      missing: ["GONE", "ALSO"],
    });
  });

  test("one that must be set is missing, whether unset or empty", () => {
    expect(take("$" + "{GONE?why}").missing).toEqual(["GONE"]);
    expect(take("$" + "{EMPTY:?why}").missing).toEqual(["EMPTY"]);
    expect(take("$" + "{EMPTY?why}").missing).toEqual([]);
  });

  test.each(["$" + "{}", "$" + "{A.B}", "$" + "{A", "$" + "{5}", "$" + "{A B}"])(
    "%s is no variable",
    (text) => {
      expect(take(text).invalid).toBe(true);
    },
  );

  test("what the environment supplies stays written as its name for anyone who looks for literals", () => {
    expect(take("u:$" + "{NAME}@$" + "{HOST:-db}/$$").authored).toBe("u:$" + "{NAME}@db/$");
  });

  test("nesting without end is refused, and nothing overflows", () => {
    expect(take(nested(20)).text).toBe("x");
    expect(take(nested(100_000)).invalid).toBe(true);
  });

  test("a text without a dollar is itself", () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes("$") || take(text).text === text));
  });

  test("any text is taken without an exception", () => {
    const piece = fc.constantFrom("$", "{", "}", ":", "-", "?", "+", "A", "NAME", " ", "\n");
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join("")),
        (text) => take(text).text !== undefined,
      ),
    );
  });
});
