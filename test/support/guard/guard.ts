import { expect, test } from "vitest";
import type { Ask } from "../../../src/guard/judge/judge.ts";
import {
  type Answer,
  type Change,
  type Knowledge,
  type OwnReached,
  type Question,
  questionKey,
  type RoundResult,
} from "../../../src/guard/judge/result.ts";
import { judgeOnce } from "../../../src/guard/judge/round.ts";
import { defaultPolicy } from "../../../src/guard/policy/defaults.ts";
import type { Policy } from "../../../src/guard/policy/policy.ts";
import type { UnderstoodRequest } from "../../../src/guard/request/request.ts";
import { routes } from "../../../src/guard/routes/table.ts";

type Json = Readonly<Record<string, unknown>>;

/** What there is on an Engine and its host: documents by name, as inspect shows them; paths by where they lead. */
export interface World {
  readonly containers?: Readonly<Record<string, Json>>;
  readonly execs?: Readonly<Record<string, Json>>;
  readonly images?: Readonly<Record<string, Json>>;
  readonly volumes?: Readonly<Record<string, Json>>;
  readonly networks?: Readonly<Record<string, Json>>;
  readonly services?: Readonly<Record<string, Json>>;
  readonly secrets?: Readonly<Record<string, Json>>;
  readonly configs?: Readonly<Record<string, Json>>;
  /** Links on the host; every other path leads to itself. */
  readonly links?: Readonly<Record<string, string>>;
  /** The guard's own files that a path leads to. */
  readonly own?: Readonly<Record<string, readonly OwnReached[]>>;
  /** What of the host cannot be seen, and of the Engine not be asked. */
  readonly blind?: boolean;
  /** Single paths that cannot be followed on a host that is seen. */
  readonly hidden?: readonly string[];
  readonly mute?: boolean | Question["kind"];
  readonly info?: Json;
  /** The Engine is Podman. */
  readonly isPodman?: boolean;
}

/** A full id that is easy to tell from others: `idOf("web")`. */
export function idOf(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64);
}

export const info: Json = {
  SecurityOptions: ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
  Driver: "overlay2",
  DriverStatus: [["Backing Filesystem", "extfs"]],
  LoggingDriver: "json-file",
  CgroupVersion: "2",
  MemTotal: 8 * 1024 ** 3,
  NCPU: 4,
  DefaultRuntime: "runc",
};

const usualImages: Readonly<Record<string, Json>> = {
  app: { Config: { User: "" } },
  busybox: { Config: { User: "" } },
  nginx: { Config: { User: "" } },
  redis: { Config: { User: "" } },
  plain: { Config: { User: "1000" } },
};

function answer(question: Question, world: World): Answer {
  if (world.mute === true || world.mute === question.kind)
    return { state: "unknown", reason: "it does not answer" };
  if (question.kind === "engine") {
    const version = {
      Version: "26.1.5",
      Components: [{ Name: world.isPodman ? "Podman Engine" : "Engine" }],
    };
    return {
      state: "found",
      id: "engine",
      document: { info: { ...info, ...world.info }, version, networks: [] },
    };
  }
  if (question.kind === "images" || question.kind === "caches")
    return { state: "found", id: question.kind, document: [] };
  if (question.kind === "hostPath") {
    if (world.blind) return { state: "unknown", reason: "the host's files cannot be seen", isBlind: true };
    if (world.hidden?.includes(question.path)) return { state: "unknown", reason: "permission denied" };
    const { path } = question;
    const link = Object.keys(world.links ?? {}).find((each) => path === each || path.startsWith(`${each}/`));
    const id = link === undefined ? path : `${world.links?.[link]}${path.slice(link.length)}`;
    const own = world.own?.[path];
    return { state: "found", id, document: { type: "directory", sockets: [] }, ...(own && { own }) };
  }
  const all: Partial<Record<Question["kind"], Readonly<Record<string, Json>> | undefined>> = {
    container: world.containers,
    exec: world.execs,
    image: { ...usualImages, ...world.images },
    volume: world.volumes,
    network: world.networks,
    service: world.services,
    secret: world.secrets,
    config: world.configs,
  };
  const objects = all[question.kind] ?? {};
  const name = question.kind === "image" ? shortName(question.name) : question.name;
  const found = Object.keys(objects).find((each) => each === name || fullId(question.kind, each) === name);
  if (found === undefined) return { state: "missing" };
  const id = fullId(question.kind, found);
  return { state: "found", id, document: { ...defaults(question.kind, found, id), ...objects[found] } };
}

