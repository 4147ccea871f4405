import { isEqual } from "../../base/equal.ts";
import { isRecord } from "../../base/json.ts";
import type { UnderstoodRequest } from "../request/request.ts";

/**
 * What differs between a request as it came and as it may go through, by place: `body HostConfig.Init`, `query filters`.
 * A name that became the full id that it means is no difference: dockerd resolves it by itself, a moment later.
 */
export function differences(before: UnderstoodRequest, after: UnderstoodRequest): readonly string[] {
  return [
    ...queryDifferences(before.query, after.query),
    ...bodyDifferences(before.body, after.body, "body"),
  ];
}

function queryDifferences(
  before: UnderstoodRequest["query"],
  after: UnderstoodRequest["query"],
): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => !sameOrResolved(before.get(name) ?? [], after.get(name) ?? []))
    .map((name) => `query ${name}`);
}

function bodyDifferences(given: unknown, after: unknown, place: string): readonly string[] {
  const before = isRecord(after) ? (given ?? {}) : given;
  if (isRecord(before) && isRecord(after)) {
    const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
    const come = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
    // A name that is a key: EndpointsConfig { mynet: … } becomes { <id>: … }.
    if (gone.length > 0 && gone.length === come.length && come.every(isId)) {
      return gone.flatMap((key, index) =>
        bodyDifferences(before[key], after[come[index] ?? ""], `${place}.${key}`),
      );
    }
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      bodyDifferences(before[key], after[key], `${place}.${key}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => bodyDifferences(item, after[index], `${place}[${index}]`));
  }
  return sameOrResolved(before, after) ? [] : [place];
}

function sameOrResolved(before: unknown, after: unknown): boolean {
  if (typeof before === "string" && typeof after === "string") {
    return before === after || resolves(before, after);
  }
  return isEqual(before, after);
}

/** `container:web` and `container:<id>`, `web:ro` and `<id>:ro`, `nginx` and `sha256:<id>`. */
function resolves(before: string, after: string): boolean {
  const match = /^((?:container:)?)(?:sha256:)?[0-9a-f]{64}((?::(?:ro|rw|z|Z))?)$/.exec(after);
  return match !== null && before.startsWith(match[1] ?? "") && before.endsWith(match[2] ?? "");
}

function isId(text: string): boolean {
  return /^[0-9a-f]{64}$|^[0-9a-z]{25}$/.test(text);
}
