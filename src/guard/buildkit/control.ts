import type { IncomingHttpHeaders } from "node:http2";
import { failed, ok, type Result } from "../../base/result.ts";
import { sessionReasons } from "../judge/dockerfile.ts";
import type { Judged } from "../judge/judge.ts";
import { cacheSpace } from "../judge/policy/owner.ts";
import { type Reason, toldRule } from "../judge/result.ts";
import { sessionAddress, uploadIn } from "../judge/solve.ts";
import type { SolveFacts } from "../judge/solve-facts.ts";
import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { routeOf } from "../routes/table.ts";
import { type Arguments, type Builds, tooMuch } from "./builds.ts";
import type { Filter } from "./carry.ts";
import { type CallRefusal, status } from "./grpc.ts";
import * as messages from "./messages.ts";
import { type Message, type MessageShape, readMessage, type Value, writeMessage } from "./protobuf.ts";
import type { Open, Opened } from "./relay.ts";
import { sourcePolicy } from "./source-policy.ts";

/** What judging a call of a client takes. */
export interface ControlOptions {
  readonly client: string;
  /** As it is now: a connection may outlive a policy. */
  readonly policy: Policy;
  readonly builds: Builds;
  /** Judges and writes down what a call comes down to, as a request of the Engine's own API. */
  readonly judge: (request: UnderstoodRequest) => Promise<Judged>;
}

const control = "/moby.buildkit.v1.Control/";
const bridge = "/moby.buildkit.v1.frontend.LLBBridge/";

/** The build that a call of a frontend's bridge belongs to. */
const buildId = "buildkit-controlapi-buildid";

/** Which calls of `/grpc` go through, and what becomes of their messages. */
export function controlCalls(lookUp: () => ControlOptions | undefined): Open {
  return (path, metadata) => {
    const options = lookUp();
    if (!options) return { refuse: closed };
    if (path.startsWith(control)) return controlCall(path.slice(control.length), options);
    if (path.startsWith(bridge)) return bridgeCall(path.slice(bridge.length), metadata, options);
    if (path === "/grpc.health.v1.Health/Check") return plain(messages.healthRequest);
    return unknown(path);
  };
}

/** Of a connection that the policy would not let in any more. */
export const closed: CallRefusal = {
  code: status.denied,
  message: "bulkhead: the policy has changed, and closes this connection (guard-route)",
};

function controlCall(method: string, options: ControlOptions): Opened {
  switch (method) {
    case "Solve":
      return {
        metadata: {},
        answer: "own",
        request: once(async (bytes) => {
          const read = understood(bytes, messages.solveRequest);
          if (!read.ok) return read;
          const ref = String(read.value.Ref ?? "");
          const judged = options.builds.judgesBuild(ref, options.client);
          const solved = await solve(read.value, options).finally(judged);
          if (!solved.ok) options.builds.refuseBuild(ref, options.client, solved.reason);
          return solved;
        }),
      };
    case "Status":
      return ofOwnBuild(messages.statusRequest, options);
    case "Info":
      return plain(messages.emptyRequest);
    case "ListWorkers":
      return plain(messages.workersRequest);
    case "DiskUsage":
      return judgedAs("disk-usage", messages.diskUsageRequest, options);
    case "Prune":
      return prune(options);
    case "ListenBuildHistory":
      return ofOwnBuild(messages.historyRequest, options);
    case "UpdateBuildHistory":
      return ofOwnBuild(messages.updateHistoryRequest, options);
    default:
      return unknown(`${control}${method}`);
  }
}

async function bridgeCall(
  method: string,
  metadata: IncomingHttpHeaders,
  options: ControlOptions,
): Promise<Opened> {
  const id = metadata[buildId];
  const { builds, client } = options;
  if (typeof id !== "string" || !(await builds.isOwnBuild(id, client))) {
    const refused = typeof id === "string" ? builds.refusalOf(id, client) : undefined;
    return { refuse: { code: status.denied, message: refused ?? notOwn("build") } };
  }
  const more = { metadata: { [buildId]: id } };
  const shape = Object.hasOwn(messages.resultRequests, method) ? messages.resultRequests[method] : undefined;
  if (shape) return { ...plain(shape), ...more };
  switch (method) {
    case "Ping":
    case "Inputs":
      return { ...plain(messages.emptyRequest), ...more };
    case "Solve":
      return { ...more, answer: "own", request: once((bytes) => bridgeSolve(bytes, id, options)) };
    case "Return":
      return { ...plain(messages.returnRequest), ...more };
    case "ResolveImageConfig":
      return { ...more, answer: "public", request: once((bytes) => resolveImage(bytes, options)) };
    default:
      return unknown(`${bridge}${method}`);
  }
}

