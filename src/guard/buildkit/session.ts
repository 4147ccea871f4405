import type { IncomingHttpHeaders } from "node:http2";
import { failed, ok, type Result } from "../../base/result.ts";
import { sessionReasons } from "../judge/dockerfile.ts";
import type { Judged } from "../judge/judge.ts";
import { isAllowed } from "../judge/policy/rules.ts";
import type { Policy } from "../policy/policy.ts";
import { archiveThrough } from "./archives.ts";
import { type Builds, tooMuch } from "./builds.ts";
import { closed, denialOf } from "./control.ts";
import { dockerfileFilter } from "./dockerfiles.ts";
import { type CallRefusal, status } from "./grpc.ts";
import type { Open, Opened } from "./relay.ts";

/** What judging the calls of the Engine to a client's session takes. */
export interface SessionOptions {
  /** The session's name. */
  readonly session: string;
  readonly builds: Builds;
  readonly policy: Policy;
  /** Writes down a denial. */
  readonly deny: (reasons: Extract<Judged, { readonly verdict: "deny" }>["reasons"]) => void;
}

const files = "/moby.filesync.v1.FileSync/DiffCopy";
const upload = "/moby.upload.v1.Upload/Pull";

/** What a build asks of the client that began it, whose own files and answers are handed on as they come. */
const open: ReadonlySet<string> = new Set([
  files,
  "/moby.filesync.v1.FileSend/DiffCopy",
  "/moby.filesync.v1.Auth/Credentials",
  "/moby.filesync.v1.Auth/FetchToken",
  "/moby.filesync.v1.Auth/GetTokenAuthority",
  "/moby.filesync.v1.Auth/VerifyTokenAuthority",
  "/grpc.health.v1.Health/Check",
]);

/** What it forwards from the client's machine; the policy decides whether it may. */
const secrets: ReadonlySet<string> = new Set([
  "/moby.buildkit.secrets.v1.Secrets/GetSecret",
  "/moby.sshforward.v1.SSH/CheckAgent",
  "/moby.sshforward.v1.SSH/ForwardAgent",
]);

/** Which calls of the Engine reach the client's session. */
export function sessionCalls(lookUp: () => SessionOptions | undefined): Open {
  return (path, metadata) => {
    const options = lookUp();
    return options ? sessionCall(path, metadata, options) : { refuse: closed };
  };
}

function sessionCall(
  path: string,
  metadata: IncomingHttpHeaders,
  { policy, deny, session, builds }: SessionOptions,
): Opened {
  const judgeDockerfile = async (text: string): Promise<Result<void>> => {
    if (!builds.noteDockerfile(session, text)) return failed(tooMuch);
    const reasons = await sessionReasons([text], builds.argumentsOf(session), { policy });
    if (reasons.length === 0 || policy.mode !== "enforce") return ok(undefined);
    deny(reasons);
    return failed(denialOf(reasons));
  };
  const archive = (named: unknown): Opened => {
    const found = builds.uploadOf(session, String(named));
    if (!found)
      return { refuse: refusal(status.denied, "asks for a file that no build names as its context") };
    const metadata = { urlpath: found.path };
    if (policy.mode !== "enforce" || isAllowed(policy, "guard-build-archive"))
      return { metadata, answer: "own" };
    const told = (reasons: Parameters<typeof deny>[0]) => {
      deny(reasons);
      return denialOf(reasons);
    };
    return { metadata, answer: { through: archiveThrough({ upload: found, policy, deny: told }) } };
  };
  if (path === files && metadata["dir-name"] === "dockerfile")
    return { metadata: {}, answer: { filter: dockerfileFilter(judgeDockerfile) } };
  if (path === upload) return archive(metadata.urlpath);
  if (open.has(path)) return { metadata: {}, answer: "own" };
  if (!secrets.has(path)) return { refuse: refusal(status.unimplemented, `${path} is not understood`) };
  if (policy.mode !== "enforce" || isAllowed(policy, "guard-build-secret"))
    return { metadata: {}, answer: "own" };
  const message = "hands a build secrets or an SSH agent of the client";
  deny([{ rule: "guard-build-secret", message, allow: { list: "rules", value: "guard-build-secret" } }]);
  return { refuse: refusal(status.denied, `${message} (guard-build-secret)`) };
}

function refusal(code: number, message: string): CallRefusal {
  return { code, message: `bulkhead: ${message}` };
}
