import { describe, expect, test } from "vitest";
import { parseJson } from "../json/parse.ts";
import { droppedPlaces, emptyAside } from "./aside.ts";
import { checkShape } from "./check.ts";
import {
  array,
  bool,
  bytes,
  empty,
  filters,
  float,
  ignored,
  int,
  int32,
  list,
  map,
  nullable,
  type Shape,
  string,
  strings,
  struct,
  uint,
  uint16,
} from "./shape.ts";

/** What was judged, as JSON; the reason where it was refused. */
function check(text: string, shape: Shape): string {
  const parsed = parseJson(new TextEncoder().encode(text));
  if (!parsed.ok) throw new Error(parsed.reason);
  const checked = checkShape(parsed.value, shape);
  return checked.ok ? JSON.stringify(checked.value) : `refused: ${checked.reason}`;
}

describe("what is taken, and what it becomes", () => {
  test.each([
    ["a string", string, '"a"', '"a"'],
    [
      "null for whatever",
      struct({ a: string, b: int, c: list(string) }),
      '{"a":null,"b":null,"c":null}',
      '{"a":null,"b":null,"c":null}',
    ],
    ["a number with a minus and nothing", int, "-0", "0"],
    ["the largest number that JavaScript keeps", int, "9007199254740991", "9007199254740991"],
    ["a fraction where Go takes one", float, "1.50", "1.5"],
    ["bytes", bytes, '"YWI="', '"YWI="'],
    ["no bytes", bytes, '""', '""'],
    ["one string for a list", strings, '"sh"', '["sh"]'],
    ["a list for a list", strings, '["sh","-c"]', '["sh","-c"]'],
    ["a pair", array(2, uint), "[24,80]", "[24,80]"],
    ["a set", map(empty), '{"80/tcp":{},"/data":null}', '{"80/tcp":{},"/data":null}'],
    ["a struct of a map that is not set", map(struct({ a: string })), '{"net":null}', '{"net":null}'],
    ["a list of a map that is not set", map(list(string)), '{"80/tcp":null}', '{"80/tcp":null}'],
    ["an argument without a value", map(nullable), '{"A":null,"B":""}', '{"A":null,"B":""}'],
    [
      "names that JavaScript has uses for",
      map(string),
      '{"__proto__":"a","constructor":"b","toString":"c"}',
      '{"__proto__":"a","constructor":"b","toString":"c"}',
    ],
    [
      "filters in the old form",
      filters,
      '{"label":["a","b"],"name":[]}',
      '{"label":{"a":true,"b":true},"name":{}}',
    ],
    ["filters in the new form", filters, '{"label":{"a":true}}', '{"label":{"a":true}}'],
    ["what no Engine reads", struct({ a: string, b: ignored }), '{"b":{"c":[1]},"a":"d"}', '{"a":"d"}'],
  ] as [string, Shape, string, string][])("%s", (_, shape, text, judged) => {
    expect(check(text, shape)).toBe(judged);
  });
});