function unknown(path: string): { readonly refuse: CallRefusal } {
  const name = /^\/[\w.]{1,80}\/\w{1,40}$/.test(path) ? path.slice(1) : "a call";
  const message = `bulkhead: ${name} is not understood by the guard, and so not let through (guard-buildkit)`;
  return { refuse: { code: status.unimplemented, message } };
}

function notOwn(what: string): string {
  return `bulkhead: names a ${what} that this client did not begin here (guard-buildkit)`;
}

/** Read and written again. It holds nothing to judge. */
function plain(shape: MessageShape): Extract<Opened, { readonly metadata: unknown }> {
  return { metadata: {}, answer: "public", request: once((bytes) => rewritten(bytes, shape)) };
}

function rewritten(bytes: Buffer, shape: MessageShape): Result<Buffer> {
  const read = understood(bytes, shape);
  return read.ok ? ok(writeMessage(read.value, shape)) : read;
}

function understood(bytes: Buffer, shape: MessageShape): Result<Message> {
  const read = readMessage(bytes, shape);
  return read.ok ? read : failed(`bulkhead: the message ${read.reason} (guard-buildkit)`);
}

/** A call that takes one message takes no second one. */
function once(filter: Filter): Filter {
  let isGiven = false;
  return (bytes) => {
    if (isGiven) return failed("bulkhead: the call has two messages, and takes one (guard-buildkit)");
    isGiven = true;
    return filter(bytes);
  };
}

function ofOwnBuild(shape: MessageShape, { builds, client }: ControlOptions): Opened {
  return {
    metadata: {},
    answer: "own",
    request: once(async (bytes) => {
      const read = understood(bytes, shape);
      if (!read.ok) return read;
      const ref = String(read.value.Ref ?? "");
      const own = await builds.isOwnBuild(ref, client);
      return own
        ? ok(writeMessage(read.value, shape))
        : failed(builds.refusalOf(ref, client) ?? notOwn("build"));
    }),
  };
}

/** A call about BuildKit's cache, which lists or removes no more than the client's own where it has an owner. */
function judgedAs(route: string, shape: MessageShape, { judge, policy }: ControlOptions): Opened {
  return {
    metadata: {},
    answer: "own",
    request: once(async (bytes) => {
      const read = understood(bytes, shape);
      if (!read.ok) return read;
      // What is narrowed to its own is no call about everybody's.
      const judged = await judge(requestOf(policy.owner ? "grpc" : route));
      if (judged.verdict === "deny") return failed(denial(judged));
      const { filter } = read.value;
      const own = policy.owner && {
        filter: ownCache(policy.owner, filter as readonly string[] | undefined),
      };
      return ok(writeMessage({ ...read.value, ...own }, shape));
    }),
  };
}

/** Under an owner what is pruned is named by the judgement. */
function prune(options: ControlOptions): Opened {
  const { judge, policy } = options;
  if (!policy.owner) return judgedAs("build-prune", messages.pruneRequest, options);
  return {
    metadata: {},
    answer: "own",
    request: once(async (bytes) => {
      const read = understood(bytes, messages.pruneRequest);
      if (!read.ok) return read;
      const judged = await judge(requestOf("grpc", { body: { pruned: read.value.filter ?? [] } }));
      if (judged.verdict === "deny") return failed(denial(judged));
      const { pruned } = judged.request.body as { readonly pruned: readonly string[] };
      return ok(writeMessage({ ...read.value, filter: pruned }, messages.pruneRequest));
    }),
  };
}

/**
 * BuildKit does not note whose a step is, but a cache mount is described by its id, in which the owner stands. Its filters are
 * alternatives, and the words of one must all be true.
 *
 * @see https://github.com/containerd/containerd/blob/v1.7.13/filters/parser.go
 */
