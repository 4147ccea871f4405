import { failed, type Result } from "../../model/result.ts";
import { type Reason, toldRule } from "../decide/decision.ts";
import type { Judged } from "../judge.ts";
import { type Asker, logLine } from "../log/entry.ts";
import type { RawBody } from "../request/request.ts";
import type { Route } from "../routes/route.ts";
import { answer } from "./answer.ts";
import type { ClientConnection } from "./client-connection.ts";
import { forward } from "./forward.ts";
import type { Surroundings } from "./gate.ts";
import { type Framing, requestFraming } from "./http/framing.ts";
import { many, type RequestHead, single } from "./http/head.ts";
import { opensTunnel } from "./protocol-switch.ts";

/**
 * Answers one request: reads its body as far as its route takes one, judges it, writes the decision down, and only then
 * sends on what was judged, or says why not. Calls `finish` on the connection, or takes it.
 */
export async function exchange(
  connection: ClientConnection,
  head: RequestHead,
  asker: Asker,
  around: Surroundings,
): Promise<void> {
  const { gate, metrics } = around;
  const framing = checkHead(head);
  if (!framing.ok) {
    connection.abandonBody();
    refuse(connection, head, 400, framing.reason, asker, around);
    return;
  }
  const expects = single(head.headers, "expect");
  if (expects !== undefined && (expects === many || expects.toLowerCase() !== "100-continue")) {
    connection.abandonBody();
    refuse(connection, head, 417, "only Expect: 100-continue is understood", asker, around);
    return;
  }
  const route = gate.findRoute(head.method, head.target);
  if (route && opensTunnel(route)) connection.expectTunnel();
  const body = await readBody(connection, route, framing.value, expects !== undefined, asker);
  if (!body.ok) {
    refuse(connection, head, body.status, body.reason, asker, around);
    return;
  }
  const started = performance.now();
  const { method, target, headers } = head;
  const judged = await gate.judge({ method, target, headers, body: body.value }, asker.policy);
  metrics.decided(asker.client, judged, (performance.now() - started) / 1_000);
  around.learner?.note(asker, judged);
  const logged = around.log.write(logLine(judged, method, asker, new Date()));
  const written = logged instanceof Promise ? await logged : logged;
  if (connection.isGone) return;
  const isStream = body.value.kind === "stream";
  if (isStream && (!written.ok || judged.verdict === "deny")) connection.abandonBody();
  if (!written.ok) {
    metrics.logFailed();
    around.tell(written.reason);
    deny(connection, head, 403, [{ rule: "guard-log", message: written.reason }]);
    return;
  }
  if (judged.verdict === "deny") {
    deny(connection, head, judged.status, judged.reasons);
    return;
  }
  if (isStream && expects !== undefined) connection.sendContinue();
  forward(connection, head, isStream ? framing.value : none, judged, around);
}

const none: Framing = { kind: "none" };

/** What of a head is wrong whatever it asks for. */
function checkHead(head: RequestHead): Result<Framing> {
  const host = single(head.headers, "host");
  if (host === many || (host === undefined && head.minor === 1))
    return failed("an HTTP/1.1 request names its host once");
  return requestFraming(head);
}

type ReadBody =
  | { readonly ok: true; readonly value: RawBody }
  | { readonly ok: false; readonly status: number; readonly reason: string };

function bodyIs(value: RawBody): ReadBody {
  return { ok: true, value };
}

async function readBody(
  connection: ClientConnection,
  route: Route | undefined,
  framing: Framing,
  waits: boolean,
  { policy }: Asker,
): Promise<ReadBody> {
  if (framing.kind === "none") return bodyIs({ kind: "none" });
  // What is denied for its path need not be read; an archive is judged before it comes.
  if (!route) {
    connection.abandonBody();
    return bodyIs({ kind: "none" });
  }
  if (route.body.kind === "tar") return bodyIs({ kind: "stream" });
  if (waits) connection.sendContinue();
  const read = await connection.readBody(framing, policy.body.maxBytes);
  return read.ok ? bodyIs({ kind: "bytes", bytes: read.bytes }) : read;
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

/** A request that is not judged: it cannot be read, or is too large. */
function refuse(
  connection: ClientConnection,
  head: RequestHead,
  status: number,
  reason: string,
  asker: Asker,
  around: Surroundings,
): void {
  around.metrics.refused(status);
  around.log.write(refusalLine(head.method, status, reason, asker));
  answer(connection, head, status, reason, [transportRule(status)]);
}

/** The line for what was refused before it could be judged: the answer is no either way, so nothing waits for it. */
export function refusalLine(method: string, status: number, message: string, asker: Asker): string {
  const judged: Judged = {
    verdict: "deny",
    route: undefined,
    request: undefined,
    reasons: [{ rule: transportRule(status), message }],
    status: 403,
  };
  return logLine(judged, method, asker, new Date());
}

function transportRule(status: number): string {
  return status === 413 ? "guard-body" : "guard-http";
}
