import type { Policy } from "../policy/policy.ts";
import { readRequest } from "../request/read.ts";
import type { ReceivedRequest, UnderstoodRequest } from "../request/request.ts";
import type { Route } from "../routes/route.ts";
import { findImage } from "./container/create.ts";
import { engineOf } from "./container/known.ts";
import { inquire } from "./inquiry.ts";
import type { Answer, Change, Knowledge, Question, Reason, ResponseRule, RoundResult } from "./result.ts";
import { questionKey } from "./result.ts";
import { judgeOnce, routeReasons } from "./round.ts";

/** What is to become of a request. */
export type Judged =
  | {
      readonly verdict: "allow" | "harden";
      readonly route: Route;
      /** What may go to the Engine, and nothing else. */
      readonly request: UnderstoodRequest;
      /** Empty but for `harden`. */
      readonly changes: readonly Change[];
      readonly warnings: readonly Reason[];
      readonly notes: readonly Reason[];
      readonly response: ResponseRule | undefined;
      /** Hears what the Engine answered; 0 where it failed. Not called where the client went away before. */
      readonly settled?: (status: number) => void;
    }
  | {
      readonly verdict: "deny";
      /** Undefined if the Engine has no such path, or the path cannot be read. */
      readonly route: Route | undefined;
      /** As it was read; undefined where it could not be. */
      readonly request: UnderstoodRequest | undefined;
      readonly reasons: readonly Reason[];
      readonly status: 403 | 404;
    };

/** Answers questions of the Engine and the host: answer.ts, or for `guard check` what a file says. */
export type Ask = (questions: readonly Question[]) => Promise<Knowledge>;

/** A decision that is not made after so many rounds of questions never will be. */
const rounds = 8;

/** Microseconds of the processor that judging one request may take. Each round is one step: others come between. */
const longestJudging = 1_000_000;

/**
 * Judges a request: reads it, asks what must be known, decides. The one entry for the proxy, the authorization plugin
 * and `guard check`. Whatever goes wrong is a denial. A promise only where something must be asked.
 */
export function judge(raw: ReceivedRequest, policy: Policy, ask: Ask): Judged | Promise<Judged> {
  const read = readRequest(raw, policy.body, policy.versions?.min);
  if (!read.ok) {
    const reasons = [{ rule: read.rule, message: read.message }];
    return { verdict: "deny", route: read.route, request: undefined, reasons, status: 403 };
  }
  const { request } = read;
  const foreseen = foresee(request, policy);
  if (foreseen.length > 0) return judgeAsking(request, foreseen, policy, ask);
  const decision = judgeOnce(request, nothingKnown, policy);
  return decision.verdict === "ask"
    ? judgeAsking(request, decision.questions, policy, ask)
    : judgedAs(request, decision);
}

/** The same for a request that was read elsewhere: a call of BuildKit. */
export async function judgeUnderstood(request: UnderstoodRequest, policy: Policy, ask: Ask): Promise<Judged> {
  return judgeAsking(request, [], policy, ask);
}

const nothingKnown: Knowledge = new Map();
/** An ordinary request asks for less, and is judged without giving way. */
const fewAnswers = 16;

async function judgeAsking(
  request: UnderstoodRequest,
  first: readonly Question[],
  policy: Policy,
  ask: Ask,
): Promise<Judged> {
  const known = new Map<string, Answer>();
  let questions = first;
  let spent = 0;
  for (let round = 1; round < rounds && spent < longestJudging; round += 1) {
    const open = questions.filter((question) => !known.has(questionKey(question)));
    if (open.length === 0 && round > 1) break;
    if (open.length > 0) for (const [key, answer] of await ask(open)) known.set(key, answer);
    for (const question of open) {
      const key = questionKey(question);
      if (!known.has(key)) known.set(key, { state: "unknown", reason: "it was not answered" });
    }
    // The host's files are looked at without waiting, so that nobody else would have a turn between two rounds.
    if (known.size > fewAnswers) await new Promise<void>((resolve) => setImmediate(resolve));
    const began = process.cpuUsage();
    const decision = judgeOnce(request, known, policy);
    const { user, system } = process.cpuUsage(began);
    spent += user + system;
    if (decision.verdict !== "ask") return judgedAs(request, decision);
    questions = decision.questions;
  }
  const message =
    "what must be known to decide on this request leads to ever more questions, or takes too long to judge";
  return judgedAs(request, { verdict: "deny", reasons: [{ rule: "guard-unknown", message }] });
}

function judgedAs(
  request: UnderstoodRequest,
  decision: Exclude<RoundResult, { readonly verdict: "ask" }>,
): Judged {
  const { route } = request;
  if (decision.verdict === "deny") {
    const { reasons, status = 403 } = decision;
    return { verdict: "deny", route, request, reasons, status };
  }
  return {
    verdict: decision.verdict,
    route,
    request: decision.request,
    changes: decision.verdict === "harden" ? decision.changes : [],
    warnings: decision.warnings,
    notes: decision.notes ?? [],
    response: decision.response,
  };
}

/**
 * What is surely asked about a request, so that it need not be judged once only to say so; a create request is judged by
 * all controls. Nothing where the route is closed, for then nothing is asked.
 */
function foresee(request: UnderstoodRequest, policy: Policy): readonly Question[] {
  if (request.route.id !== "container-create") return [];
  if (policy.mode === "enforce" && routeReasons(request, policy).length > 0) return [];
  const context = { ...inquire(new Map()), policy };
  engineOf(context);
  findImage(request.body, context);
  return context.open();
}
