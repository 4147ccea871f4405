import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultJsonLimits, parseJson } from "./parse.ts";
import { printJson } from "./print.ts";
import type { JsonValue } from "./value.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => parseJson(bytesOf(text));

/** As JSON.parse would give it: what two readers agree about. */
function plain(value: JsonValue): unknown {
  if (value === null || typeof value !== "object") return value;
  if (value.kind === "number") return Number(value.text);
  if (value.kind === "array") return value.items.map(plain);
  return Object.fromEntries([...value.members].map(([name, item]) => [name, plain(item)]));
}

describe("what a JSON document may be", () => {
  // by the classes of https://github.com/nst/JSONTestSuite, in texts of our own
  test.each([
    ["nothing but a word", "null"],
    ["a lone string", '"a"'],
    ["a lone number", "-0"],
    ["space of all four kinds around everything", " \t\r\n[ \t1\r\n, 2 ] "],
    ["an empty array and object", '[{},[],""]'],
    ["numbers of every form", "[0,-1,1.5,1e5,1E+5,1e-5,0e0,123456789012345678901234567890]"],
    ["escapes of every form", '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\ud83d\\ude00"]'],
    ["characters of every length in UTF-8", '["aé€😀"]'],
    ["U+2028, U+FFFE and U+10FFFF as they are", '["\u2028\ufffe\u{10ffff}"]'],
    ["NUL as an escape", '["\\u0000"]'],
    ["names that JavaScript has uses for", '{"__proto__":{"constructor":1},"toString":2,"":3}'],
    ["names that differ in case alone", '{"a":1,"A":2}'],
  ])("%s", (_, text) => {
    const parsed = read(text);
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(JSON.parse(printJson(parsed.value))).toEqual(JSON.parse(text));
  });

  test.each([
    ["nothing", ""],
    ["space alone", " \n"],
    ["a byte order mark", "\ufeff{}"],
    ["two documents", "{}{}"],
    ["a second document behind a line break", "{}\n{}"],
    ["a comment", "{/* a */}"],
    ["a NUL behind the document", "{}\u0000"],
    ["a vertical tab as space", "[\u000b1]"],
    ["a no-break space", "[\u00a01]"],
    ["a comma before the end of an array", "[1,]"],
    ["a comma before the end of an object", '{"a":1,}'],
    ["a comma alone", "[,]"],
    ["two commas", "[1,,2]"],
    ["no comma", "[1 2]"],
    ["no colon", '{"a" 1}'],
    ["two colons", '{"a"::1}'],
    ["no value", '{"a":}'],
    ["a name without quotes", "{a:1}"],
    ["a name in single quotes", "{'a':1}"],
    ["a number for a name", "{1:1}"],
    ["an array that is not closed", "[1"],
    ["an object that is not closed", '{"a":1'],
    ["an array closed as an object", "[1}"],
    ["a string that is not closed", '["a'],
    ["an escape that is cut", '["\\'],
    ["an escape that JSON does not know", '["\\x41"]'],
    ["an escape of a single quote", '["\\\'"]'],
    ["a \\u of three digits", '["\\u00a"]'],
    ["a \\u of what are no digits", '["\\u00gg"]'],
    ["a \\U", '["\\U00000041"]'],
    ["a line break in a string", '["a\nb"]'],
    ["a tab in a string", '["a\tb"]'],
    ["a NUL in a string", '["a\u0000b"]'],
    ["the first half of a pair", '["\\ud83d"]'],
    ["the second half of a pair", '["\\ude00"]'],
    ["the halves in the wrong order", '["\\ude00\\ud83d"]'],
    ["the first half twice", '["\\ud83d\\ud83d"]'],
    ["half a pair before a character", '["\\ud83da"]'],
    ["half a pair before another escape", '["\\ud83d\\n"]'],
    ["True", "[True]"],
    ["a word that goes on", "[nullx]"],
    ["a word that is cut", "[tru]"],
    ["NaN", "[NaN]"],
    ["Infinity", "[-Infinity]"],
    ["a plus sign", "[+1]"],
    ["a zero in front", "[01]"],
    ["a minus and a zero in front", "[-01]"],
    ["a minus alone", "[-]"],
    ["a point in front", "[.5]"],
    ["a point behind", "[1.]"],
    ["a point and an exponent", "[1.e5]"],
    ["an exponent without digits", "[1e]"],
    ["hexadecimal", "[0x1]"],
    ["digits of another script", "[１]"],
    ["an underscore in a number", "[1_0]"],
  ])("not %s", (_, text) => {
    expect(read(text).ok).toBe(false);
  });

  test.each([
    ["at the top", '{"a":1,"a":1}'],
    ["in an object of an object", '{"b":{"a":1,"c":2,"a":3}}'],
    ["in an object of a list", '[[{"a":1,"a":null}]]'],
    ["where one is escaped", '{"a":1,"\\u0061":2}'],
    ["where it is __proto__", '{"__proto__":1,"__proto__":2}'],
    ["where it is empty", '{"":1,"":2}'],
  ])("not a name twice %s", (_, text) => {
    const parsed = read(text);
    expect(parsed.ok ? "" : parsed.reason).toContain("a name stands twice");
  });

  test.each([
    ["a byte that begins nothing", [0x22, 0xff, 0x22]],
    ["a continuation alone", [0x22, 0x80, 0x22]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["an overlong NUL", [0x22, 0xc0, 0x80, 0x22]],
    ["half a surrogate pair in UTF-8", [0x22, 0xed, 0xa0, 0xbd, 0x22]],
    ["a pair of halves in UTF-8 (CESU-8)", [0x22, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x22]],
    ["a character that is cut", [0x22, 0xe2, 0x82, 0x22]],
    ["more than U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])("not %s", (_, bytes) => {
    const parsed = parseJson(Uint8Array.from(bytes));
    expect(parsed.ok ? "" : parsed.reason).toContain("UTF-8");
  });

  test("not more than the limits", () => {
    const limits = { maxBytes: 20, maxDepth: 3, maxItems: 4 };
    expect(parseJson(bytesOf("[[[1]]]"), limits).ok).toBe(true);
    expect(parseJson(bytesOf("[[[[]]]]"), limits).ok).toBe(false);
    expect(parseJson(bytesOf('{"a":{"a":[{}]}}'), limits).ok).toBe(false);
    expect(parseJson(bytesOf(`"${"a".repeat(18)}"`), limits).ok).toBe(true);
    expect(parseJson(bytesOf(`"${"a".repeat(19)}"`), limits).ok).toBe(false);
    expect(parseJson(bytesOf("[1,2,3,4]"), limits).ok).toBe(true);
    expect(parseJson(bytesOf("[1,2,3,4,5]"), limits).ok).toBe(false);
  });

  test("no more items in a list or map than the limit, and no more values than sixteen times that", () => {
    const limits = { maxBytes: 1_000_000, maxDepth: 8, maxItems: 3 };
    const reasonOf = (value: unknown) => {
      const parsed = parseJson(bytesOf(JSON.stringify(value)), limits);
      return parsed.ok ? "" : parsed.reason;
    };
    expect(reasonOf({ a: 1, b: 2, c: 3 })).toBe("");
    expect(reasonOf({ a: 1, b: 2, c: 3, d: 4 })).toContain("more than 3 items");
    expect(reasonOf([1, 2, 3, 4])).toContain("more than 3 items");
    const three = [1, 2, 3];
    expect(reasonOf([three, three, three].map((each) => [each, each]))).toBe("");
    expect(reasonOf([three, three, three].map((each) => [each, each, each]))).toBe("");
    const nine = [three, three, three];
    expect(reasonOf([nine, [nine, nine, nine], nine])).toContain("more than 48 values");
    expect(reasonOf(Array.from({ length: 100_000 }, () => 1))).toContain("more than 3 items");
  });

  test("a hundred thousand brackets are refused, and nothing breaks", () => {
    expect(read("[".repeat(100_000)).ok).toBe(false);
    expect(read('{"a":'.repeat(100_000)).ok).toBe(false);
    expect(parseJson(bytesOf("[".repeat(100_000)), { ...defaultJsonLimits, maxDepth: 1000 }).ok).toBe(false);
  });

  test("a reason names a place and nothing of the document", () => {
    const parsed = read('{"password":"hunter2" "x":1}');
    expect(parsed).toEqual({
      ok: false,
      reason: "the body is no JSON that two readers read alike: a comma or } is missing, at offset 22",
    });
  });
});

describe("laws", () => {
  const json = fc.json({ stringUnit: "binary", noUnicodeString: false });

  test("printing what was parsed changes nothing, and parses to the same", () => {
    fc.assert(
      fc.property(json, (text) => {
        const once = read(text);
        if (!once.ok) return !JSON.stringify(JSON.parse(text)).isWellFormed();
        const printed = printJson(once.value);
        expect(read(printed)).toEqual(once);
        expect(printJson(once.value)).toBe(printed);
        return true;
      }),
    );
  });

  test("what is read is what JSON.parse reads", () => {
    fc.assert(
      fc.property(json, (text) => {
        const parsed = read(text);
        if (parsed.ok) expect(plain(parsed.value)).toEqual(JSON.parse(text));
      }),
    );
  });

  /** A document that is nearly one: texts of few characters, among them all that the grammar knows. */
  const nearly = fc
    .array(
      fc.constantFrom(
        ...'{}[]:,"\\ \n0123.eE+-truefalsn/ub',
        '"a"',
        '"a":',
        "null",
        "true",
        "\\u0061",
        "\\ud83d",
        "\\ude00",
        "1e5",
        "\u0000",
        "é",
        "\ufeff",
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join(""));

  test("nothing is read that JSON.parse refuses", () => {
    fc.assert(
      fc.property(nearly, (text) => {
        if (!read(text).ok) return;
        expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 5000 },
    );
  });

  test("nothing is refused that JSON.parse reads, but names twice and halves of pairs", () => {
    fc.assert(
      fc.property(nearly, (text) => {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          return;
        }
        if (read(text).ok) return;
        const halves =
          !JSON.stringify([text, value]).isWellFormed() || /\\ud[89a-f]/.test(JSON.stringify(value));
        expect(halves || /"a"|\\u0061/.test(text)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test("any bytes are read or refused, and never break the reader", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const parsed = parseJson(bytes);
        if (parsed.ok) expect(read(printJson(parsed.value))).toEqual(parsed);
      }),
    );
  });

  test("a name that stands twice is refused at any depth", () => {
    const place = fc.array(fc.constantFrom("list", "member"), { maxLength: 6 });
    fc.assert(
      fc.property(place, fc.string({ unit: "grapheme" }), json, json, (around, name, first, second) => {
        const key = JSON.stringify(name);
        const twice = `{${key}:${first},"other${name.length}":1,${key}:${second}}`;
        const text = around.reduce(
          (inner, kind) => (kind === "list" ? `[0,${inner}]` : `{"a":${inner}}`),
          twice,
        );
        expect(read(text).ok).toBe(false);
      }),
    );
  });
});
