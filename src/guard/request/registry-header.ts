import { failed, ok, type Result } from "../../base/result.ts";
import { parseJson } from "../json/parse.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { checkShape } from "../shapes/check.ts";
import { authConfig, authConfigs } from "../shapes/image.ts";

const limits = { maxBytes: 64 * 1024, maxDepth: 4, maxItems: 256 };

/**
 * Reads X-Registry-Auth or X-Registry-Config, base64url JSON, and writes it anew. Names in another case, as docker-py
 * takes them from a credential helper (`ServerAddress`), become the ones that the documentation has: the Engine folds
 * them as well.
 *
 * The reason of a refusal holds nothing of the value.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#section/Authentication
 */
export function readRegistryHeader(
  name: "x-registry-auth" | "x-registry-config",
  value: string,
): Result<string> {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(value) || value.length % 4 !== 0)
    return failed("is not base64url with padding");
  const bytes = Buffer.from(value, "base64url");
  if (encode(bytes) !== value) return failed("is not base64url with padding: bits lie over");
  if (bytes.length === 0) return ok("");
  const parsed = parseJson(bytes, limits);
  if (!parsed.ok) return failed(`is not read: ${parsed.reason.replace("the body", "it")}`);
  const named = name === "x-registry-auth" ? lowerNames(parsed.value) : lowerInner(parsed.value);
  if (named === undefined) return failed("has a name twice, in two cases");
  const checked = checkShape(named, name === "x-registry-auth" ? authConfig : authConfigs);
  if (!checked.ok) return failed(`is not read: ${checked.reason}`);
  return ok(encode(Buffer.from(JSON.stringify(checked.value))));
}

/** Go's URLEncoding wants the padding that Node leaves out. */
function encode(bytes: Buffer): string {
  const text = bytes.toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && value.kind === "object";
}

function lowerNames(value: JsonValue): JsonValue | undefined {
  if (!isObject(value)) return value;
  const members = new Map<string, JsonValue>();
  for (const [name, item] of value.members) {
    const lower = /^[A-Za-z]+$/.test(name) ? name.toLowerCase() : name;
    if (members.has(lower)) return undefined;
    members.set(lower, item);
  }
  return { kind: "object", members };
}

function lowerInner(value: JsonValue): JsonValue | undefined {
  if (!isObject(value)) return value;
  const members = new Map<string, JsonValue>();
  for (const [name, item] of value.members) {
    const inner = lowerNames(item);
    if (inner === undefined) return undefined;
    members.set(name, inner);
  }
  return { kind: "object", members };
}
