import { recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { targetOf } from "../judge/image/names.ts";
import { imageLabel, isSpacedLabel } from "../judge/image/space.ts";
import { type Ask, type Judged, judge } from "../judge/judge.ts";
import { matchesImage } from "../judge/policy/patterns.ts";
import { against, isAllowed, shut } from "../judge/policy/rules.ts";
import { type Reason, toldRule } from "../judge/result.ts";
import type { Asker } from "../log/entry.ts";
import { clientOfCertificate, type Policies } from "../policy/policies.ts";
import type { Policy } from "../policy/policy.ts";
import { findRoute, readRequest } from "../request/read.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { newestVersion } from "../request/version.ts";
import { differences } from "./difference.ts";
import type { AuthzMessage } from "./message.ts";
import { seeRequest } from "./raw.ts";
import { shortNameReasons } from "./short-names.ts";

/** A decision, and who it is about. */
export interface AuthzJudged {
  readonly judged: Judged;
  readonly asker: Asker;
}

/**
 * Judges what dockerd asks, as the proxy would, and then by what a plugin can do: it can neither change a request nor an
 * answer, so what would be hardened, narrowed or blanked is denied, with what to add. `engine` is asked for lists where a name
 * may be taken for the beginning of an id.
 */
export async function judgeMessage(
  message: AuthzMessage,
  policies: Policies,
  ask: Ask,
  engine: Pick<EngineClient, "get">,
): Promise<AuthzJudged> {
  const asker = askerOf(message, policies);
  const { policy } = asker;
  const found = findRoute(message.method, message.target);
  const route = found.route;
  const seen = seeRequest(message, route);
  if (!seen.ok && !(seen.raw && letsThrough(policy, seen.rule))) {
    const reasons = [{ rule: seen.rule, message: seen.message }];
    return { asker, judged: { verdict: "deny", route, request: undefined, reasons, status: 403 } };
  }
  const raw = seen.raw;
  const judged = await judge(raw, policy, ask);
  const hidden = seen.ok || policy.mode === "enforce" ? [] : [{ rule: seen.rule, message: seen.message }];
  if (judged.verdict === "deny") return { asker, judged };
  const asked = readRequest(raw, policy.body, policy.versions?.min);
  const short = asked.ok ? await shortNameReasons(asked.request, engine) : [];
  const lacking = [
    ...short,
    ...(asked.ok ? await newerReasons(asked.request, engine) : []),
    ...unhardened(judged),
    ...unchanged(judged, asked, policy),
    ...unblanked(judged, policy),
    ...unseen(judged, policy),
    ...unread(judged, policy),
    ...unspaced(judged, policy),
  ];
  return { asker, judged: asPlugin(judged, lacking, policy, hidden) };
}

/** Over TLS, the certificate's common name identifies the client. On other sockets a client has no identity. */
function askerOf({ user, authenticatedBy }: AuthzMessage, policies: Policies): Asker {
  const client =
    user !== undefined && authenticatedBy === "TLS" ? clientOfCertificate(policies, user) : undefined;
  return {
    client: client?.name ?? "default",
    listener: "authz",
    policy: asSeen(client?.policy ?? policies.default),
  };
}

const withoutSpaces = new WeakMap<Policy, Policy>();

/** A plugin cannot give another name to what a client makes. */
function asSeen(policy: Policy): Policy {
  if (policy.space === undefined) return policy;
  const known = withoutSpaces.get(policy);
  if (known) return known;
  const { space: _, ...plain } = policy;
  withoutSpaces.set(policy, plain);
  return plain;
}

/** What no Engine up to the newest API that the guard knows reads, a newer one may: a plugin cannot leave it out. */
async function newerReasons(
  { dropped }: Pick<UnderstoodRequest, "dropped">,
  engine: Pick<EngineClient, "get">,
): Promise<readonly Reason[]> {
  if (!dropped) return [];
  const version = await engine.get("/version");
  const minor = version.ok ? /^1\.([0-9]+)$/.exec(textAt(version.value, "ApiVersion") ?? "")?.[1] : undefined;
  if (minor !== undefined && Number(minor) <= newestVersion.minor) return [];
  const message = `sends ${dropped[0]}, which the guard does not know and this Engine may: only the proxy can leave it out`;
  return [{ rule: "guard-unknown", message }];
}

function letsThrough(policy: Policy, rule: "guard-body" | "guard-hidden-form"): boolean {
  return rule === "guard-hidden-form" && (policy.mode !== "enforce" || isAllowed(policy, rule));
}

/** What only the proxy could do is a denial here, or a warning where the policy only warns. */
function asPlugin(
  judged: Passed,
  lacking: readonly Reason[],
  policy: Policy,
  hidden: readonly Reason[],
): Judged {
  if (policy.mode !== "enforce") {
    return { ...judged, warnings: [...judged.warnings, ...hidden, ...lacking] };
  }
  if (lacking.length === 0) return judged;
  const { route, request } = judged;
  return { verdict: "deny", route, request, reasons: lacking, status: 403 };
}

type Passed = Exclude<Judged, { readonly verdict: "deny" }>;

function unhardened({ changes }: Passed): readonly Reason[] {
  const byControl = new Map<string, string[]>();
  for (const { control, flag, replaced } of changes) {
    const said = replaced ? `${flag} instead of what it says` : flag;
    byControl.set(control, [...(byControl.get(control) ?? []), said]);
  }
  return [...byControl].map(([rule, flags]) => lacking(rule, flags.join(" ")));
}

/** A note of the guard's for its own answers, which are not a plugin's to change. */
const notedImage = `body.Labels.${imageLabel}`;

/** What the decision changed beside hardening: an owner's label, a list narrowed to what is the client's own. */
function unchanged(
  judged: Passed,
  before: ReturnType<typeof readRequest>,
  policy: Policy,
): readonly Reason[] {
  if (judged.verdict === "harden") return [];
  if (!before.ok) return [{ rule: before.rule, message: before.message }];
  const places = differences(before.request, judged.request).filter((place) => place !== notedImage);
  if (places.length === 0) return [];
  const { owner } = policy;
  const what = owner
    ? places.some((place) => place.startsWith("query "))
      ? `--filter label=${owner.label}=${owner.value}`
      : `--label ${owner.label}=${owner.value}`
    : `another ${places.join(", ")}`;
  return [lacking(owner ? "guard-owner" : "guard-harden", what)];
}

function lacking(rule: string, flags: string): Reason {
  return { rule, message: `it needs ${flags}`, lacks: flags };
}

/** BuildKit's calls go past a plugin. */
function unseen({ route }: Passed, policy: Policy): readonly Reason[] {
  if (route.id !== "session" && route.id !== "grpc") return [];
  const message =
    "opens a tunnel into the Engine, of which a plugin sees nothing: use the proxy, or DOCKER_BUILDKIT=0";
  return shut(route.id, policy, message);
}

/** Under an owner, names and projects that somebody else's reference would lead to. */
function unspaced({ route, request }: Passed, { owner, allow }: Policy): readonly Reason[] {
  if (!owner) return [];
  const isNamed = ["image-tag", "image-create", "container-commit"].includes(route.id);
  const names =
    route.id === "build" ? (request.query.get("t") ?? []) : isNamed ? [targetOf(request, "repo")] : [];
  const taken = names.find((name) => name !== undefined && !matchesImage(name, allow.names));
  const label = Object.keys(recordAt({ at: request.body }, "at", "Labels")).find(isSpacedLabel);
  const what = taken === undefined ? label && `the label ${label}` : `the name ${taken}`;
  if (what === undefined) return [];
  const message = `takes ${what}, which others' references lead to: only the proxy can keep an owner's names apart`;
  return [{ rule: "guard-owner", message }];
}

/** dockerd shows a plugin no archive. */
function unread({ request }: Passed, policy: Policy): readonly Reason[] {
  if (!request.archive) return [];
  if (request.archive === "host-files") {
    const message =
      "copies files into a container that can write to a folder of the host, and dockerd shows no plugin whether one is setuid or a device";
    return against(policy, "guard-host-file", message);
  }
  const message = "builds from an archive, which dockerd shows no plugin: its FROM may pull any image";
  return against(policy, "guard-build-archive", message);
}

/** Events go through: of what they hold, only the words of an exec are blanked by the proxy. */
function unblanked({ response, route }: Passed, policy: Policy): readonly Reason[] {
  if (!response || (!response.redact && !response.owner) || isAllowed(policy, "guard-answer")) return [];
  if (route.response === "stream") return [];
  return [
    {
      rule: "guard-answer",
      message: "the answer holds what this client must not see, and a plugin of dockerd cannot blank it",
    },
  ];
}

/** Why not, in the words that docker prints behind “authorization denied by plugin bulkhead:”. */
export function denialText(reasons: readonly Reason[]): string {
  const flags = reasons.flatMap(({ lacks }) => lacks ?? []);
  const others = reasons.filter(({ lacks }) => lacks === undefined);
  const said = others.map((reason) => `${reason.message} (${toldRule(reason)})`);
  if (flags.length > 0) said.push(`a plugin cannot add what is missing; say it yourself: ${flags.join(" ")}`);
  return said.join("; ");
}

/**
 * What names nothing is handed on where it is a question: the Engine says 404 itself, which compose and the docker CLI take
 * for “pull it” and “make it”, and a plugin could only say 403.
 */
export function isHandedOn(judged: Judged): boolean {
  return (
    judged.verdict === "deny" &&
    (judged.route?.method === "GET" || judged.route?.method === "HEAD") &&
    judged.reasons.every(({ rule }) => rule === "guard-missing")
  );
}
