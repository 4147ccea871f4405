import { failed, type Result } from "../../base/result.ts";
import type { Judged } from "../judge/judge.ts";
import { type Reason, toldRule } from "../judge/result.ts";
import { type Asker, denialOf, logLine } from "../log/entry.ts";
import type { Policy } from "../policy/policy.ts";
import type { ReceivedBody } from "../request/request.ts";
import type { Route } from "../routes/route.ts";
import { answer } from "./client/answer.ts";
import type { ClientConnection } from "./client/client-connection.ts";
import { type BodyRead, readBody } from "./client/read-body.ts";
import { forward, type Passed } from "./forward.ts";
import type { Surroundings } from "./gate.ts";
import { type Framing, requestFraming } from "./http/framing.ts";
import { isKept, many, type RequestHead, single } from "./http/head.ts";
import { opensTunnel } from "./protocol-switch.ts";

/**
 * Answers one request: reads its body as far as its route takes one, judges it, writes the decision down, and only then
 * sends on what was judged, or says why not. (What only asks, and was asked before, is written down while the Engine is
 * asked.) Calls `finish` on the connection, or takes it. Gives a promise only where there is something to wait for: most
 * requests have no body, and nothing to ask about.
 */
export function exchange(
  connection: ClientConnection,
  head: RequestHead,
  asker: Asker,
  around: Surroundings,
): Promise<void> | undefined {
  const before = asked.get(head);
  if (before?.policy === asker.policy && before.around === around) {
    const again = { connection, head, asker, around, framing: none, waits: false };
    return before.reads && around.log.isFree()
      ? askAgain(again, before.judged)
      : writeDown(again, noBody, before.judged, performance.now());
  }
  const refused = (status: number, reason: string) => {
    connection.abandonBody();
    refuse(connection, head, status, reason, asker, around);
    return undefined;
  };
  const framing = checkHead(head);
  if (!framing.ok) return refused(400, framing.reason);
  const expects = single(head.headers, "expect");
  if (expects !== undefined && (expects === many || expects.toLowerCase() !== "100-continue"))
    return refused(417, "only Expect: 100-continue is understood");
  const route = around.gate.findRoute(head.method, head.target);
  if (route && opensTunnel(route)) connection.expectTunnel();
  const request = { connection, head, asker, around, framing: framing.value, waits: expects !== undefined };
  const closed = framing.value.kind === "none" || !route ? [] : around.gate.closed(route, asker.policy);
  if (closed.length > 0) {
    connection.abandonBody();
    const judged: Judged = { verdict: "deny", route, request: undefined, reasons: closed, status: 403 };
    return writeDown(request, noBody, judged, performance.now());
  }
  const body = bodyOf(request, route);
  if (!(body instanceof Promise)) return judgeIt(request, body);
  return body.then(async (read) => {
    if (read.ok) await judgeIt(request, { kind: "bytes", bytes: read.bytes });
    else refuse(connection, head, read.status, read.reason, asker, around);
  });
}

/** A request whose head was read. */
interface Received {
  readonly connection: ClientConnection;
  readonly head: RequestHead;
  readonly asker: Asker;
  readonly around: Surroundings;
  readonly framing: Framing;
  /** Whether the client wants to be asked for the body. */
  readonly waits: boolean;
}

function judgeIt(request: Received, body: ReceivedBody): Promise<void> | undefined {
  const { head, asker, around } = request;
  const { method, target, headers } = head;
  const started = performance.now();
  const judged = around.gate.judge({ method, target, headers, body }, asker.policy);
  if (judged instanceof Promise) return judged.then((late) => writeDown(request, body, late, started));
  if (judged.verdict === "allow" && mayRepeat(request, body, judged.route))
    asked.set(head, { policy: asker.policy, around, judged, reads: onlyReads(judged.route) });
  return writeDown(request, body, judged, started);
}

/**
 * What was judged of a head, for when the same one comes again: a decision for which nothing had to be asked depends on the
 * request and the policy alone, and what polls an Engine asks the same all day.
 */
const asked = new WeakMap<RequestHead, Asked>();

interface Asked {
  readonly policy: Policy;
  readonly around: Surroundings;
  readonly judged: Passed;
  /** Whether the Engine only tells something. */
  readonly reads: boolean;
}

function mayRepeat({ head, framing, waits }: Received, body: ReceivedBody, route: Route): boolean {
  return isKept(head) && framing.kind === "none" && body === noBody && !waits && !opensTunnel(route);
}

function onlyReads({ method, group }: Route): boolean {
  return (method === "GET" || method === "HEAD") && (group === "safe" || group === "read");
}

/**
 * Asks what was asked before. It is written down while the Engine is at it, and the Engine's answer waits for that: where it
 * cannot be written, the question is taken back, and nobody hears what would have been the answer.
 */
function askAgain(request: Received, judged: Passed): undefined {
  const { connection, head, asker, around } = request;
  const started = performance.now();
  const line = logLine(judged, head.method, asker, new Date());
  const seconds = (performance.now() - started) / 1_000;
  const cancel = forward(connection, head, none, judged, asker, around);
  const written = around.log.write(line);
  const reason = written instanceof Promise ? "the audit log cannot be written at once" : whyNot(written);
  if (reason !== undefined) cancel(() => unlogged(request, reason));
  count(request, judged, seconds);
}

