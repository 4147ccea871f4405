import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { parseJson } from "../json/parse.ts";
import { quote } from "../json/quote.ts";
import type { QueryParam, Route } from "../routes/route.ts";
import { type Aside, drop, placeOf } from "../shapes/aside.ts";
import { checkShape } from "../shapes/check.ts";
import { paramIn } from "./older.ts";
import type { ApiVersion } from "./version.ts";

/** Filters and build arguments are flat; nothing that the Engine reads from a parameter is deeper. */
const jsonDepth = 8;

/** The members of a parameter that is JSON, in a query that was read; none without the parameter. */
export function recordIn(
  query: ReadonlyMap<string, readonly string[]>,
  name: string,
): Readonly<Record<string, unknown>> {
  const text = query.get(name)?.[0];
  const value: unknown = text ? JSON.parse(text) : {};
  return isRecord(value) ? value : {};
}

/**
 * Reads the query of a route: known parameters, in the form in which the Engine would read them, and made one:
 * `force=True` is `1`, a whole number has no zeros in front, JSON is printed anew, and a parameter without a value is left
 * out where that means the same. Two things have no effect in the Engine and are dropped: a parameter that it does not
 * know (dockerode repeats the body's members), and a second value where it takes the first.
 *
 * @see https://pkg.go.dev/net/url#ParseQuery what the Engine splits it with
 */
export function readQuery(
  query: string,
  route: Route,
  aside: Aside,
  version?: ApiVersion,
): Result<ReadonlyMap<string, readonly string[]>> {
  const read = new Map<string, string[]>();
  const seen = new Set<string>();
  if (query === "") return ok(read);
  if (!/^[\x21\x22\x24-\x3a\x3c-\x7e]*$/.test(query))
    return failed("the query has a space, a #, a ; or a character beyond ASCII, unescaped");
  for (const pair of query.split("&")) {
    const sign = pair.indexOf("=");
    const name = sign < 0 ? pair : pair.slice(0, sign);
    const own = Object.hasOwn(route.query, name) ? route.query[name] : undefined;
    const param = own && paramIn(own, version);
    if (pair === "") continue;
    if (param === undefined) {
      const other = knownOtherwise(name, route);
      if (other !== undefined) return failed(other);
      drop(aside, placeOf("query", name));
      continue;
    }
    if (seen.has(name) && !isList(param)) {
      drop(aside, placeOf("second", name));
      continue;
    }
    seen.add(name);
    const text = decode(sign < 0 ? "" : pair.slice(sign + 1));
    if (text === undefined)
      return failed(
        `the parameter ${name} has an escape that is not whole, not UTF-8, or of a control character`,
      );
    const value = readParam(text, param);
    if (!value.ok) return failed(`the parameter ${name} ${value.reason}`);
    if (value.value === undefined) continue;
    const values = read.get(name);
    if (values === undefined) read.set(name, [value.value]);
    else values.push(value.value);
  }
  return ok(read);
}

/** An escaped name is decoded by the Engine before it looks for it. */
function knownOtherwise(name: string, route: Route): string | undefined {
  if (!/[%+]/.test(name)) return undefined;
  const plain = decode(name);
  if (plain === undefined) return `${quote(name)} has an escape that is not whole, or not UTF-8`;
  return Object.hasOwn(route.query, plain)
    ? `the parameter ${plain} is escaped where it need not be`
    : undefined;
}

/** What `readQuery` read, as a query: with its question mark, or empty. */
export function printQuery(query: ReadonlyMap<string, readonly string[]>): string {
  const pairs: string[] = [];
  for (const [name, values] of query)
    for (const value of values) pairs.push(`${name}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function isList(param: QueryParam): boolean {
  return param.kind === "strings" || (param.kind === "json" && param.many === true);
}

/** Tabs and line breaks are in comments and Dockerfile instructions; other control characters are nowhere. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function decode(value: string): string | undefined {
  try {
    const text = decodeURIComponent(value.replaceAll("+", " "));
    return control.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Undefined is a parameter that says nothing. */
function readParam(text: string, param: QueryParam): Result<string | undefined> {
  switch (param.kind) {
    case "string":
      return ok(text === "" ? undefined : text);
    case "strings":
      return ok(text);
    case "bool":
      return readBool(text, param);
    case "int":
      return readInt(text);
    case "json":
      return readJson(text, param);
    case "ignored":
      return ok(undefined);
  }
}

const moby: ReadonlySet<string> = new Set(["", "0", "no", "false", "none"]);
const strictTrue: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const strictFalse: ReadonlySet<string> = new Set(["", "0", "f", "F", "false", "FALSE", "False"]);

function readBool(text: string, param: Extract<QueryParam, { kind: "bool" }>): Result<string> {
  if (text === "" && param.blank === "denied")
    return failed("has no value, and the versions of the Engine differ about what that is");
  if (param.strict === true) {
    if (strictTrue.has(text)) return ok("1");
    return strictFalse.has(text) ? ok("0") : failed("is neither true nor false");
  }
  // beyond ASCII, Go and JavaScript may trim and fold in two ways
  if (!/^[\x20-\x7e]*$/.test(text)) return failed("is neither true nor false");
  return ok(moby.has(text.trim().toLowerCase()) ? "0" : "1");
}

function readInt(text: string): Result<string | undefined> {
  if (text === "") return ok(undefined);
  if (!/^-?[0-9]{1,19}$/.test(text)) return failed("is not a whole number");
  const number = BigInt(text);
  return BigInt.asIntN(64, number) === number ? ok(String(number)) : failed("is not a whole number");
}

function readJson(text: string, param: Extract<QueryParam, { kind: "json" }>): Result<string | undefined> {
  if (text === "") return ok(undefined);
  const bytes = Buffer.from(text);
  const parsed = parseJson(bytes, { maxBytes: bytes.byteLength, maxDepth: jsonDepth, maxItems: 256 });
  if (!parsed.ok) return failed(`is not read: ${parsed.reason.replace("the body", "it")}`);
  const checked = checkShape(parsed.value, param.shape);
  if (!checked.ok) return failed(`is not read: ${checked.reason}`);
  return ok(checked.value === null ? undefined : JSON.stringify(checked.value));
}
