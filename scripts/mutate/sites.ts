// Where a source text can be mutated, and the text with switches: `(reached(7) ? MUTANT : ORIGINAL)`.

import { join } from "node:path";
import ts from "typescript";
import type { Equivalent } from "./equivalent.ts";

/** One expression of a file and what stands in its place in the mutant. Offsets are in UTF-16 units of the text. */
export interface Site {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly mutated: string;
  /** Evaluated when the module is loaded, outside of any function. */
  readonly onLoad: boolean;
}

const otherOperator: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
]);

/** Methods whose opposite, or whose absence, a test should notice. */
const otherMethod: Readonly<Record<string, string>> = {
  some: "every",
  every: "some",
  min: "max",
  max: "min",
};

/** Every mutant of a TypeScript text, in the order of the text. */
export function sitesIn(file: string, text: string): readonly Site[] {
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true, kind);
  const sites: Site[] = [];

  const add = (node: ts.Node, mutated: string, onLoad: boolean) => {
    const start = node.getStart(source);
    sites.push({
      file,
      line: source.getLineAndCharacterOfPosition(start).line + 1,
      start,
      end: node.end,
      mutated,
      onLoad,
    });
  };

  const visit = (node: ts.Node, onLoad: boolean): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    const text = node.getText(source);
    if (ts.isIfStatement(node) || ts.isConditionalExpression(node) || ts.isWhileStatement(node)) {
      const condition = ts.isConditionalExpression(node) ? node.condition : node.expression;
      add(condition, `!(${condition.getText(source)})`, onLoad);
      if (!ts.isWhileStatement(node)) add(condition, "true", onLoad);
      add(condition, "false", onLoad);
    } else if (ts.isBinaryExpression(node)) {
      const other = otherOperator.get(node.operatorToken.kind);
      const [left, right] = [node.left.getText(source), node.right.getText(source)];
      if (other !== undefined && !isText(node)) add(node, `(${left}) ${other} (${right})`, onLoad);
      else if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) add(node, left, onLoad);
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      add(node, node.operand.getText(source), onLoad);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, "false", onLoad);
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, "true", onLoad);
    else if (ts.isNumericLiteral(node) && isValue(node)) add(node, `(${text} + 1)`, onLoad);
    else if (ts.isArrayLiteralExpression(node) && node.elements.length > 0 && !isTarget(node))
      add(node, "[]", onLoad);
    else if (ts.isReturnStatement(node) && node.expression !== undefined && isFlow(node.expression))
      add(node.expression, "undefined", onLoad);
    else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && !inChain(node)) {
      const { expression: receiver, name } = node.expression;
      const other = Object.hasOwn(otherMethod, name.text) ? otherMethod[name.text] : undefined;
      if (other !== undefined) {
        const called = text.slice(name.end - node.getStart(source));
        add(node, `${receiver.getText(source)}.${other}${called}`, onLoad);
      } else if (name.text === "filter") add(node, receiver.getText(source), onLoad);
    }
    const inside = onLoad && !ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(source, true);
  return sites.filter(({ mutated, start, end }) => mutated !== text.slice(start, end));
}

/** `+` that joins texts: the other operator would only make NaN. */
function isText(node: ts.BinaryExpression): boolean {
  if (node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return false;
  const parts = [node.left, node.right];
  return parts.some((part) => ts.isStringLiteralLike(part) || ts.isTemplateExpression(part));
}

/** A number that is computed with, and no key and no part of a type. */
function isValue(node: ts.NumericLiteral): boolean {
  const { parent } = node;
  return !(
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isEnumMember(parent)
  );
}

/** `[a, b] = …` and `for (const [a] of …)` are no values. */
function isTarget(node: ts.ArrayLiteralExpression): boolean {
  const { parent } = node;
  return (
    (ts.isBinaryExpression(parent) &&
      parent.left === node &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) ||
    ((ts.isForOfStatement(parent) || ts.isForInStatement(parent)) && parent.initializer === node)
  );
}

/** What a function returns as its answer: a call or an object, which undefined can stand for. */
function isFlow(node: ts.Expression): boolean {
  return ts.isCallExpression(node) || ts.isObjectLiteralExpression(node);
}

function inChain(node: ts.Node): boolean {
  for (let each: ts.Node = node; ts.isExpression(each); each = each.parent)
    if ((each.flags & ts.NodeFlags.OptionalChain) !== 0) return true;
  return false;
}

/** One mutant with the number that switches it on. */
export interface Mutant extends Site {
  readonly id: number;
}

export function textOf({ start, end }: Site, text: string): string {
  return text.slice(start, end);
}

/** Whether a mutant is the one that is listed. */
export function isEquivalent(site: Site, text: string, root: string, listed: Equivalent): boolean {
  const plain = (code: string) => code.replace(/\s+/g, " ");
  return (
    site.file === join(root, listed.file) &&
    plain(textOf(site, text)) === plain(listed.text) &&
    plain(site.mutated) === plain(listed.mutated)
  );
}

/** The text of a file with a switch at each of its mutants. */
export function withSwitches(text: string, mutants: readonly Mutant[]): string {
  // Outermost first; where two are at one place, each is inside the other's original.
  const sorted = mutants.toSorted((one, other) => one.start - other.start || other.end - one.end);
  const write = (from: number, to: number, rest: readonly Mutant[]): string => {
    let written = "";
    let at = from;
    let left = rest;
    while (left[0] !== undefined) {
      const [outer, ...others] = left;
      const within = others.filter(({ end }) => end <= outer.end);
      const original = write(outer.start, outer.end, within);
      written += text.slice(at, outer.start);
      // In parentheses a mutant that is one name would read as the parameters of an arrow function.
      written += `(globalThis.reachedMutant(${outer.id}) ? ${outer.mutated} : (${original}))`;
      at = outer.end;
      left = others.filter(({ start }) => start >= outer.end);
    }
    return written + text.slice(at, to);
  };
  return write(0, text.length, sorted);
}