function whyNot(written: Result<void>): string | undefined {
  return written.ok ? undefined : written.reason;
}

function writeDown(
  request: Received,
  body: ReceivedBody,
  judged: Judged,
  started: number,
): Promise<void> | undefined {
  const { head, asker, around } = request;
  const seconds = (performance.now() - started) / 1_000;
  const written = around.log.write(
    logLine(judged, head.method, asker, new Date()),
    denialOf(judged, head.method, asker),
  );
  const done = (result: Result<void>) => {
    conclude(request, body, judged, result);
    // While the Engine is at it.
    count(request, judged, seconds);
  };
  if (written instanceof Promise) return written.then(done);
  done(written);
  return undefined;
}

function count({ asker, around }: Received, judged: Judged, seconds: number): void {
  around.metrics.decided(asker.client, judged, seconds);
  around.learner?.note(asker, judged);
}

/** What is not written down does not happen. */
function unlogged({ connection, head, around }: Received, reason: string): void {
  around.metrics.logFailed();
  around.tell(reason);
  deny(connection, head, 403, [{ rule: "guard-log", message: reason }]);
}

/** What becomes of a request once its decision is written down, or could not be. */
function conclude(request: Received, body: ReceivedBody, judged: Judged, written: Result<void>): void {
  const { connection, head, around } = request;
  if (connection.isGone) return;
  const isStream = body.kind === "stream";
  if (isStream && (!written.ok || judged.verdict === "deny")) connection.abandonBody();
  if (!written.ok) {
    unlogged(request, written.reason);
    return;
  }
  if (judged.verdict === "deny") {
    deny(connection, head, judged.status, judged.reasons);
    return;
  }
  if (isStream && request.waits) connection.sendContinue();
  const late = (reasons: readonly Reason[]) => denyLate(request, judged, reasons);
  forward(connection, head, isStream ? request.framing : none, judged, request.asker, around, late);
}

/** A build that was let go on turns out to be one that may not be: that is written down as well. */
function denyLate(
  request: Received,
  { route, request: understood }: Passed,
  reasons: readonly Reason[],
): void {
  const { connection, head, asker, around } = request;
  const judged: Judged = { verdict: "deny", route, request: understood, reasons, status: 403 };
  void around.log.write(
    logLine(judged, head.method, asker, new Date()),
    denialOf(judged, head.method, asker),
  );
  count(request, judged, 0);
  deny(connection, head, 403, reasons);
}

const none: Framing = { kind: "none" };

/** What of a head is wrong whatever it asks for. */
function checkHead(head: RequestHead): Result<Framing> {
  const host = single(head.headers, "host");
  if (host === many || (host === undefined && head.minor === 1))
    return failed("an HTTP/1.1 request names its host once");
  return requestFraming(head);
}

const noBody: ReceivedBody = { kind: "none" };

/** The body as far as the route takes one. */
function bodyOf(
  { connection, framing, waits, asker, around }: Received,
  route: Route | undefined,
): ReceivedBody | Promise<BodyRead> {
  if (framing.kind === "none") return noBody;
  // What is denied for its path need not be read; an archive is judged before it comes.
  if (!route) {
    connection.abandonBody();
    return noBody;
  }
  if (route.body.kind === "tar") return { kind: "stream" };
  if (waits) connection.sendContinue();
  let held = 0;
  connection.whenDone(() => around.traffic.releaseBytes(asker.client, held));
  return readBody(connection, framing, asker.policy.body.maxBytes, (bytes) => {
    if (!around.traffic.holdBytes(asker.client, bytes)) return false;
    held += bytes;
    return true;
  });
}

/** Why not, as docker prints it. */
function deny(
  connection: ClientConnection,
  head: RequestHead,
  status: number,
  reasons: readonly Reason[],
): void {
  const rules = [...new Set(reasons.map(toldRule))];
  const lines = reasons.map((reason) => `${reason.message} (${toldRule(reason)})`);
  const text = lines.length === 1 ? (lines[0] ?? "") : ["denied, because", ...lines].join("\n  ");
  answer(connection, head, status, text, rules);
}

/** A request that is not judged: it cannot be read, is too large, or is one too many. */
export function refuse(
  connection: ClientConnection,
  head: RequestHead,
  status: number,
  reason: string,
  asker: Asker,
  around: Surroundings,
): void {
  around.metrics.refused(status);
  writeRefusal(head.method, status, reason, asker, around);
  answer(connection, head, status, reason, [transportRule(status)]);
}

/** Writes down what was refused before it could be judged: the answer is no either way, so nothing waits for it. */
export function writeRefusal(
  method: string,
  status: number,
  message: string,
  asker: Asker,
  { log }: Surroundings,
): void {
  const judged: Judged = {
    verdict: "deny",
    route: undefined,
    request: undefined,
    reasons: [{ rule: transportRule(status), message }],
    status: 403,
  };
  void log.write(logLine(judged, method, asker, new Date()), denialOf(judged, method, asker));
}

function transportRule(status: number): string {
  if (status === 413) return "guard-body";
  return status === 429 || status === 503 ? "guard-traffic" : "guard-http";
}
