import type { IncomingHttpHeaders } from "node:http2";
import { type Builds, openBuilds } from "../../../src/guard/buildkit/builds.ts";
import { controlCalls } from "../../../src/guard/buildkit/control.ts";
import {
  type Message,
  type MessageShape,
  readMessage,
  writeMessage,
} from "../../../src/guard/buildkit/protobuf.ts";
import type { Opened } from "../../../src/guard/buildkit/relay.ts";
import { judgeUnderstood } from "../../../src/guard/judge/judge.ts";
import type { Policy } from "../../../src/guard/policy/policy.ts";
import { askIn, policy as policyWith, type World } from "./guard.ts";

/** What becomes of a call's message: as BuildKit gets it, or why it does not. */
export type Sent =
  | { readonly to: Message; readonly answer: Extract<Opened, { readonly metadata: unknown }>["answer"] }
  | { readonly refused: string };

/** A client of `/grpc`, with its builds and the routes that its calls were judged as. */
export function buildkitClient(given: {
  readonly policy?: Policy | undefined;
  readonly client?: string;
  readonly builds?: Builds;
  readonly world?: World;
}) {
  const { client = "ci", builds = openBuilds(), world = {} } = given;
  const policy = given.policy ?? policyWith();
  const judgedAs: string[] = [];
  const open = controlCalls(() => ({
    client,
    policy,
    builds,
    judge: (request) => {
      judgedAs.push(request.route.id);
      return judgeUnderstood(request, policy, askIn(world));
    },
  }));
  const opened = (path: string, metadata: IncomingHttpHeaders = {}) => open(path, metadata);

  async function call(
    path: string,
    shape: MessageShape,
    message: Message | Buffer = {},
    metadata: IncomingHttpHeaders = {},
  ): Promise<Sent> {
    const made = await opened(path, metadata);
    if ("refuse" in made) return { refused: made.refuse.message };
    const bytes = Buffer.isBuffer(message) ? message : writeMessage(message, shape);
    const filtered = await made.request?.(bytes);
    if (!filtered?.ok) return { refused: filtered?.reason ?? "goes on unread" };
    const read = readMessage(filtered.value ?? Buffer.alloc(0), shape);
    if (!read.ok) throw new Error(read.reason);
    return { to: { ...read.value }, answer: made.answer };
  }

  return { builds, judgedAs, opened, call };
}
