import { isRecord, textAt, textsOf } from "../../../base/json.ts";
import { recordIn } from "../../request/query.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { ownPattern, spacedLabel } from "../image/space.ts";
import { findObject } from "../objects.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { another, everybodys, imageLabelOf, ownerReasons } from "./owner.ts";

/** `GET /networks/{network}`: a shared network lists its containers, which no client may see. */
export function checkNetworkInspect(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { owner, space, prefix } = context.policy;
  if (!owner) return {};
  const answer = context.ask({ kind: "network", name: request.params.network ?? "" });
  const called = answer.state === "found" ? textAt(answer.document, "Name") : undefined;
  return everybodys.has(called ?? "") ? { response: { redact: false, owner, space, prefix } } : {};
}

/** The request with its `filters` narrowed to what has the owner's label; `name` is the filter's: `label`. */
export function withOwnerFilter(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { owner } = context.policy;
  if (!owner) return {};
  const given = recordIn(request.query, "filters");
  const isImages = request.route.id === "image-prune";
  const wanted = `${isImages ? imageLabelOf(owner) : owner.label}=${owner.value}`;
  const terms = termsOf(given, context, isImages ? "image" : "object");
  // A filter by time that names a container tells whether there is one.
  const reasons = ["before", "since"].flatMap((term) =>
    Object.keys(terms[term] ?? {}).flatMap((name) => {
      const found = context.ask({ kind: "container", name });
      return found.state === "found"
        ? ownerReasons("container", name, found.document, context)
        : [another("container", name)];
    }),
  );
  return { request: withFilters(request, { ...terms, label: { ...terms.label, [wanted]: true } }), reasons };
}

type Terms = Readonly<Record<string, Readonly<Record<string, true>>>>;

function withFilters(request: UnderstoodRequest, terms: Terms): UnderstoodRequest {
  return { ...request, query: new Map([...request.query, ["filters", [JSON.stringify(terms)]]]) };
}

/** `GET /images/json`: everybody's images and one's own, by the names that the client has for them. */
export function checkImageList(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const given = recordIn(request.query, "filters");
  const { space } = context.policy;
  if (space === undefined || Object.keys(given).length === 0) return {};
  const terms = termsOf(given, context, "image");
  const patterns = Object.keys(terms.reference ?? {}).map((each) => [ownPattern(each, space), true] as const);
  const reference = { ...terms.reference, ...Object.fromEntries(patterns) };
  return { request: withFilters(request, { ...terms, ...(patterns.length > 0 && { reference }) }) };
}

/** Filters as sets, with labels and images as the Engine knows them. */
function termsOf(
  given: Readonly<Record<string, unknown>>,
  context: CheckContext,
  of: "image" | "object",
): Terms {
  const engines = (term: string, text: string): string => {
    if (term === "ancestor") return findObject("image", text, context).name;
    if (!/^label!?$/.test(term)) return text;
    const equals = text.indexOf("=");
    const [given, value] = equals < 0 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
    const [name, spaced] = spacedLabel(given, value, context.policy, of);
    return value === undefined ? name : `${name}=${String(spaced)}`;
  };
  return Object.fromEntries(
    Object.entries(given).map(([term, value]) => [
      term,
      Object.fromEntries(Object.keys(asSet(value)).map((text) => [engines(term, text), true as const])),
    ]),
  );
}

/** Both forms that filters have, a list and a set, as a set. */
function asSet(value: unknown): Readonly<Record<string, true>> {
  const terms = isRecord(value) ? Object.keys(value).filter((term) => value[term] === true) : textsOf(value);
  return Object.fromEntries(terms.map((term) => [term, true]));
}
