import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/guard/json/parse.ts";
import { routes } from "../../src/guard/routes/table.ts";
import { checkShape } from "../../src/guard/shapes/check.ts";
import type { Shape } from "../../src/guard/shapes/shape.ts";
import { documentOf } from "../support/guard/documents.ts";
import { goDecode } from "../support/guard/go-decode.ts";
import { normalise } from "../support/guard/normal-form.ts";

/** A text, and what Go 1.24's encoding/json makes of it; false where it reports an error. Made by main.go beside it. */
interface Vector {
  readonly shape: string;
  readonly base64: string;
  readonly go: unknown;
}

const vectors: readonly Vector[] = readFileSync(
  new URL("../support/guard/fixtures/go-decoding/vectors.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const shapes = new Map(
  routes.flatMap((route): [string, Shape][] =>
    (route.body.kind === "json" || route.body.kind === "hijack") && route.body.shape !== undefined
      ? [[route.id, route.body.shape]]
      : [],
  ),
);

function shapeOf(vector: Vector): Shape {
  const shape = shapes.get(vector.shape);
  if (shape === undefined) throw new Error(`no shape for ${vector.shape}`);
  return shape;
}

/** What was judged, in the form in which it is compared; undefined where it was refused. */
function judge(
  bytes: Uint8Array,
  shape: Shape,
): { readonly text: string; readonly value: unknown } | undefined {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return undefined;
  const checked = checkShape(parsed.value, shape);
  if (!checked.ok) return undefined;
  return { text: JSON.stringify(checked.value), value: normalise(checked.value, shape) };
}

describe("what Go decodes", () => {
  test("the model is as the real one was, for each recorded text", () => {
    for (const vector of vectors) {
      const bytes = Buffer.from(vector.base64, "base64");
      const modelled = goDecode(bytes, shapeOf(vector));
      expect([bytes.toString(), modelled === undefined ? false : modelled.value]).toEqual([
        bytes.toString(),
        vector.go,
      ]);
    }
  });

  test("what is judged is what the real one made of the client's own text, wherever it is not refused", () => {
    let judgedSome = 0;
    for (const vector of vectors) {
      const bytes = Buffer.from(vector.base64, "base64");
      const judged = judge(bytes, shapeOf(vector));
      if (judged === undefined) continue;
      judgedSome += 1;
      expect([bytes.toString(), judged.value]).toEqual([bytes.toString(), vector.go]);
    }
    expect(judgedSome).toBeGreaterThan(200);
  });

  test("what is judged is what Go makes of the rebuilt text, and of the original", () => {
    const sent = fc
      .constantFrom(...shapes)
      .chain(([id, shape]) => documentOf(shape, 6).map((text) => ({ id, shape, text })));
    fc.assert(
      fc.property(sent, ({ shape, text }) => {
        const judged = judge(Buffer.from(text), shape);
        if (judged === undefined) return;
        expect(goDecode(Buffer.from(judged.text), shape)?.value).toEqual(judged.value);
        expect(goDecode(Buffer.from(text), shape)?.value).toEqual(judged.value);
        expect(judge(Buffer.from(judged.text), shape)?.text).toBe(judged.text);
      }),
      { numRuns: 3000 },
    );
  });

  test("a document that plays no trick is never refused", () => {
    const sent = fc
      .constantFrom(...shapes)
      .chain(([id, shape]) => documentOf(shape, 0).map((text) => ({ id, shape, text })));
    fc.assert(
      fc.property(sent, ({ id, shape, text }) => {
        const parsed = parseJson(Buffer.from(text));
        if (!parsed.ok) throw new Error(`${id}: ${parsed.reason}: ${text}`);
        const checked = checkShape(parsed.value, shape);
        if (!checked.ok) throw new Error(`${id}: ${checked.reason}: ${text}`);
      }),
      { numRuns: 1500 },
    );
  });
});