function ownCache(owner: NonNullable<Policy["owner"]>, given: readonly string[] = []): readonly string[] {
  const space = cacheSpace(owner).replace(/\W/g, "[$&]");
  const own = `description~=|with id "${space}/[^"]*"$|`;
  const asked = given.filter((each) => each !== "");
  return asked.length === 0 ? [own] : asked.map((each) => `${own},${each}`);
}

function requestOf(route: string, more: Partial<UnderstoodRequest> = {}): UnderstoodRequest {
  return {
    route: routeOf(route),
    version: undefined,
    params: {},
    query: new Map(),
    headers: new Map(),
    body: undefined,
    hasStream: false,
    ...more,
  };
}

async function solve(value: Message, options: ControlOptions): Promise<Result<Buffer>> {
  const { builds, client, judge } = options;
  const session = String(value.Session ?? "");
  if (session !== "" && !(await builds.isOwnSession(session, client))) return failed(notOwn("session"));
  const cache = (value.Cache ?? {}) as Message;
  const deprecated = value.Exporter
    ? [{ Type: value.Exporter, Attrs: value.ExporterAttrs ?? new Map() }]
    : [];
  const exporters = [...typed(deprecated), ...typed(value.Exporters)];
  const facts: SolveFacts = {
    kind: "solve",
    frontend: String(value.Frontend ?? ""),
    attributes: texts(value.FrontendAttrs),
    hasDefinition: hasDefinition(value),
    entitlements: ((value.Entitlements ?? []) as readonly Value[]).map(String),
    exporters,
    cacheImports: typed(cache.Imports),
    cacheExports: typed(cache.Exports),
    hasSourcePolicy: value.SourcePolicy !== undefined,
  };
  const judged = await judgeSolve(facts, judge);
  if (!judged.ok) return judged;
  const ref = String(value.Ref ?? "");
  const sent = await sentBefore(session, facts.attributes, options);
  if (!sent.ok) return sent;
  if (!builds.beginBuild(ref, client)) return failed(notOwn("build"));
  builds.noteSession(ref, session);
  const named = withOwnUpload(judged.value.attributes, session, builds);
  if (!named.ok) return named;
  const { frontend, ownImages, exporters: made } = judged.value;
  const policy = sourcePolicy(options.policy, ownImages);
  const [first, ...others] = made.map(({ type, attributes: own }) => ({
    Type: type,
    Attrs: new Map(Object.entries(own)),
  }));
  const attributes = {
    FrontendAttrs: named.value,
    ...(policy && { SourcePolicy: policy }),
    ...(value.Exporter
      ? { ExporterAttrs: first?.Attrs, Exporters: others }
      : { Exporters: first ? [first, ...others] : [] }),
  };
  return ok(
    writeMessage(
      { ...value, ...(frontend !== "" && { Frontend: frontend }), ...attributes },
      messages.solveRequest,
    ),
  );
}

/** Judges what the session has sent already with the arguments of a build that begins now. */
async function sentBefore(
  session: string,
  attributes: SolveFacts["attributes"],
  { builds, policy }: ControlOptions,
): Promise<Result<void>> {
  const args = argumentsIn(attributes);
  if (!builds.noteArguments(session, args)) return failed(tooMuch);
  const reasons = await sessionReasons(builds.dockerfilesOf(session), [args], { policy });
  return reasons.length > 0 && policy.mode === "enforce" ? failed(denialOf(reasons)) : ok(undefined);
}

function argumentsIn(attributes: SolveFacts["attributes"]): Arguments {
  return Object.entries(attributes)
    .filter(([name]) => name.startsWith("build-arg:"))
    .map(([name, value]) => ({ name: name.slice("build-arg:".length), value }));
}

