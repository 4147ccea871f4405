import type { Duplex } from "node:stream";
import type { Judged } from "../judge/judge.ts";
import { type Asker, logLine } from "../log/entry.ts";
import type { Policy } from "../policy/policy.ts";
import type { Surroundings } from "./gate.ts";

type Passed = Exclude<Judged, { readonly verdict: "deny" }>;

/** Whether the connection becomes one of BuildKit's, which the guard takes apart. */
export function isBuildkit({ route, request }: Passed): boolean {
  return (route.id === "session" || route.id === "grpc") && request.headers.get("upgrade") === "h2c";
}

/** Joins a client and the Engine by the guard's own HTTP/2, which is loaded with the first build. */
export function buildkitJoin(
  { route, request }: Passed,
  lookUp: () => Asker | undefined,
  asker: Asker,
  around: Surroundings,
): (client: Duplex, engine: Duplex) => void {
  const { gate, log, metrics, learner, builds, tell, traffic } = around;
  const write = async (judged: Judged): Promise<Judged> => {
    const written = await log.write(logLine(judged, "POST", asker, new Date()));
    metrics.decided(asker.client, judged, 0);
    learner?.note(asker, judged);
    if (written.ok || judged.verdict === "deny") return judged;
    metrics.logFailed();
    tell(written.reason);
    const reasons = [{ rule: "guard-log", message: written.reason }];
    return { verdict: "deny", route: judged.route, request: judged.request, reasons, status: 403 };
  };
  /** The client's policy as it is now, where it still lets the connection be. */
  const now = (): Policy | undefined => {
    const current = lookUp();
    const isSame = current?.client === asker.client;
    return isSame && gate.closed(route, current.policy).length === 0 ? current.policy : undefined;
  };
  return (client, engine) => {
    const session = route.id === "session" ? request.headers.get("x-docker-expose-session-uuid") : undefined;
    if (route.id === "session" && session === undefined) {
      client.destroy();
      engine.destroy();
      return;
    }
    void import("../buildkit/join.ts").then(({ joinBuildkit }) =>
      joinBuildkit(
        { client, engine },
        {
          asker,
          now,
          builds,
          account(bytes) {
            if (bytes > 0) return traffic.holdBytes(asker.client, bytes);
            traffic.releaseBytes(asker.client, -bytes);
            return true;
          },
          session,
          judge: async (call, policy) => write(await gate.judgeUnderstood(call, policy)),
          deny: (reasons) => void write({ verdict: "deny", route, request, reasons, status: 403 }),
        },
      ),
    );
  };
}