describe("what is refused, and where", () => {
  test.each([
    ["a number for a string", string, "1", "the document is not a string"],
    ["a string for a number", struct({ a: int }), '{"a":"1"}', "a is not a number"],
    ["a string for a flag", struct({ a: bool }), '{"a":"true"}', "a is neither true nor false"],
    ["a number for a flag", struct({ a: bool }), '{"a":1}', "a is neither true nor false"],
    ["1.0 for a number", int, "1.0", "the document is not written as a whole number, as the Engine reads it"],
    ["1e3 for a number", int, "1e3", "the document is not written as a whole number, as the Engine reads it"],
    [
      "a number beyond int64",
      int,
      "9223372036854775808",
      "the document is not between -9223372036854775808 and 9223372036854775807",
    ],
    [
      "two numbers that JavaScript rounds to one",
      list(int),
      "[9007199254740992,9007199254740993]",
      "[1] is too close to another number of the document to distinguish them",
    ],
    ["a number beyond int32", int32, "2147483648", "the document is not between -2147483648 and 2147483647"],
    ["a number beyond uint16", uint16, "65536", "the document is not between 0 and 65535"],
    ["a number below 0", uint, "-1", "the document is below 0"],
    ["a 0 below 0", uint, "-0", "the document is below 0"],
    ["a number beyond a double", float, "1e999", "the document is too large a number"],
    ["base64 for URLs", bytes, '"_-=="', "the document is not base64 with padding"],
    ["base64 without padding", bytes, '"YQ"', "the document is not base64 with padding"],
    ["base64 with a line break", bytes, '"YW\\nI="', "the document is not base64 with padding"],
    [
      "base64 with bits that lie over",
      bytes,
      '"YR=="',
      "the document is not base64 with padding: bits lie over",
    ],
    ["bytes as a list", bytes, "[1]", "the document is not base64 with padding"],
    ["null in a list", struct({ a: list(string) }), '{"a":["b",null]}', "a[1] is null"],
    ["a struct that is null in a list", list(struct({ a: string })), "[null]", "[0] is null"],
    ["null in a map of strings", struct({ a: map(string) }), '{"a":{"b":null}}', "a.b is null"],
    ["three for two", array(2, uint), "[1,2,3]", "the document has not 2 items"],
    ["one for two", array(2, uint), "[1]", "the document has not 2 items"],
    ["a set with something in it", map(empty), '{"/a":{"b":1}}', '"/a" is not an empty object'],
    ["a list for an object", struct({ a: string }), "[]", "the document is not an object"],
    ["an object for a list", list(string), "{}", "the document is not a list"],
    ["a string for a list", list(string), '"a"', "the document is not a list"],
    [
      "a name with another case",
      struct({ Binds: string }),
      '{"binds":"a"}',
      "binds would be read as Binds, which is written otherwise",
    ],
    [
      "a name that some Engine reads there",
      struct({ A: string }, { closed: ["Binds"] }),
      '{"binds":["/:/h"]}',
      "binds is read there by some Engines: it belongs into HostConfig",
    ],
    [
      "an empty list there that means something",
      struct({ A: string }, { closed: ["MaskedPaths"] }),
      '{"MaskedPaths":[]}',
      "MaskedPaths is read there by some Engines: it belongs into HostConfig",
    ],
    ["a filter that is false", filters, '{"label":{"a":false}}', "label.a is not true"],
    [
      "filters of two forms",
      filters,
      '{"a":["b"],"c":{"d":true}}',
      "c has the other form of filters than those before it",
    ],
  ] as [string, Shape, string, string][])("%s", (_, shape, text, reason) => {
    expect(check(text, shape)).toBe(`refused: ${reason}`);
  });

  test("a name of the client's is shown cut, and in ASCII", () => {
    const reason = check(`{"${"\u202e".repeat(60)}":1}`, map(string));
    expect(reason).toMatch(/^refused: "(\\u202e){40}\.\.\." is not a string/);
  });

  test("an unknown name is dropped, and its place named", () => {
    const parsed = parseJson(new TextEncoder().encode('[{"A":{"C":1,"B":"b"},"D":{"E":2}}]'));
    if (!parsed.ok) throw new Error(parsed.reason);
    const aside = emptyAside();
    const checked = checkShape(parsed.value, list(struct({ A: struct({ B: string }) })), aside);
    expect(checked).toEqual({ ok: true, value: [{ A: { B: "b" } }] });
    expect(droppedPlaces(aside)).toEqual(["[0].A.C", "[0].D"]);
  });

  test("a name that some Engine reads there is dropped where it says nothing", () => {
    const parsed = parseJson(new TextEncoder().encode('{"A":"a","VolumesFrom":[],"Binds":null,"Links":{}}'));
    if (!parsed.ok) throw new Error(parsed.reason);
    const aside = emptyAside();
    const shape = struct({ A: string }, { closed: ["VolumesFrom", "Binds", "Links"] });
    expect(checkShape(parsed.value, shape, aside)).toEqual({ ok: true, value: { A: "a" } });
    expect(droppedPlaces(aside)).toEqual(["VolumesFrom", "Binds", "Links"]);
  });

  test("a map inherits nothing, so that a name is a name", () => {
    const parsed = parseJson(new TextEncoder().encode('{"__proto__":"x"}'));
    if (!parsed.ok) throw new Error(parsed.reason);
    const checked = checkShape(parsed.value, map(string));
    if (!checked.ok) throw new Error(checked.reason);
    expect(Object.keys(checked.value as object)).toEqual(["__proto__"]);
    const inherited = ["constructor", "toString", "hasOwnProperty", "__defineGetter__"].filter(
      (name) => name in (checked.value as object),
    );
    expect(inherited, "what a name that nobody gave would mean").toEqual([]);
  });
});
