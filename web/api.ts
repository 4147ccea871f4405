import type { Acceptances, Accepted, Settings } from "../src/fleet/server/api/acceptance-shapes.ts";
import type { ImageDetail, Images } from "../src/fleet/server/api/images.ts";
import type { Jobs, MadeJob } from "../src/fleet/server/api/jobs.ts";
import type { MadeNotificationRule, NotificationRules } from "../src/fleet/server/api/notification-shapes.ts";
import type { Decisions, HostPolicies, Policies, TriedPolicy } from "../src/fleet/server/api/policies.ts";
import type {
  Accounts,
  AuditLog,
  Chain,
  ContainerDetail,
  FindingDetail,
  FindingGroups,
  Findings,
  HostDetail,
  HostPortrait,
  Hosts,
  Invited,
  Overview,
  SignedOut,
  WhoIAm,
} from "../src/fleet/server/api/shapes.ts";
import type { MadeTeam, Teams } from "../src/fleet/server/api/teams.ts";
import type { MadeToken, Sessions, Tokens } from "../src/fleet/server/api/tokens.ts";

/** What each path answers, by the shapes that the server checks it with. `{}` stands for a part of the path. */
interface Answers {
  "/session": WhoIAm;
  "/overview": Overview;
  "/findings": Findings;
  "/findings/groups": FindingGroups;
  "/findings/{}": FindingDetail;
  "/hosts": Hosts;
  "/hosts/{}": HostDetail;
  "/hosts/{}/portrait": HostPortrait;
  "/hosts/{}/containers/{}": ContainerDetail;
  "/hosts/{}/containers/{}/jobs": Jobs;
  "/hosts/{}/policies": HostPolicies;
  "/images": Images;
  "/images/{}": ImageDetail;
  "/policies": Policies;
  "/policies/decisions": Decisions;
  "/acceptances": Acceptances;
  "/settings": Settings;
  "/notifications": NotificationRules;
  "/teams": Teams;
  "/tokens": Tokens;
  "/sessions": Sessions;
  "/accounts": Accounts;
  "/audit-log": AuditLog;
  "/audit-log/chain": Chain;
}

interface Changes {
  "POST /session": WhoIAm;
  "DELETE /session": SignedOut;
  "POST /join": WhoIAm;
  "POST /invitations": Invited;
  "POST /enrolments": Invited;
  "DELETE /hosts/{}": undefined;
  "PUT /hosts/{}/labels": undefined;
  "POST /hosts/{}/containers/{}/jobs": MadeJob;
  "POST /notifications": MadeNotificationRule;
  "PUT /notifications/{}": undefined;
  "PUT /notifications/{}/paused": undefined;
  "DELETE /notifications/{}": undefined;
  "POST /notifications/{}/test": undefined;
  "POST /teams": MadeTeam;
  "PUT /teams/{}": undefined;
  "DELETE /teams/{}": undefined;
  "PUT /accounts/{}/teams": undefined;
  "PUT /accounts/{}/role": undefined;
  "DELETE /accounts/{}": undefined;
  "DELETE /accounts/{}/sessions": undefined;
  "POST /acceptances": Accepted;
  "PUT /acceptances/{}/review": undefined;
  "DELETE /acceptances/{}": undefined;
  "POST /policies/try": TriedPolicy;
  "PUT /settings": undefined;
  "POST /tokens": MadeToken;
  "DELETE /tokens/{}": undefined;
  "DELETE /sessions/{}": undefined;
}

export type Path = keyof Answers;
export type Answer<P extends Path> = Answers[P];
type Query = Readonly<Record<string, string | undefined>>;

/** An event of the window. */
export const signedOut = "bulkhead-signed-out";

/** An answer that is none, with what the server says of it. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function get<P extends Path>(
  path: P,
  parts: readonly string[] = [],
  query: Query = {},
): Promise<Answers[P]> {
  const said = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
  const search = new URLSearchParams(said).toString();
  return (await ask("GET", filled(path, parts) + (search === "" ? "" : `?${search}`))) as Answers[P];
}

export async function send<C extends keyof Changes>(
  what: C,
  parts: readonly string[] = [],
  body?: unknown,
): Promise<Changes[C]> {
  const [method = "", path = ""] = what.split(" ");
  return (await ask(method, filled(path, parts), body)) as Changes[C];
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    throw new Refused(0, "bulkhead does not answer. The page tries again.");
  }
  if (answer.status === 204) return undefined;
  const said: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return said;
  // The session ended elsewhere: the page asks who is signed in.
  if (answer.status === 401 && path !== "/session") dispatchEvent(new Event(signedOut));
  const error = typeof said === "object" && said !== null && "error" in said ? String(said.error) : "";
  throw new Refused(answer.status, error === "" ? `bulkhead answered ${answer.status}.` : error);
}

function filled(path: string, parts: readonly string[]): string {
  let next = 0;
  return path.replace(/\{\}/g, () => encodeURIComponent(parts[next++] ?? ""));
}