async function bridgeSolve(bytes: Buffer, id: string, options: ControlOptions): Promise<Result<Buffer>> {
  const { builds, judge } = options;
  const read = understood(bytes, messages.bridgeSolveRequest);
  if (!read.ok) return read;
  const { value } = read;
  const sent = await sentBefore(builds.sessionOf(id), texts(value.FrontendOpt), options);
  if (!sent.ok) return sent;
  const judged = await judgeSolve(
    {
      kind: "solve",
      frontend: String(value.Frontend ?? ""),
      attributes: texts(value.FrontendOpt),
      hasDefinition: hasDefinition(value),
      entitlements: [],
      exporters: [],
      cacheImports: typed(value.CacheImports),
      cacheExports: [],
      hasSourcePolicy: false,
    },
    judge,
  );
  if (!judged.ok) return judged;
  const named = withOwnUpload(judged.value.attributes, builds.sessionOf(id), builds);
  const { frontend } = judged.value;
  return named.ok
    ? ok(
        writeMessage(
          { ...value, ...(frontend !== "" && { Frontend: frontend }), FrontendOpt: named.value },
          messages.bridgeSolveRequest,
        ),
      )
    : named;
}

/**
 * The context that the client's session sends as an archive, under a path of this build's own. BuildKit asks once for what two
 * builds call the same, and each archive is judged as one build needs it.
 */
function withOwnUpload(
  attributes: ReadonlyMap<string, string>,
  session: string,
  builds: Builds,
): Result<ReadonlyMap<string, string>> {
  const facts = Object.fromEntries(attributes);
  const own = uploadIn(facts);
  if (!own) return ok(attributes);
  const path = builds.noteUpload(session, { ...own, args: argumentsIn(facts) });
  if (path === undefined) return failed(tooMuch);
  const [filename] = own.wanted;
  return ok(
    new Map([
      ...attributes,
      ["context", `${sessionAddress}${path}`],
      ...(filename === undefined ? [] : [["filename", filename] as const]),
    ]),
  );
}

/** The frontend and its attributes as they may go on. */
async function judgeSolve(
  facts: SolveFacts,
  judge: ControlOptions["judge"],
): Promise<
  Result<
    Pick<SolveFacts, "frontend" | "exporters"> & {
      readonly attributes: ReadonlyMap<string, string>;
      readonly ownImages: readonly string[];
    }
  >
> {
  const tags = facts.exporters.flatMap(({ attributes }) => (attributes.name ?? "").split(","));
  const names = [...new Set(tags.filter((tag) => tag !== ""))];
  // The names in the query are for the log.
  const judged = await judge(requestOf("build", { body: facts, query: new Map([["t", names]]) }));
  if (judged.verdict === "deny") return failed(denial(judged));
  const { frontend, attributes, exporters, ownImages = [] } = judged.request.body as SolveFacts;
  return ok({ frontend, attributes: new Map(Object.entries(attributes)), exporters, ownImages });
}

/** Its answer is what inspect says of an image, so it is shut where the values in that are blanked. */
async function resolveImage(bytes: Buffer, { judge, policy }: ControlOptions): Promise<Result<Buffer>> {
  if (policy.redact) return failed("bulkhead: asks for the environment of an image (guard-buildkit)");
  const read = understood(bytes, messages.resolveImageRequest);
  if (!read.ok) return read;
  const query = new Map([["fromImage", [String(read.value.Ref ?? "")]]]);
  const judged = await judge(requestOf("image-create", { query }));
  return judged.verdict === "deny"
    ? failed(denial(judged))
    : ok(writeMessage(read.value, messages.resolveImageRequest));
}

function hasDefinition({ Definition, FrontendInputs }: Message): boolean {
  const inputs = FrontendInputs as ReadonlyMap<string, Value> | undefined;
  return (Definition as Buffer | undefined)?.length !== undefined || (inputs?.size ?? 0) > 0;
}

function texts(value: Value | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((value ?? new Map()) as ReadonlyMap<string, string>);
}

function typed(value: Value | undefined): SolveFacts["exporters"] {
  return ((value ?? []) as readonly Message[]).map(({ Type, Attrs }) => ({
    type: String(Type ?? ""),
    attributes: texts(Attrs),
  }));
}

function denial(judged: Extract<Judged, { readonly verdict: "deny" }>): string {
  return denialOf(judged.reasons);
}

/** Why not, as docker prints it. */
export function denialOf(reasons: readonly Reason[]): string {
  const said = reasons.map((reason) => `${reason.message} (${toldRule(reason)})`);
  return `bulkhead: ${said.length === 1 ? said[0] : ["denied, because", ...said].join("; ")}`;
}