function shortName(reference: string): string {
  return reference.replace(/^docker\.io\/library\//, "").replace(/:latest$/, "");
}

function fullId(kind: Question["kind"], name: string): string {
  if (kind === "volume") return name;
  return kind === "image" ? `sha256:${idOf(name)}` : idOf(name);
}

function defaults(kind: Question["kind"], name: string, id: string): Json {
  if (kind === "image") return { Id: id, RepoTags: [`${name}:latest`], RepoDigests: [] };
  if (kind === "container") return { Id: id, Name: `/${name}`, Config: {}, HostConfig: {} };
  if (kind === "volume") return { Name: name, Driver: "local", Options: null };
  if (kind === "network") return { Id: id, Name: name, Driver: "bridge" };
  return { ID: id };
}

/** The default policy with some of its words changed. */
export function policy(
  change: Partial<Omit<Policy, "allow">> & { allow?: Partial<Policy["allow"]> } = {},
): Policy {
  const { allow, ...rest } = change;
  return { ...defaultPolicy, ...rest, allow: { ...defaultPolicy.allow, ...allow } };
}

/** Decides as the guard does: answers what is asked until the decision stands. */
export function decideIn(
  world: World,
  request: UnderstoodRequest,
  under: Policy = defaultPolicy,
): Exclude<RoundResult, { readonly verdict: "ask" }> {
  let known: Knowledge = new Map();
  for (let round = 0; round < 8; round += 1) {
    const decision = judgeOnce(request, known, under);
    if (decision.verdict !== "ask") return decision;
    known = new Map([
      ...known,
      ...decision.questions.map((question) => [questionKey(question), answer(question, world)] as const),
    ]);
  }
  throw new Error("the guard asks without end");
}

/** Answers questions as an Engine in this world does. */
export function askIn(world: World): Ask {
  return async (questions) =>
    new Map(questions.map((question) => [questionKey(question), answer(question, world)] as const));
}

/** Everything that is asked until the decision stands, in order. */
export function questionsIn(
  world: World,
  request: UnderstoodRequest,
  under: Policy = defaultPolicy,
): readonly string[] {
  const known = new Map<string, Answer>();
  const asked: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    const decision = judgeOnce(request, known, under);
    if (decision.verdict !== "ask") break;
    for (const question of decision.questions) {
      asked.push(questionKey(question));
      known.set(questionKey(question), answer(question, world));
    }
  }
  return asked;
}

/** A request as the reader makes it: `ask("exec-create", { container: "web" }, { body: { Privileged: true } })`. */
export function ask(
  id: string,
  params: Readonly<Record<string, string>> = {},
  more: {
    readonly body?: unknown;
    readonly query?: Readonly<Record<string, string | readonly string[]>>;
  } = {},
): UnderstoodRequest {
  const route = routes.find((each) => each.id === id);
  if (!route) throw new Error(`there is no route ${id}`);
  const query = Object.entries(more.query ?? {}).map(
    ([name, value]) => [name, typeof value === "string" ? [value] : value] as const,
  );
  return {
    route,
    version: { major: 1, minor: 45 },
    params,
    query: new Map(query),
    headers: new Map(),
    body: more.body,
    hasStream: false,
  };
}

type Add = (host: Record<string, unknown>, value: string, top: Record<string, unknown>) => void;

function append(field: string, read: (value: string) => unknown = (value) => value): Add {
  return (host, value) => {
    host[field] = [...(Array.isArray(host[field]) ? host[field] : []), read(value)];
  };
}

function entry(field: string, separator = "="): Add {
  return (host, value) => {
    const at = value.indexOf(separator);
    const [name, text] = at < 0 ? [value, ""] : [value.slice(0, at), value.slice(at + 1)];
    host[field] = { ...(host[field] as Json | undefined), [name]: text };
  };
}

function scalar(field: string, read: (value: string) => unknown = (value) => value): Add {
  return (host, value) => {
    host[field] = read(value);
  };
}

const switches: Readonly<Record<string, string>> = {
  "--privileged": "Privileged",
  "--read-only": "ReadonlyRootfs",
  "-P": "PublishAllPorts",
  "--oom-kill-disable": "OomKillDisable",
};

