import type { Builds } from "../buildkit/builds.ts";
import type { Judged } from "../judge/judge.ts";
import type { Reason, ResponseRule } from "../judge/result.ts";
import type { Sink } from "../log/sink.ts";
import type { GuardMetrics } from "../metrics.ts";
import type { Learner } from "../policy/learn.ts";
import type { Policy } from "../policy/policy.ts";
import type { ReceivedRequest, UnderstoodRequest } from "../request/request.ts";
import type { SentRequest } from "../request/write.ts";
import type { Route } from "../routes/route.ts";
import type { Traffic } from "./client/traffic.ts";
import type { EngineVersion } from "./engine/engine-version.ts";
import type { Liveness } from "./engine/liveness.ts";
import type { Upstream } from "./engine/upstream.ts";

/** What is done to a request between its arrival and its departure; tests give their own. */
export interface Gate {
  /** The route, as far as method and path say: it tells how to read the body. */
  findRoute(method: string, target: string): Route | undefined;
  /** Why the route is closed to every request; undefined if it is open. */
  closed(route: Route, policy: Policy): readonly Reason[];
  judge(raw: ReceivedRequest, policy: Policy): Judged | Promise<Judged>;
  /** The same for a call of BuildKit, which was read elsewhere. */
  judgeUnderstood(request: UnderstoodRequest, policy: Policy): Promise<Judged>;
  /** The request as it goes to the Engine, made of what was judged alone. */
  write(request: UnderstoodRequest): SentRequest;
  /** The document as the client may see it; undefined where it cannot be read, and may not be seen at all. */
  rewrite(body: Buffer, rule: ResponseRule): Uint8Array | undefined;
}

/** All that answering a request takes. */
export interface Surroundings {
  readonly gate: Gate;
  readonly upstream: Upstream;
  readonly liveness: Liveness;
  readonly version: EngineVersion;
  readonly traffic: Traffic;
  /** The Engine's address, for messages. */
  readonly address: string;
  /** In front of every path there, "" as a rule. */
  readonly basePath: string;
  readonly log: Sink;
  readonly metrics: GuardMetrics;
  /** Who gathers what mode `learn` lets through. */
  readonly learner: Pick<Learner, "note"> | undefined;
  /** A line for the operator. */
  readonly tell: (message: string) => void;
  /** Sessions and builds of BuildKit. */
  readonly builds: Builds;
  /** Tunnels under way, each with what ends it. */
  readonly tunnels: Set<{ destroy(): void }>;
}
