import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../../src/base/json.ts";
import { offline } from "../../../src/guard/check/offline.ts";
import { type Ask, judge } from "../../../src/guard/judge/judge.ts";
import { guardRules } from "../../../src/guard/judge/policy/rules.ts";
import { type Answer, type Question, questionKey } from "../../../src/guard/judge/result.ts";
import { defaultPolicy } from "../../../src/guard/policy/defaults.ts";
import type { Policy } from "../../../src/guard/policy/policy.ts";
import { readRequest } from "../../../src/guard/request/read.ts";
import type { ReceivedRequest } from "../../../src/guard/request/request.ts";
import { writeRequest } from "../../../src/guard/request/write.ts";
import type { Route } from "../../../src/guard/routes/route.ts";
import { routes } from "../../../src/guard/routes/table.ts";
import { documentOf } from "./documents.ts";

/**
 * The law *What is judged is what is sent*: whatever goes to the Engine names objects as the Engine's answers to this very request
 * did, by their ids, and has no field that the route's shape lacks. The Engine is a mock that records what it was asked.
 */

const owner = { label: "bulkhead.owner", value: "ann" };
const open = {
  groups: { ...defaultPolicy.groups, rootEquivalent: "allow" },
  rules: Object.fromEntries(guardRules.map(({ id }) => [id, "allow" as const])),
} as const;
export const sentPolicies: readonly Policy[] = [
  defaultPolicy,
  { ...defaultPolicy, ...open },
  { ...defaultPolicy, ...open, redact: true, owner, space: "bulkhead.invalid/ann/" },
  { ...defaultPolicy, ...open, allow: { ...defaultPolicy.allow, images: ["*"] } },
];

const idOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** Everything that is asked for is there, and the client's own. */
type ObjectQuestion = Extract<Question, { readonly name: string }>;

function isObject(question: Question): question is ObjectQuestion {
  return "name" in question;
}

function recordingEngine(): { readonly ask: Ask; readonly told: ReadonlyMap<string, string> } {
  const told = new Map<string, string>();
  const settings = offline({ known: {}, engine: undefined });
  const answer = (question: ObjectQuestion): Answer => {
    const { kind, name } = question;
    if (kind === "image" && name.startsWith("bulkhead.invalid/")) return { state: "missing" };
    const isId = /^(?:sha256:)?[0-9a-f]{64}$/.test(name);
    const plain = isId ? name.replace("sha256:", "") : idOf(`${kind} ${name}`);
    const id = kind === "volume" || kind === "plugin" ? name : kind === "image" ? `sha256:${plain}` : plain;
    const Labels = { "bulkhead.owner": "ann", "bulkhead.owner.image": "ann" };
    const isReference = kind === "image" && !isId && /^[a-z0-9./:-]+$/.test(name);
    told.set(`${kind} ${id}`, id);
    // An image goes by the reference as well, and a network by its name.
    const isName = kind === "network" && !/^[0-9a-f]+$/.test(name);
    if (isReference || isName) told.set(`${kind} ${name}`, id);
    return {
      state: "found",
      id,
      document: {
        Id: id,
        ID: id,
        Name: kind === "container" ? `/${name}` : kind === "network" && !isName ? "net" : name,
        Labels,
        Spec: { Labels },
        Config: { Labels },
        ...(kind === "image" && { RepoTags: isReference ? [name] : [], RepoDigests: [] }),
        ...(kind === "network" && { Driver: "bridge", Scope: "local" }),
        ...(kind === "volume" && { Driver: "local", Options: null }),
        ...(kind === "container" && { HostConfig: { NetworkMode: "none" }, Image: `sha256:${idOf("base")}` }),
        ...(kind === "exec" && { ContainerID: idOf("container c"), ProcessConfig: { user: "" } }),
      },
    };
  };
  return {
    told,
    async ask(questions) {
      const others = await settings.ask(questions.filter((each) => !isObject(each)));
      const own = questions.flatMap((each) =>
        !isObject(each) ? [] : [[questionKey(each), answer(each)] as const],
      );
      return new Map([...others, ...own]);
    },
  };
}

