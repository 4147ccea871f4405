import { recordAt, textAt, textsOf } from "../../base/json.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { ObjectKind } from "../routes/route.ts";
import { isSpaced, ownImageName } from "./image/space.ts";
import { missingMessage, ownerReasons } from "./policy/owner.ts";
import { fullReference } from "./policy/patterns.ts";
import type { Answer, Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";

export interface Found {
  /** What stands in the request instead of the name from now on. */
  readonly name: string;
  readonly answer: Answer;
  /** Why it may not be named; none where it may. */
  readonly reasons: readonly Reason[];
}

declare const imageId: unique symbol;
/** An image's own id. Only an answer of the Engine gives one, so that no name is sent in its place. */
export type ImageId = string & { readonly [imageId]: true };

export function imageIdOf(answer: Answer): ImageId | undefined {
  return answer.state === "found" ? (answer.id as ImageId) : undefined;
}

/** What a name means now, and that it may be named by this client. */
export function findObject(kind: ObjectKind, given: string, context: CheckContext): Found {
  const { name, answer } =
    kind === "image"
      ? findImage(given, context)
      : { name: given, answer: context.ask({ kind, name: given }) };
  if (answer.state === "missing") {
    return {
      name,
      answer,
      reasons: [{ rule: "guard-missing", message: missingMessage(kind, name), absent: kind }],
    };
  }
  if (answer.state === "unknown") {
    const message = `names the ${kind} ${name}, of which nothing could be learnt: ${answer.reason}`;
    return { name, answer, reasons: [{ rule: "guard-unknown", message }] };
  }
  return {
    name: nameAfter(kind, name, answer.id, answer.document),
    answer,
    reasons: ownerReasons(kind, name, answer.document, context),
  };
}

/** A client's own name counts before everybody's; what is in another's space is not there. */
function findImage(name: string, { ask, policy }: CheckContext): Pick<Found, "name" | "answer"> {
  const { space } = policy;
  if (space !== undefined && isSpaced(name) && !name.startsWith(space))
    return { name, answer: { state: "missing" } };
  const own = ownImageName(name, policy);
  // Both in one round.
  const answer = ask({ kind: "image", name });
  const mine = own === undefined ? undefined : ask({ kind: "image", name: own });
  return own === undefined || mine === undefined || mine.state === "missing"
    ? { name, answer }
    : { name: own, answer: mine };
}

/**
 * The full id, but for what has none (volumes), and for an image that is named by a reference: an id would take its name from
 * what is listed, saved, pushed and removed.
 */
function nameAfter(kind: ObjectKind, name: string, id: string, document: unknown): string {
  if (kind === "volume" || kind === "plugin") return name;
  return kind === "image" && isNameOf(name, document) ? name : id;
}

/** Whether an image goes by the name, so that it is no id, nor the beginning of one. */
export function isNameOf(name: string, document: unknown): boolean {
  const full = fullReference(name);
  return referencesOf(document).some((reference) => fullReference(reference) === full);
}

/** The tags and digests that an image goes by. */
export function referencesOf(document: unknown): readonly string[] {
  const { RepoTags, RepoDigests } = recordAt({ document }, "document");
  return [...textsOf(RepoTags), ...textsOf(RepoDigests)];
}

const kinds: ReadonlySet<string> = new Set([
  "container",
  "exec",
  "image",
  "volume",
  "network",
  "service",
  "task",
  "node",
  "secret",
  "config",
] satisfies readonly ObjectKind[]);

function isKind(text: string): text is ObjectKind {
  return kinds.has(text);
}

/** The request with the objects of its path by their full ids. */
export function withObjects(
  request: UnderstoodRequest,
  context: CheckContext,
): { readonly request: UnderstoodRequest; readonly reasons: readonly Reason[] } {
  if (Object.keys(request.params).length === 0) return { request, reasons: [] };
  // These routes name a repository of a registry; a push also names a tag.
  if (request.route.path.startsWith("/distribution/") || request.route.id === "image-push") {
    return { request, reasons: [] };
  }
  const found = Object.entries(request.params).map(([kind, name]) =>
    isKind(kind) ? ([kind, findObject(kind, name, context)] as const) : undefined,
  );
  const params = { ...request.params };
  for (const each of found) if (each) params[each[0]] = each[1].name;
  return { request: { ...request, params }, reasons: found.flatMap((each) => each?.[1].reasons ?? []) };
}

/** The document behind an object of the path, as far as it was found. */
export function documentOf(kind: ObjectKind, request: UnderstoodRequest, context: CheckContext): unknown {
  const name = request.params[kind];
  if (name === undefined) return undefined;
  const answer = context.ask({ kind, name });
  return answer.state === "found" ? answer.document : undefined;
}

/** A container's name for messages; its id if it has no name. */
export function calledOf(document: unknown, id: string): string {
  return textAt(document, "Name")?.replace(/^\//, "") || id.slice(0, 12);
}
