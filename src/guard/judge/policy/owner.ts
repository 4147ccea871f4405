import { isRecord, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { recordIn } from "../../request/query.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import type { ObjectKind } from "../../routes/route.ts";
import { missingMessage } from "../missing.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { checkLabels } from "./labels.ts";

/** Labels of an object, as far as its kind has any. */
function labelsOf(kind: ObjectKind, document: unknown): Readonly<Record<string, unknown>> {
  if (kind === "container" || kind === "image") return recordAt(document, "Config", "Labels");
  if (kind === "service" || kind === "secret" || kind === "config" || kind === "node") {
    return recordAt(document, "Spec", "Labels");
  }
  return recordAt(document, "Labels");
}

/** Networks that every Engine has. They have no owner. */
const everybodys: ReadonlySet<string> = new Set(["bridge", "none", "host", "nat"]);

/**
 * An object that is another's does not exist for this client. Images are everybody's to run and to look at: what removes or
 * renames one asks for itself.
 */
export function ownerReasons(
  kind: ObjectKind,
  name: string,
  document: unknown,
  context: CheckContext,
): readonly Reason[] {
  const { owner } = context.policy;
  if (!owner || kind === "image" || kind === "node" || kind === "plugin") return [];
  if (kind === "network" && everybodys.has(textAt(document, "Name") ?? "")) return [];
  if (kind === "exec") {
    const container = textAt(document, "ContainerID") ?? "";
    const answer = context.ask({ kind: "container", name: container });
    const theirs = answer.state === "found" ? answer.document : undefined;
    return isOwn("container", theirs, owner) ? [] : [another(kind, name)];
  }
  return isOwn(kind, document, owner) ? [] : [another(kind, name)];
}

function isOwn(
  kind: ObjectKind,
  document: unknown,
  owner: { readonly label: string; readonly value: string },
): boolean {
  const labels = labelsOf(kind, document);
  return Object.hasOwn(labels, owner.label) && labels[owner.label] === owner.value;
}

function another(kind: ObjectKind, name: string): Reason {
  return { rule: "guard-owner", message: missingMessage(kind, name), absent: kind };
}

/** A client chooses a volume's name, so a name in use cannot be reported as free. */
export function takenVolumeReasons(
  name: string,
  document: unknown,
  context: CheckContext,
): readonly Reason[] {
  return ownerReasons("volume", name, document, context).map(({ rule }) => ({
    rule,
    message: `the name ${name} is taken by a volume that is not this client's: choose another one`,
  }));
}

/** For what changes an image that others may run: it must be the client's own. */
export function ownImageReasons(
  document: unknown,
  name: string,
  { policy }: CheckContext,
): readonly Reason[] {
  if (!policy.owner || isOwn("image", document, policy.owner)) return [];
  return [{ rule: "guard-owner", message: `changes the image ${name}, which this client did not make` }];
}

/** The body with the owner's label. */
export function labelled(
  body: unknown,
  context: CheckContext,
): { readonly body: unknown; readonly reasons: readonly Reason[] } {
  const own = isRecord(body) ? body : {};
  const { labels, reasons } = withOwnerLabel(recordAt(own, "Labels"), context);
  return { body: labels ? { ...own, Labels: labels } : body, reasons };
}

/**
 * Labels that a client sets, with the owner's; undefined where there is no owner, or it may not be added. One of that name
 * with another value is refused, as are labels off the policy's list.
 */
export function withOwnerLabel(
  given: Readonly<Record<string, unknown>>,
  context: CheckContext,
): { readonly labels: Readonly<Record<string, unknown>> | undefined; readonly reasons: readonly Reason[] } {
  const { owner } = context.policy;
  const unlisted = checkLabels(given, context);
  if (!owner) return { labels: undefined, reasons: unlisted };
  if (Object.hasOwn(given, owner.label) && given[owner.label] !== owner.value) {
    const message = `sets the label ${owner.label}, which tells whose it is and is the guard's to set`;
    return { labels: undefined, reasons: [{ rule: "guard-owner-label", message }, ...unlisted] };
  }
  return { labels: { ...given, [owner.label]: owner.value }, reasons: unlisted };
}

/** `GET /networks/{network}`: a shared network lists its containers, which no client may see. */
export function checkNetworkInspect(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { owner } = context.policy;
  if (!owner) return {};
  const answer = context.ask({ kind: "network", name: request.params.network ?? "" });
  const called = answer.state === "found" ? textAt(answer.document, "Name") : undefined;
  return everybodys.has(called ?? "") ? { response: { redact: false, owner } } : {};
}

/** The request with its `filters` narrowed to what has the owner's label; `name` is the filter's: `label`. */
export function withOwnerFilter(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { owner } = context.policy;
  if (!owner) return {};
  const given = recordIn(request.query, "filters");
  const wanted = `${owner.label}=${owner.value}`;
  const terms = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, asSet(value)]));
  // A filter by time that names a container tells whether there is one.
  const reasons = ["before", "since"].flatMap((term) =>
    Object.keys(terms[term] ?? {}).flatMap((name) => {
      const found = context.ask({ kind: "container", name });
      return found.state === "found"
        ? ownerReasons("container", name, found.document, context)
        : [another("container", name)];
    }),
  );
  const narrowed = { ...terms, label: { ...terms.label, [wanted]: true } };
  return {
    request: { ...request, query: new Map([...request.query, ["filters", [JSON.stringify(narrowed)]]]) },
    reasons,
  };
}

/** Both forms that filters have, a list and a set, as a set. */
function asSet(value: unknown): Readonly<Record<string, true>> {
  const terms = isRecord(value) ? Object.keys(value).filter((term) => value[term] === true) : textsOf(value);
  return Object.fromEntries(terms.map((term) => [term, true]));
}