/** What of what would be sent was not judged; undefined where the law holds, or nothing would be sent. */
export async function brokenBySending(raw: ReceivedRequest, policy: Policy): Promise<string | undefined> {
  const { ask, told } = recordingEngine();
  const judged = await judge(raw, policy, ask);
  if (judged.verdict === "deny") return undefined;
  const { request } = judged;
  const out = writeRequest(request);
  const again = readRequest(
    {
      method: out.method,
      target: out.target,
      headers: out.headers,
      body:
        out.body === undefined
          ? { kind: "none" }
          : out.body === "stream"
            ? { kind: "stream" }
            : { kind: "bytes", bytes: out.body },
    },
    // Hardening adds to what the client sent.
    { ...policy.body, maxBytes: policy.body.maxBytes * 2, maxItems: policy.body.maxItems * 2 },
  );
  if (!again.ok) return `what is sent is not read again: ${again.message}`;
  if (again.request.dropped) return `what is sent has ${again.request.dropped[0]}, which no Engine reads`;
  if (again.request.route.id !== request.route.id) return "what is sent is another route's";
  if (!isDeepStrictEqual(again.request.params, request.params)) return "what is sent names another object";
  const strange = namesIn(
    request.route,
    again.request.params,
    again.request.query,
    again.request.body,
    policy,
  )
    .filter(([kind, name]) => name !== "" && !told.has(`${kind} ${name}`))
    .map(([kind, name]) => `names the ${kind} ${name}, which is not what was judged`);
  return strange[0];
}

type Named = readonly [kind: string, name: string];

/** Routes whose path holds a repository of a registry, which is on no Engine. */
const ofRegistries: ReadonlySet<string> = new Set(["distribution-inspect", "image-push", "plugin-push"]);

/** Where the Engine resolves what stands in a request, and by what kind of name (moby: api/server/router). */
function namesIn(
  route: Route,
  params: Readonly<Record<string, string>>,
  query: ReadonlyMap<string, readonly string[]>,
  body: unknown,
  { owner: isOwned }: Policy,
): readonly Named[] {
  const named = ["container", "exec", "image", "volume", "network", "service", "task", "secret", "config"];
  const inPath = ofRegistries.has(route.id)
    ? []
    : Object.entries(params).filter(([kind]) => named.includes(kind));
  const all = recordAt({ body }, "body");
  switch (route.id) {
    case "container-create":
      return [...inPath, ...ofCreate(all)];
    case "container-commit":
      return [["container", query.get("container")?.[0] ?? ""]];
    case "network-connect":
    case "network-disconnect":
      return [...inPath, ["container", textAt(all, "Container") ?? ""]];
    case "service-create":
    case "service-update":
      return isOwned ? [...inPath, ...ofService(all)] : inPath;
    default:
      return inPath;
  }
}

function ofCreate(body: Readonly<Record<string, unknown>>): readonly Named[] {
  const host = recordAt(body, "HostConfig");
  const joined = ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "Cgroup"].flatMap((field): Named[] => {
    const target = /^container:(.*)$/s.exec(String(host[field] ?? ""))?.[1];
    return target === undefined ? [] : [["container", target]];
  });
  const mode = String(host.NetworkMode ?? "");
  const networks = [mode, ...Object.keys(recordAt(body, "NetworkingConfig", "EndpointsConfig"))].filter(
    (name) => !["", "default", "bridge", "none", "host", "nat"].includes(name) && !name.includes(":"),
  );
  const first = (texts: unknown) =>
    textsOf(texts).map((text): Named => ["container", text.split(":")[0] ?? ""]);
  const image = String(body.Image);
  return [
    // Only an id: a tag moves.
    ["image", /^sha256:[0-9a-f]{64}$/.test(image) ? image : `${image} by name`],
    ...joined,
    ...networks.map((name): Named => ["network", name]),
    ...first(host.VolumesFrom),
    ...first(host.Links),
  ];
}

