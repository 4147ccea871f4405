import { connect, performServerHandshake } from "node:http2";
import type { Duplex } from "node:stream";
import type { Judged } from "../judge/judge.ts";
import type { Asker } from "../log/entry.ts";
import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { Builds } from "./builds.ts";
import { controlCalls } from "./control.ts";
import type { Account } from "./grpc.ts";
import { relay } from "./relay.ts";
import { sessionCalls } from "./session.ts";

export interface Ends {
  readonly client: Duplex;
  readonly engine: Duplex;
}

export interface JoinOptions {
  /** The client, and the bytes of a message, by the policy with which the connection began. */
  readonly asker: Asker;
  /** Its policy at each call; undefined once this client may not have the connection any more. */
  readonly now: () => Policy | undefined;
  readonly builds: Builds;
  /** The client's account of held bytes: the one of its request bodies. */
  readonly account: Account;
  /** The name of a session that is opened; undefined for `/grpc`. */
  readonly session: string | undefined;
  readonly judge: (request: UnderstoodRequest, policy: Policy) => Promise<Judged>;
  readonly deny: (reasons: Extract<Judged, { readonly verdict: "deny" }>["reasons"]) => void;
}

const window = 4 * 1024 * 1024;
const settings = { settings: { initialWindowSize: window } };

/**
 * Joins two connections that speak HTTP/2 from here on: each side speaks to the guard, and none of its bytes reaches the
 * other. On `/grpc` the client calls the Engine, in a session the Engine calls the client.
 */
export function joinBuildkit({ client, engine }: Ends, options: JoinOptions): void {
  const { asker, builds, session } = options;
  const isSession = session !== undefined;
  if (isSession && !builds.openSession(session, asker.client)) {
    client.destroy();
    engine.destroy();
    return;
  }
  const caller = performServerHandshake(isSession ? engine : client, settings);
  const callee = connect("http://localhost", {
    createConnection: () => (isSession ? client : engine),
    ...settings,
  });
  for (const each of [caller, callee]) {
    each.on("error", () => undefined);
    each.on("connect", () => each.setLocalWindowSize(window));
  }
  let isOver = false;
  const over = () => {
    if (isOver) return;
    isOver = true;
    if (isSession) builds.closeSession(session);
    caller.destroy();
    callee.destroy();
    client.destroy();
    engine.destroy();
  };
  caller.on("close", over);
  callee.on("close", over);
  const { client: name, policy } = asker;
  const at =
    <T>(make: (policy: Policy) => T) =>
    (): T | undefined => {
      const current = options.now();
      return current && make(current);
    };
  relay(caller, {
    callee,
    open: isSession
      ? sessionCalls(at((policy) => ({ policy, deny: options.deny, session, builds })))
      : controlCalls(
          at((policy) => ({
            client: name,
            policy,
            builds,
            judge: (request) => options.judge(request, policy),
          })),
        ),
    limits: { largest: policy.body.maxBytes, account: options.account },
    from: isSession ? "engine" : "client",
  });
}