const flags: Readonly<Record<string, Add>> = {
  "-v": append("Binds"),
  "--mount": append("Mounts", (value) => JSON.parse(value)),
  "--cap-add": append("CapAdd"),
  "--cap-drop": append("CapDrop"),
  "--security-opt": (host, value) => {
    if (value === "systempaths=unconfined") Object.assign(host, { MaskedPaths: [], ReadonlyPaths: [] });
    else append("SecurityOpt")(host, value, {});
  },
  "--volumes-from": append("VolumesFrom"),
  "--group-add": append("GroupAdd"),
  "--link": append("Links"),
  "--device-cgroup-rule": append("DeviceCgroupRules"),
  "--device": append("Devices", (value) => {
    const [from = "", to = from, rights = "rwm"] = value.split(":");
    return { PathOnHost: from, PathInContainer: to, CgroupPermissions: rights };
  }),
  "--gpus": append("DeviceRequests", () => ({ Driver: "", Count: -1, Capabilities: [["gpu"]] })),
  "-p": (host, value) => {
    const [inside = "", hostPort = "", ip = ""] = value.split(":").toReversed();
    host.PortBindings = { [`${inside}/tcp`]: [{ HostIp: ip, HostPort: hostPort }] };
  },
  "--tmpfs": entry("Tmpfs", ":"),
  "--sysctl": entry("Sysctls"),
  "--annotation": entry("Annotations"),
  "--storage-opt": entry("StorageOpt"),
  "--log-driver": (host, Type) => {
    host.LogConfig = { ...(host.LogConfig as Json | undefined), Type };
  },
  "--log-opt": (host, value) => {
    const log = { Type: "", Config: {}, ...(host.LogConfig as Json | undefined) };
    entry("Config")(log, value, {});
    host.LogConfig = log;
  },
  "--net": (host, value, top) => {
    host.NetworkMode = value;
    top.NetworkingConfig = { EndpointsConfig: { [value]: {} } };
    if (value.startsWith("container:")) delete top.NetworkingConfig;
  },
  "--pid": scalar("PidMode"),
  "--ipc": scalar("IpcMode"),
  "--uts": scalar("UTSMode"),
  "--userns": scalar("UsernsMode"),
  "--cgroupns": scalar("CgroupnsMode"),
  "--cgroup": scalar("Cgroup"),
  "--cgroup-parent": scalar("CgroupParent"),
  "--runtime": scalar("Runtime"),
  "--volume-driver": scalar("VolumeDriver"),
  "--oom-score-adj": scalar("OomScoreAdj", Number),
  "--pids-limit": scalar("PidsLimit", Number),
  "--cpu-rt-runtime": scalar("CpuRealtimeRuntime", Number),
  "-m": scalar("Memory", Number),
  "-u": (_, value, top) => {
    top.User = value;
  },
  "--label": (_, value, top) => entry("Labels")(top, value, top),
  "--mac-address": (_, value, top) => {
    top.MacAddress = value;
  },
};

/**
 * `docker run …` as the create request that the docker CLI makes of it, with the zeros that it always sends. A word has no
 * spaces; `--mount` takes an object of the API.
 */
export function run(line: string): UnderstoodRequest {
  return ask("container-create", {}, { body: createBody(line) });
}

export function createBody(line: string): Json {
  const host: Record<string, unknown> = {
    NetworkMode: "default",
    LogConfig: { Type: "", Config: {} },
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    ConsoleSize: [0, 0],
    Privileged: false,
    ReadonlyRootfs: false,
    PidsLimit: 0,
    Memory: 0,
    OomScoreAdj: 0,
    CapAdd: null,
    CgroupnsMode: "",
    UTSMode: "",
    ShmSize: 0,
    MaskedPaths: null,
    ReadonlyPaths: null,
  };
  const top: Record<string, unknown> = { User: "", Env: [], Labels: {}, Tty: false };
  const words = line.replace(/^docker run /, "").split(" ");
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const isSwitch = switches[word];
    const flag = flags[word];
    if (isSwitch !== undefined) host[isSwitch] = true;
    else if (flag) {
      at += 1;
      flag(host, words[at] ?? "", top);
    } else {
      top.Image = word;
      top.Cmd = words.slice(at + 1);
      break;
    }
  }
  return { ...top, HostConfig: host };
}

/** What a row of a table expects: `allow`, `harden`, or the rules that deny. */
export type Outcome = "allow" | "harden" | readonly string[];

export function outcomeOf(decision: RoundResult): Outcome {
  if (decision.verdict === "deny") return [...new Set(decision.reasons.map(({ rule }) => rule))].toSorted();
  return decision.verdict === "harden" ? "harden" : "allow";
}

/** The flags that a decision would add to or take from a `docker run` line. */
export function flagsOf(decision: RoundResult): readonly string[] {
  return decision.verdict === "harden" ? decision.changes.map(({ flag }: Change) => flag) : [];
}

export interface Row {
  readonly label: string;
  readonly request: UnderstoodRequest;
  readonly expected: Outcome;
  readonly world?: World;
  readonly policy?: Policy;
}

/** One test a row. `usual` is the world of rows that have none of their own. */
export function table(rows: readonly Row[], usual: World = {}): void {
  test.each(rows.map((row) => [row.label, row] as const))("%s", (_, row) => {
    const decision = decideIn(row.world ?? usual, row.request, row.policy);
    const expected = Array.isArray(row.expected) ? row.expected.toSorted() : row.expected;
    expect(outcomeOf(decision)).toEqual(expected);
  });
}
