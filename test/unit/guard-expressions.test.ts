import { readdirSync, readFileSync } from "node:fs";

import ts from "typescript";
import { expect, test } from "vitest";

/** Where a client's text is read: the guard, and the reader of its requests. */
const folders = ["src/guard", "src/formats/create-request", "src/base", "src/model"];

interface Expression {
  readonly place: string;
  readonly expression: RegExp;
}

function expressionsIn(file: string): readonly Expression[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found: Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({
        place: `${file}:${line + 1} ${node.text}`,
        expression: new RegExp(node.text.slice(1, end), node.text.slice(end + 1)),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Texts of parts that the expression itself names, repeated; with ends that keep it from matching. */
function pumps({ expression }: Expression, length: number): readonly string[] {
  const own = [...new Set(expression.source.replace(/\\[a-zA-Z]/g, " "))].slice(0, 12);
  const letters = [...new Set([...own, "a", "0", "/", " ", "\n"])];
  const parts = [...letters, ...letters.flatMap((one) => ["a", "/", "."].map((other) => one + other))];
  return parts.map((part) => `a${part.repeat(length / part.length)}\u0001!`);
}

function slowest(each: Expression, length: number): number {
  let worst = 0;
  for (const text of pumps(each, length)) {
    each.expression.lastIndex = 0;
    const began = process.cpuUsage();
    each.expression.test(text);
    const { user, system } = process.cpuUsage(began);
    worst = Math.max(worst, (user + system) / 1_000);
    if (worst > most) return worst;
  }
  return worst;
}

/** Milliseconds for the longest path: what grows with the square of its length takes more. */
const most = 10;
const longest = 8_448;

function isSlow(each: Expression): boolean {
  if (slowest(each, 24) > most && slowest(each, 24) > most) return true;
  return [1, 2, 3].every(() => slowest(each, longest) > most);
}

test("no expression that may meet a client's text takes more than linear time", () => {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`),
  );
  const all = files.flatMap(expressionsIn);
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(isSlow).map(({ place }) => place)).toEqual([]);
});

test("an expression that goes over its text again and again is found", () => {
  const quadratic = { place: "", expression: /\s+$/ };
  const exponential = { place: "", expression: /^(?:a|a)*$/ };
  expect([quadratic, exponential].map(isSlow)).toEqual([true, true]);
});
