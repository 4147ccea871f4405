import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { deduplicated } from "../../scripts/compose-spec/narrowed.ts";
import { checkShape } from "../../src/formats/compose/check/shape.ts";
import { projectShape } from "../../src/formats/compose/check/spec-schema.ts";
import { parseCompose } from "../../src/formats/compose/yaml/parse.ts";

test("the shapes are what the script makes of the Compose Specification's schema", () => {
  const run = () => execFileSync("node_modules/.bin/tsx", ["scripts/compose-schema.ts", "--check"]);
  expect(run).not.toThrow();
});

const schema = JSON.parse(readFileSync("scripts/compose-spec/compose-spec.json", "utf8"));
const valid = new Ajv2020({ strict: false }).compile(schema);

/** Values of every type, and some that only a few keys take. */
const values = [
  null,
  true,
  3,
  -7,
  1.5,
  "word",
  "64m",
  "yes",
  "7",
  [],
  ["a"],
  [1],
  [{}],
  ["a", "a"],
  {},
  { b: 1 },
];

type Keys = readonly string[];
interface Part {
  readonly $ref?: string;
  readonly oneOf?: readonly Part[];
  readonly properties?: Readonly<Record<string, Part>>;
  readonly patternProperties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
}

/** Every key of the schema as a way into a document; `0` is the first item of a list. */
function waysInto(part: Part, way: Keys, seen: Set<string>): readonly Keys[] {
  if (part.$ref !== undefined) {
    const name = part.$ref.replace("#/$defs/", "");
    // The inside of a definition is compared once, where it is used first.
    if (seen.has(name)) return [way];
    seen.add(name);
    return waysInto(schema.$defs[name], way, seen);
  }
  const named = Object.entries(part.patternProperties ?? {}).filter(([pattern]) => pattern !== "^x-");
  return [
    way,
    ...(part.oneOf ?? []).flatMap((each) => waysInto(each, way, seen).filter((found) => found !== way)),
    ...Object.entries(part.properties ?? {}).flatMap(([key, each]) => waysInto(each, [...way, key], seen)),
    ...named.flatMap(([, each]) => waysInto(each, [...way, "name"], seen)),
    ...(part.items ? waysInto(part.items, [...way, "0"], seen) : []),
  ];
}

/** Other keys that a mapping on the way has to have. */
const companions: Readonly<Record<string, object>> = {
  depends_on: { condition: "service_started" },
  devices: { source: "/dev/null", capabilities: ["gpu"] },
  volumes: { type: "volume" },
  extends: { service: "other" },
  env_file: { path: "one.env" },
  ulimits: { soft: 1, hard: 1 },
  watch: { path: ".", action: "sync" },
  post_start: { command: "true" },
  pre_stop: { command: "true" },
  exec: { command: "true" },
  provider: { type: "model" },
  models: { model: "ai/model" },
};

function documentWith(way: Keys, value: unknown): unknown {
  const [key, ...rest] = way;
  if (key === undefined) return value;
  return key === "0" ? [documentWith(rest, value)] : { [key]: documentWith(rest, value) };
}

/** The same with the keys that are required beside the one on the way. */
function completed(document: unknown, way: Keys, above = ""): unknown {
  const [key, ...rest] = way;
  if (key === undefined) return document;
  if (Array.isArray(document)) return document.map((each) => completed(each, rest, above));
  if (document === null || typeof document !== "object") return document;
  const inner = Object.entries(document).map(([name, each]) => [
    name,
    completed(each, rest, name === "name" ? above : name),
  ]);
  const beside = companions[above];
  const isMember = beside && !(rest.length > 0 && key === "name");
  return { ...(isMember ? beside : {}), ...Object.fromEntries(inner) };
}

function refusals(document: unknown): readonly string[] {
  const parsed = parseCompose("compose.yaml", JSON.stringify(document), "" as never, () => undefined);
  const [tree] = parsed.documents;
  const found: string[] = [];
  if (tree) checkShape(tree, projectShape, [], ({ reason }) => found.push(reason));
  return found;
}

const cases = waysInto(schema, [], new Set())
  .filter(({ length }) => length > 0)
  .flatMap((way) =>
    values.map((value) => {
      const document = completed(documentWith(way, value), way);
      const name = `${way.join(".")}: ${JSON.stringify(value)}`;
      return { name, value, isAllowed: valid(document), isTaken: refusals(document).length === 0 };
    }),
  );

describe("the shapes agree with the schema", () => {
  test("there is enough to compare", () => expect(cases.length).toBeGreaterThan(4000));

  test("what the schema refuses is refused, but for what Compose drops first", () => {
    const missed = cases.filter(({ isAllowed, isTaken }) => isTaken && !isAllowed);
    const twice = missed.filter(({ value }) => Array.isArray(value) && value.length === 2);
    expect(missed.filter((each) => !twice.includes(each)).map(({ name }) => name)).toEqual([
      // Compose makes a boolean of it before it checks, although the schema has no text there.
      'services.name.depends_on.name.required: "yes"',
    ]);
    const keys = [...deduplicated].map((path) => path.slice(path.lastIndexOf(".") + 1));
    const kept = twice.filter(({ name }) => !keys.some((key) => name.includes(`.${key}: `)));
    expect(kept.map(({ name }) => name)).toEqual([]);
  });

  test("what the schema allows is taken, but for texts that are no number and no boolean", () => {
    const refused = cases.filter(({ isAllowed, isTaken }) => isAllowed && !isTaken);
    expect(refused.filter(({ value }) => typeof value !== "string").map(({ name }) => name)).toEqual([]);
    expect(refused.length).toBeGreaterThan(50);
  });
});
