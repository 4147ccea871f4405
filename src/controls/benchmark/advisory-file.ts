import { isRecord, itemsOf, parsedJson, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type Advisory, packages } from "./advisories.ts";

/** The advisories of a file: a JSON array in the form that `bulkhead advisories --format json` writes. Pure. */
export function readAdvisories(text: string): Result<readonly Advisory[]> {
  const value = parsedJson(text);
  if (!Array.isArray(value))
    return failed("it is not a JSON array of advisories, as bulkhead advisories --format json writes it");
  const found: Advisory[] = [];
  for (const [index, each] of value.entries()) {
    const advisory = advisoryOf(each);
    if (!advisory.ok)
      return failed(`advisory ${index + 1} (${textAt(each, "id") ?? "without an id"}): ${advisory.reason}`);
    found.push(advisory.value);
  }
  return ok(found);
}

function advisoryOf(value: unknown): Result<Advisory> {
  const [id, published, summary] = [
    textAt(value, "id"),
    textAt(value, "published"),
    textAt(value, "summary"),
  ];
  if (!isRecord(value) || id === undefined || summary === undefined || published === undefined) {
    return failed("it needs id, published and summary");
  }
  const { severity, mitigatedBy } = value;
  if (severity !== "medium" && severity !== "high") return failed("its severity is neither medium nor high");
  const affected = itemsOf(value.affected).map(affectedOf);
  if (affected.length === 0 || affected.some((each) => each === undefined)) {
    return failed(
      `affected needs a package (${packages.join(", ")}) and ranges of events, each introduced or fixed with a version such as 1.2.3`,
    );
  }
  return ok({
    ...{ id, published: published.slice(0, 10), summary, severity },
    ...(mitigatedBy === "user namespaces" && { mitigatedBy }),
    aliases: textsOf(value.aliases),
    affected: affected.flatMap((each) => each ?? []),
    references: itemsOf(value.references).flatMap((each) => {
      const url = textAt(each, "url");
      return url === undefined ? [] : [{ type: "WEB" as const, url }];
    }),
  });
}

function affectedOf(value: unknown): Advisory["affected"][number] | undefined {
  const name = packages.find((each) => each === textAt(value, "package", "name"));
  const ranges = itemsOf(isRecord(value) ? value.ranges : undefined).map((range) => {
    const events = itemsOf(isRecord(range) ? range.events : undefined).map(eventOf);
    return events.length > 0 && events.every((event) => event !== undefined)
      ? { type: "SEMVER" as const, events: events.flatMap((event) => event ?? []) }
      : undefined;
  });
  if (name === undefined || ranges.length === 0 || ranges.some((each) => each === undefined))
    return undefined;
  return { package: { name }, ranges: ranges.flatMap((each) => each ?? []) };
}

function eventOf(value: unknown): { readonly introduced: string } | { readonly fixed: string } | undefined {
  const [introduced, fixed] = [textAt(value, "introduced"), textAt(value, "fixed")];
  const isVersion = (text: string) => text === "0" || /^\d+\.\d+\.\d+$/.test(text);
  if (introduced !== undefined && isVersion(introduced)) return { introduced };
  return fixed !== undefined && isVersion(fixed) ? { fixed } : undefined;
}
