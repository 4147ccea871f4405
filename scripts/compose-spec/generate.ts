import * as z from "zod/mini";
import { deduplicated, narrowed, reallyTexts } from "./narrowed.ts";

const words = z.union([z.string(), z.array(z.string())]);

/** The parts of JSON Schema that the Compose Specification uses. Anything else makes the script stop. */
const schemaNode = z.strictObject({
  $ref: z.optional(z.string()),
  type: z.optional(words),
  get oneOf() {
    return z.optional(z.array(schemaNode));
  },
  get properties() {
    return z.optional(z.record(z.string(), schemaNode));
  },
  get patternProperties() {
    return z.optional(z.record(z.string(), schemaNode));
  },
  get items() {
    return z.optional(schemaNode);
  },
  additionalProperties: z.optional(z.literal(false)),
  uniqueItems: z.optional(z.boolean()),
  required: z.optional(z.array(z.string())),
  enum: z.optional(z.array(z.string())),
  pattern: z.optional(z.string()),
  minimum: z.optional(z.number()),
  maximum: z.optional(z.number()),
  title: z.optional(z.string()),
  description: z.optional(z.string()),
  deprecated: z.optional(z.boolean()),
  default: z.optional(z.unknown()),
});

const specification = z.strictObject({
  $schema: z.string(),
  $id: z.string(),
  type: z.literal("object"),
  title: z.string(),
  description: z.string(),
  properties: z.record(z.string(), schemaNode),
  patternProperties: z.record(z.string(), schemaNode),
  additionalProperties: z.literal(false),
  $defs: z.record(z.string(), schemaNode),
});

type SchemaNode = z.infer<typeof schemaNode>;

/** The TypeScript of `spec-schema.ts`, not yet formatted. */
export function composeShapes(text: string): string {
  const { $defs, $schema, $id, ...root } = specification.parse(JSON.parse(text));
  /** Made so far, in the order in which they need each other. */
  const made = new Map<string, string>();

  function nameOf(definition: string, unique: boolean): string {
    const name = definition.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const constant = `${name}${unique ? "" : "Deduplicated"}Shape`;
    if (!made.has(constant)) {
      const node = $defs[definition];
      if (!node) throw new Error(`the schema refers to ${definition}, which it does not define`);
      // Behind the ones that it needs.
      const shape = shapeOf(node, definition, unique);
      made.set(constant, shape);
    }
    return constant;
  }

  function shapeOf(node: SchemaNode, path: string, unique = !deduplicated.has(path)): string {
    const given = narrowed[path];
    if (given) return given;
    if (node.$ref) return nameOf(node.$ref.replace("#/$defs/", ""), unique);
    if (node.enum) return `word(${node.enum.map((each) => JSON.stringify(each)).join(", ")})`;
    if (node.pattern) return `matching(${literal(node.pattern)})`;
    const types = node.type === undefined ? [] : [node.type].flat();
    const scalars = types.filter((type) => type !== "object" && type !== "array");
    const parts = [
      ...(node.oneOf ? [oneOf(node.oneOf, path, unique)] : []),
      ...(scalars.length > 0 ? [scalarOf(scalars, node, path)] : []),
      ...(types.includes("array") ? [listOf(node, path, unique)] : []),
      // `gpus` has the keys of a mapping beside a list, where they say nothing.
      ...(types.includes("object") ? [mapOf(node, path)] : []),
    ];
    if (parts.length === 0 && Object.keys(node).length === 0) return "any";
    return eitherOf(parts);
  }

  function oneOf(nodes: readonly SchemaNode[], path: string, unique: boolean): string {
    const types = nodes.map(({ type }) => type);
    const [number] = nodes.filter(({ type }) => type === "integer" || type === "number");
    const isNarrow = nodes.length === 2 && types.includes("string") && number && !reallyTexts.has(path);
    if (isNarrow) return scalarOf(["string", `${number.type}`], number, path);
    return eitherOf(nodes.map((each) => shapeOf(each, path, unique)));
  }

  function listOf({ items, uniqueItems }: SchemaNode, path: string, unique: boolean): string {
    const item = items ? shapeOf(items, path) : "any";
    return `${uniqueItems && unique ? "setOf" : "list"}(${item})`;
  }

  function mapOf(node: SchemaNode, path: string): string {
    const keys = Object.entries(node.properties ?? {}).map(
      ([key, each]) => `${key}: ${shapeOf(each, path === "" ? key : `${path}.${key}`)}`,
    );
    const named = Object.entries(node.patternProperties ?? {}).map(([pattern, each]) =>
      pattern === "^x-" ? "extension" : `[${literal(pattern)}, ${shapeOf(each, path)}]`,
    );
    const members = [
      ...(keys.length > 0 ? [`keys: { ${keys.join(", ")} }`] : []),
      ...(node.required ? [`required: ${JSON.stringify(node.required)}`] : []),
      ...(named.length > 0 ? [`named: [${named.join(", ")}]`] : []),
      ...(node.additionalProperties === false ? [] : ["open: true"]),
    ];
    return `map({ ${members.join(", ")} })`;
  }

  const project = shapeOf(root, "");
  const constants = [...made].map(([name, shape]) => `${exported(name)}const ${name}: Shape = ${shape};`);
  return [
    "// Generated from the Compose Specification's schema: npm run compose-schema writes it. Do not edit.",
    "// The Compose Specification, Copyright 2020 The Compose Specification Authors, Apache License 2.0.",
    `import { ${builders} } from "./shape.ts";`,
    "const extension = [/^x-/, any] as const;",
    ...constants,
    `export const projectShape: Shape = ${project};`,
    "",
  ].join("\n\n");
}

const builders =
  "any, bareFlag, bareInteger, bareNumber, between, either, flag, integer, list, map, matching, nothing, number, type Shape, setOf, single, size, text, textSize, word";

function exported(constant: string): string {
  return constant === "serviceShape" ? "export " : "";
}

const scalarShapes: Readonly<Record<string, string>> = {
  string: "text",
  number: "number",
  integer: "integer",
  boolean: "flag",
  null: "nothing",
};

/** Where the schema has no text beside it, Compose takes none. */
const bareShapes: Readonly<Record<string, string>> = {
  ...scalarShapes,
  number: "bareNumber",
  integer: "bareInteger",
  boolean: "bareFlag",
};

function scalarOf(types: readonly string[], node: SchemaNode, path: string): string {
  const kinds = reallyTexts.has(path) ? types : withoutText(types);
  if (["string", "number", "boolean", "null"].every((each) => kinds.includes(each))) return "single";
  return eitherOf(
    kinds.map((type) => {
      const shape = (types.includes("string") ? scalarShapes : bareShapes)[type];
      if (!shape)
        throw new Error(`${path}: the schema has the type ${type}, which this script does not know`);
      if (node.minimum === undefined) return shape;
      return `between(${node.minimum}, ${node.maximum ?? "Number.POSITIVE_INFINITY"})`;
    }),
  );
}

/** A text beside a number or a boolean is only where a variable may stand. */
function withoutText(types: readonly string[]): readonly string[] {
  const others = types.filter((type) => type !== "string");
  return others.some((type) => type !== "null" && type !== "object") ? others : types;
}

function eitherOf(shapes: readonly string[]): string {
  const [first, ...more] = [...new Set(shapes)];
  return first !== undefined && more.length === 0 ? first : `either(${[...new Set(shapes)].join(", ")})`;
}

function literal(pattern: string): string {
  return new RegExp(pattern).toString();
}
