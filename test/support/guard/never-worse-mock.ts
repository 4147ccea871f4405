import { createHash } from "node:crypto";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../../src/base/json.ts";
import { readConfig } from "../../../src/config/config.ts";
import { offline } from "../../../src/guard/check/offline.ts";
import { judge } from "../../../src/guard/judge/judge.ts";
import { type Answer, type Question, questionKey } from "../../../src/guard/judge/result.ts";
import { loadPolicies } from "../../../src/guard/policy/policies.ts";
import { writeRequest } from "../../../src/guard/request/write.ts";
import { memoryFiles } from "../memory-files.ts";
import { base, type Call, links, type Policies, type State, worse } from "./never-worse.ts";

const idOf = (text: string) => createHash("sha256").update(text).digest("hex");
export const imageId = `sha256:${idOf("image")}`;

interface MockEngine {
  readonly state: {
    [K in keyof State]: Map<string, State[K] extends ReadonlyMap<string, infer V> ? V : never>;
  };
  answer(question: Question): Answer;
  /** Does what the guard sent, as dockerd would. */
  obey(method: string, target: string, body: unknown): void;
}

/** Engine enough for the law: names, images by their tags, and what a container asks for. */
export function mockEngine(): MockEngine {
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
    execs: new Map(),
    services: new Map(),
    secrets: new Map(
      ["ann", "bob"].map((name) => [
        name,
        { ID: idOf(name).slice(0, 25), Spec: { Name: name, Labels: { "bulkhead.owner": name } } },
      ]),
    ),
  };
  const imageOf = (name: string) =>
    state.tags.get(name.replace(/^docker\.io\/library\//, "")) ??
    [...state.tags.values()].find((id) => id === name);
  const find = (kind: "containers" | "volumes" | "networks" | "secrets", name: string) =>
    state[kind].get(name) ??
    [...state[kind].values()].find((each) => [textAt(each, "Id"), textAt(each, "ID")].includes(name));
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
      const kind = `${question.kind}s` as "containers" | "volumes" | "networks" | "secrets";
      const document = kind in state ? find(kind, "name" in question ? question.name : "") : undefined;
      if (document === undefined) return { state: "missing" };
      const id = textAt(document, "Id") ?? textAt(document, "ID") ?? textAt(document, "Name") ?? "";
      return { state: "found", id, document };
    },
    obey(method, target, body) {
      const { pathname, searchParams } = new URL(target, "http://docker");
      const [, kind = "", name = "", what = ""] =
        /^\/v[\d.]+\/(\w+)(?:\/(.+?))??(?:\/(create|start|restart|kill|tag|prune|exec))?$/.exec(
          decodeURIComponent(pathname),
        ) ?? [];
      const to = `${searchParams.get("repo")}:${searchParams.get("tag")}`;
      if (what === "create" && kind === "containers") {
        const own = recordAt({ body }, "body");
        const Name = searchParams.get("name") ?? "";
        const Image = imageOf(String(own.Image));
        if (!state.containers.has(Name) && Image !== undefined) {
          const Mounts = mountsOf(recordAt(own, "HostConfig"));
          for (const { Name: volume, Labels } of Mounts)
            if (!state.volumes.has(volume))
              state.volumes.set(volume, { Name: volume, Driver: "local", Labels });
          state.containers.set(Name, {
            Mounts,
            Id: idOf(Name),
            Name: `/${Name}`,
            Image,
            Config: own,
            HostConfig: own.HostConfig,
            State: {},
          });
        }
      } else if (what === "exec") {
        const { User, Privileged } = recordAt({ body }, "body");
        state.execs.set(String(state.execs.size), {
          container: nameOf(name),
          ProcessConfig: { user: User, privileged: Privileged },
        });
      } else if (kind === "services") {
        const Name = String(recordAt({ body }, "body").Name);
        if (!state.services.has(Name)) state.services.set(Name, { ID: idOf(Name).slice(0, 25), Spec: body });
      } else if (kind === "build") {
        for (const to of searchParams.getAll("t")) state.tags.set(to, `sha256:${idOf(`built ${to}`)}`);
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

/** The volumes that a container has. */
function mountsOf(host: Readonly<Record<string, unknown>>) {
  const bound = textsOf(host.Binds).map((bind) => ({ Name: bind.split(":")[0] ?? "", Labels: {} }));
  const mounted = itemsOf(host.Mounts).map((mount) => ({
    Name: textAt(mount, "Type") === "volume" ? (textAt(mount, "Source") ?? "") : "",
    Labels: recordAt(mount, "VolumeOptions").Labels ?? {},
  }));
  return [...bound, ...mounted]
    .filter(({ Name }) => Name !== "" && !Name.startsWith("/"))
    .map((each) => ({ ...each, Type: "volume" }));
}

const copy = (state: State): State => ({
  tags: new Map(state.tags),
  containers: new Map(state.containers),
  volumes: new Map(state.volumes),
  networks: new Map(state.networks),
  execs: new Map(state.execs),
  services: new Map(state.services),
  secrets: state.secrets,
});

/** What a round of calls came to that it must not; none is the law kept. */
export async function brokenByCalls(all: Policies, asked: readonly Call[]): Promise<readonly string[]> {
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
    const isBuild = call.dockerfile !== undefined;
    const body = isBuild
      ? { kind: "stream" as const }
      : call.body === undefined
        ? { kind: "none" as const }
        : { kind: "bytes" as const, bytes: Buffer.from(JSON.stringify(call.body)) };
    const headers = isBuild
      ? ([
          ["Content-Type", "application/x-tar"],
          ["Transfer-Encoding", "chunked"],
        ] as const)
      : call.body === undefined
        ? []
        : [["Content-Type", "application/json"] as const];
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
