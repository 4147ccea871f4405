import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  base,
  type Call,
  calls,
  clients,
  links,
  type Policies,
  policies,
  type State,
  worse,
} from "../../../test/support/guard/never-worse.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { isRecord, recordAt, textAt } from "../../base/json.ts";
import { readConfig } from "../../config/config.ts";
import { offline } from "../check/offline.ts";
import { loadPolicies } from "../policy/policies.ts";
import { writeRequest } from "../request/write.ts";
import { judge } from "./judge.ts";
import { type Answer, type Question, questionKey } from "./result.ts";

const idOf = (text: string) => createHash("sha256").update(text).digest("hex");
const imageId = `sha256:${idOf("image")}`;

interface MockEngine {
  readonly state: {
    [K in keyof State]: Map<string, State[K] extends ReadonlyMap<string, infer V> ? V : never>;
  };
  answer(question: Question): Answer;
  /** Does what the guard sent, as dockerd would. */
  obey(method: string, target: string, body: unknown): void;
}

/** Engine enough for the law: names, images by their tags, and what a container asks for. */
function mockEngine(): MockEngine {
  const others = {
    Id: idOf("others"),
    Name: "/others",
    Image: imageId,
    Config: { Labels: {} },
    HostConfig: {},
    State: {},
  };
  const state: MockEngine["state"] = {
    tags: new Map([
      [base, imageId],
      ["trusted:latest", `sha256:${idOf("trusted")}`],
    ]),
    containers: new Map([["others", others]]),
    volumes: new Map(),
    networks: new Map(),
  };
  const imageOf = (name: string) =>
    state.tags.get(name.replace(/^docker\.io\/library\//, "")) ??
    [...state.tags.values()].find((id) => id === name);
  const find = (kind: "containers" | "volumes" | "networks", name: string) =>
    state[kind].get(name) ?? [...state[kind].values()].find((each) => textAt(each, "Id") === name);
  const nameOf = (name: string) => (textAt(find("containers", name), "Name") ?? "").slice(1);
  return {
    state,
    answer(question) {
      if (question.kind === "hostPath") {
        const id = links[question.path] ?? question.path;
        return {
          state: "found",
          id,
          document: { type: "directory", links: id === question.path ? [] : [question.path] },
        };
      }
      if (question.kind === "images") return { state: "found", id: "images", document: [] };
      if (question.kind === "image") {
        const id = imageOf(question.name);
        const RepoTags = [...state.tags].flatMap(([name, own]) => (own === id ? [name] : []));
        return id === undefined
          ? { state: "missing" }
          : { state: "found", id, document: { Id: id, RepoTags, Config: {} } };
      }
      const kind = `${question.kind}s` as "containers" | "volumes" | "networks";
      const document = kind in state ? find(kind, "name" in question ? question.name : "") : undefined;
      if (document === undefined) return { state: "missing" };
      return { state: "found", id: textAt(document, "Id") ?? textAt(document, "Name") ?? "", document };
    },
    obey(method, target, body) {
      const { pathname, searchParams } = new URL(target, "http://docker");
      const [, kind = "", name = "", what = ""] =
        /^\/v[\d.]+\/(\w+)(?:\/(.+?))??(?:\/(create|start|restart|kill|tag|prune))?$/.exec(
          decodeURIComponent(pathname),
        ) ?? [];
      const to = `${searchParams.get("repo")}:${searchParams.get("tag")}`;
      if (what === "create" && kind === "containers") {
        const own = recordAt({ body }, "body");
        const Name = searchParams.get("name") ?? "";
        const Image = imageOf(String(own.Image));
        if (!state.containers.has(Name) && Image !== undefined)
          state.containers.set(Name, {
            Id: idOf(Name),
            Name: `/${Name}`,
            Image,
            Config: own,
            HostConfig: own.HostConfig,
            State: {},
          });
      } else if (what === "create" && isRecord(body)) {
        const all = kind === "volumes" ? state.volumes : state.networks;
        const Name = String(body.Name);
        if (!all.has(Name))
          all.set(Name, {
            ...body,
            Options: body.DriverOpts,
            Id: kind === "volumes" ? undefined : idOf(Name),
          });
      } else if (what === "start" || what === "restart") {
        const one = find("containers", name);
        if (isRecord(one)) state.containers.set(nameOf(name), { ...one, State: { Running: true } });
      } else if (what === "tag") {
        const id = imageOf(name);
        if (id !== undefined) state.tags.set(to, id);
      } else if (kind === "commit") state.tags.set(to, `sha256:${idOf(to)}`);
      else if (method === "DELETE" && kind === "containers") state.containers.delete(nameOf(name));
      else if (method === "DELETE" && kind === "volumes") state.volumes.delete(name);
      else if (method === "DELETE" && kind === "networks")
        state.networks.delete(textAt(find("networks", name), "Name") ?? name);
      else if (method === "DELETE") state.tags.delete(name.replace(/^docker\.io\/library\//, ""));
    },
  };
}

const copy = (state: State): State => ({
  tags: new Map(state.tags),
  containers: new Map(state.containers),
  volumes: new Map(state.volumes),
  networks: new Map(state.networks),
});

async function run(all: Policies, asked: readonly Call[]): Promise<readonly string[]> {
  const config = readConfig("b", memoryFiles({ b: JSON.stringify({ guard: { clients: all } }) }));
  if (!config.ok) throw new Error(JSON.stringify(config));
  const loaded = loadPolicies({ config: config.value, environment: {} });
  const engine = mockEngine();
  const ordinary = offline({ known: {}, engine: undefined });
  const ask = async (questions: readonly Question[]) => {
    const settings = await ordinary.ask([{ kind: "engine" }]);
    return new Map(
      questions.map((each) => [
        questionKey(each),
        each.kind === "engine" ? (settings.get("engine") ?? engine.answer(each)) : engine.answer(each),
      ]),
    );
  };
  for (const call of asked) {
    const policy = loaded.clients.find(({ name }) => name === call.client)?.policy;
    if (!policy) throw new Error(call.client);
    const body =
      call.body === undefined
        ? { kind: "none" as const }
        : { kind: "bytes" as const, bytes: Buffer.from(JSON.stringify(call.body)) };
    const headers = call.body === undefined ? [] : [["Content-Type", "application/json"] as const];
    const judged = await judge(
      { method: call.method, target: `/v1.45${call.path}`, headers, body },
      policy,
      ask,
    );
    if (judged.verdict === "deny") continue;
    const before = copy(engine.state);
    const sent = writeRequest({ ...judged.request, version: judged.request.version });
    const text =
      sent.body === undefined || sent.body === "stream"
        ? undefined
        : JSON.parse(Buffer.from(sent.body).toString());
    engine.obey(sent.method, sent.target, text);
    const found = worse(before, engine.state, call, all);
    if (found.length > 0) return [...found, JSON.stringify(call), sent.target, JSON.stringify(text)];
  }
  return [];
}

test("never worse: what two clients ask under any policies comes to nothing that these forbid", async () => {
  const runs = { numRuns: Number(process.env.NEVER_WORSE_RUNS ?? 60) };
  await fc.assert(
    fc.asyncProperty(policies, calls, async (all, asked) => {
      expect(await run(all, asked)).toEqual([]);
    }),
    runs,
  );
});

test("the oracle sees what it is there for", async () => {
  const open: Policies = { ann: {}, bob: {} };
  const made = (HostConfig: unknown): State => {
    const { state } = mockEngine();
    return {
      ...state,
      containers: new Map([["evil", { Config: { Labels: {} }, HostConfig, State: { Running: true } }]]),
    };
  };
  const { state } = mockEngine();
  const none = { ...state, containers: new Map() };
  for (const [host, what] of [
    [{ Privileged: true }, "is privileged"],
    [{ Binds: ["/srv/ann/link:/m"] }, "mounts /etc"],
    [{ PidMode: "host" }, "shares PidMode"],
    [{ CapAdd: ["SYS_ADMIN"] }, "has SYS_ADMIN"],
  ] as const)
    expect(worse(none, made(host), { client: "ann" }, open).join()).toContain(what);
  const moved = { ...none, tags: new Map([["postgres:17", imageId]]) };
  expect(worse(none, moved, { client: "ann" }, { ...open, ann: { owner: true } }).join()).toContain(
    "postgres:17",
  );
  expect(clients).toHaveLength(2);
});
