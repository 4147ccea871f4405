import fc from "fast-check";
import type { Shape } from "../../../src/guard/shapes/shape.ts";

/** How often in a hundred something is other than it should be: at 0 every document fits its shape. */
export type Noise = number;

/**
 * The text of a document of a shape, with what a client might try: names in another case, with ſ and the Kelvin sign,
 * escaped, twice, unknown; null, another type, a number in another form.
 */
export function documentOf(shape: Shape, noise: Noise): fc.Arbitrary<string> {
  const odd = noise === 0 ? [] : [{ weight: noise, arbitrary: oddValue }];
  return fc.oneof({ maxDepth: 12 }, { weight: 100, arbitrary: rightValue(shape, noise) }, ...odd);
}

const string = fc
  .oneof(
    fc.constantFrom("", "a", "/", "host", "container:x", "ALL", "\u017f", "\u212a", "__proto__", "1"),
    fc.string({ unit: "grapheme", maxLength: 6 }),
  )
  .map((text) => JSON.stringify(text));

const oddValue = fc.constantFrom(
  "null",
  "true",
  "false",
  "0",
  "-0",
  "1",
  "-1",
  "1.0",
  "1e0",
  "1E2",
  "0.5",
  "1e400",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  '""',
  '"x"',
  '"YQ=="',
  '"YR=="',
  '"Y\\nQ=="',
  "[]",
  "[null]",
  "[1]",
  '["a"]',
  "[[]]",
  "[{}]",
  "{}",
  '{"a":null}',
  '{"a":"b"}',
  '{"a":{}}',
  '{"Name":"x"}',
  '"\\ud800"',
);

function rightValue(shape: Shape, noise: Noise): fc.Arbitrary<string> {
  switch (shape.kind) {
    case "string":
      return string;
    case "nullable":
      return fc.oneof(string, fc.constant("null"));
    case "bool":
      return fc.constantFrom("true", "false");
    case "int":
      return fc
        .oneof(
          fc.constantFrom(0, 1, 2),
          fc.integer({ min: Math.max(shape.min, -1000), max: Math.min(shape.max, 100_000) }),
        )
        .map(String);
    case "float":
      return fc.constantFrom("0", "1", "0.25", "1e-3");
    case "bytes":
      return fc
        .uint8Array({ maxLength: 5 })
        .map((bytes) => JSON.stringify(Buffer.from(bytes).toString("base64")));
    case "strings":
      return fc.oneof(string, listOf({ kind: "string", most: 512 }, noise));
    case "list":
      return listOf(shape.items, noise);
    case "array":
      return fc
        .array(documentOf(shape.items, noise), { minLength: shape.length, maxLength: shape.length })
        .map((items) => `[${items.join(",")}]`);
    case "map":
      return fc
        .array(fc.tuple(string, documentOf(shape.values, noise)), { maxLength: 3 })
        .map((members) => unique(members, noise));
    case "filters":
      return fc.constantFrom('{"label":["a"]}', '{"label":{"a":true}}', "{}");
    case "empty":
      return fc.constant("{}");
    case "ignored":
      return oddValue;
    case "struct":
      return structOf(shape, noise);
  }
}

function listOf(items: Shape, noise: Noise): fc.Arbitrary<string> {
  return fc.array(documentOf(items, noise), { maxLength: 2 }).map((texts) => `[${texts.join(",")}]`);
}

function structOf(shape: Extract<Shape, { kind: "struct" }>, noise: Noise): fc.Arbitrary<string> {
  const names = Object.keys(shape.fields);
  const member = fc.constantFrom(...names).chain((name) => {
    const value = documentOf(shape.fields[name] ?? { kind: "empty" }, noise);
    return fc.tuple(nameLike(name, noise), value);
  });
  return fc.array(member, { maxLength: 5 }).map((members) => unique(members, noise));
}

/** Without noise no name stands twice. */
function unique(members: readonly (readonly [string, string])[], noise: Noise): string {
  const seen = new Set<string>();
  const kept = members.filter(([name]) => noise > 0 || (!seen.has(name) && seen.add(name)));
  return `{${kept.map(([name, value]) => `${name}:${value}`).join(",")}}`;
}

/** The name as a JSON string: as it is, or so that Go takes it for the same, or for none. */
function nameLike(name: string, noise: Noise): fc.Arbitrary<string> {
  const plain = JSON.stringify(name);
  if (noise === 0) return fc.constant(plain);
  return fc.oneof(
    { weight: 100, arbitrary: fc.constant(plain) },
    {
      weight: noise,
      arbitrary: fc.constantFrom(
        JSON.stringify(name.toLowerCase()),
        JSON.stringify(name.toUpperCase()),
        JSON.stringify(name.replace(/s/i, "\u017f")),
        JSON.stringify(name.replace(/k/i, "\u212a")),
        JSON.stringify(name.replace(/i/i, "\u0130")),
        JSON.stringify(`${name}\u0000`),
        JSON.stringify(` ${name}`),
        JSON.stringify(`${name}x`),
        `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`,
        '"__proto__"',
        '"constructor"',
        '""',
      ),
    },
  );
}