function ofService(body: Readonly<Record<string, unknown>>): readonly Named[] {
  const spec = recordAt(body, "TaskTemplate", "ContainerSpec");
  const given = (list: unknown, field: string, kind: string) =>
    itemsOf(list).map((each): Named => [kind, textAt(isRecord(each) ? each : {}, field) ?? ""]);
  return [...given(spec.Secrets, "SecretID", "secret"), ...given(spec.Configs, "ConfigID", "config")];
}

/** Names that objects go by, or pretend to: a name, an id, the beginning of one, another spelling. */
const words = [
  "web",
  "app:1",
  "docker.io/library/app",
  "container:web",
  idOf("x"),
  "0123456789ab",
  "host",
  "a/b",
];
const names = fc.constantFrom(...words);

/** Routes whose bodies and parameters name objects. */
const ofNames = /^(?:container-(?:create|commit)|network-(?:dis)?connect|service-(?:create|update))$/;
const asked = routes.filter(({ body }) => body.kind !== "tar");

/** A request of any route that names objects wherever its Engine would look for them. */
export const namedRequests: fc.Arbitrary<ReceivedRequest> = fc
  .oneof(fc.constantFrom(...asked), fc.constantFrom(...asked.filter(({ id }) => ofNames.test(id))))
  .chain((route) => {
    const { body } = route;
    const shape = body.kind === "json" || body.kind === "hijack" ? body.shape : undefined;
    const document = shape === undefined ? fc.constant(undefined) : documentOf(shape, 0).map(parsed);
    return fc.record({
      route: fc.constant(route),
      document,
      path: fc.array(names, { minLength: 3, maxLength: 3 }),
      given: fc.array(names, { minLength: 6, maxLength: 6 }),
    });
  })
  .map(({ route, document, path, given }) => {
    let at = 0;
    const where = route.path.replace(/\{([a-z]+)\}/g, () =>
      encodeURIComponent(path[at++] ?? "a").replaceAll("%2F", "/"),
    );
    const query = Object.hasOwn(route.query, "container")
      ? `?container=${encodeURIComponent(given[0] ?? "")}`
      : "";
    const body = isRecord(document) ? named(route.id, document, given) : document;
    return {
      method: route.method,
      target: `/v1.45${where}${query}`,
      headers: body === undefined ? [] : [["Content-Type", "application/json"]],
      body:
        body === undefined
          ? { kind: "none" as const }
          : { kind: "bytes" as const, bytes: Buffer.from(JSON.stringify(body)) },
    };
  });

function parsed(text: string): unknown {
  return JSON.parse(text);
}

type Json = Readonly<Record<string, unknown>>;

/** The body with names in the places where it may have some. */
function named(route: string, body: Json, given: readonly string[]): Json {
  const [a = "", b = "", c = "", d = "", e = ""] = given;
  if (route === "container-create")
    return {
      Image: a,
      Labels: b === "web" ? { "bulkhead.image": c } : {},
      HostConfig: {
        NetworkMode: b,
        PidMode: c.startsWith("container:") ? c : "",
        IpcMode: d.startsWith("container:") ? d : "private",
        VolumesFrom: e === "web" ? [e] : [],
        Links: e === "web" ? ["web:alias"] : [],
      },
      NetworkingConfig: { EndpointsConfig: e === "host" ? {} : { [e]: {} } },
    };
  if (route === "network-connect" || route === "network-disconnect") return { ...body, Container: a };
  if (route.startsWith("service-"))
    return {
      Name: "s",
      TaskTemplate: {
        ContainerSpec: { Image: a, Secrets: [{ SecretID: b }], Configs: [{ ConfigID: c }] },
      },
    };
  return body;
}
