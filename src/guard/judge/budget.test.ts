import { describe, expect, test } from "vitest";
import { defaultPolicy } from "../policy/defaults.ts";
import type { ReceivedRequest } from "../request/request.ts";
import { judge } from "./judge.ts";
import type { Answer, Knowledge, Question } from "./result.ts";
import { questionKey } from "./result.ts";

const engineInfo = {
  SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
  Driver: "overlay2",
  LoggingDriver: "json-file",
  MemTotal: 8 * 1024 ** 3,
  NCPU: 4,
  DefaultRuntime: "runc",
};

async function ask(questions: readonly Question[]): Promise<Knowledge> {
  return new Map(questions.map((question) => [questionKey(question), answerTo(question)]));
}

function answerTo(question: Question): Answer {
  if (question.kind === "engine")
    return { state: "found", id: "engine", document: { info: engineInfo, version: { Version: "26.1.5" } } };
  if (question.kind === "hostPath")
    return { state: "found", id: question.path, document: { type: "directory", sockets: [] } };
  if (question.kind === "image")
    return { state: "found", id: `sha256:${"a".repeat(64)}`, document: { Config: { User: "" } } };
  return { state: "missing" };
}

const many = 256;
const texts = (make: (at: number) => string, count = many) =>
  Array.from({ length: count }, (_, at) => make(at));
const members = (make: (at: number) => readonly [string, unknown], count = many) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => make(at)));

/** What one field of a create request can be filled with. */
const fillings: Readonly<Record<string, (count: number) => object>> = {
  Tmpfs: (count) => ({ HostConfig: { Tmpfs: members((at) => [`/t${at}`, ""], count) } }),
  "Tmpfs, each with options": (count) => ({
    HostConfig: { Tmpfs: members((at) => [`/t${at}`, "exec,suid,dev,size=1m"], count) },
  }),
  CapAdd: (count) => ({ HostConfig: { CapAdd: texts((at) => `CAP_X${at}`, count) } }),
  "CapAdd, all the same": (count) => ({ HostConfig: { CapAdd: texts(() => "SYS_ADMIN", count) } }),
  CapDrop: (count) => ({ HostConfig: { CapDrop: texts((at) => `CAP_X${at}`, count) } }),
  Binds: (count) => ({ HostConfig: { Binds: texts((at) => `/srv/${at}:/x${at}`, count) } }),
  "Binds of /etc": (count) => ({ HostConfig: { Binds: texts((at) => `/etc/${at}:/x${at}`, count) } }),
  Mounts: (count) => ({
    HostConfig: {
      Mounts: texts(String, count).map((at) => ({ Type: "bind", Source: `/srv/${at}`, Target: `/y${at}` })),
    },
  }),
  "Mounts of tmpfs": (count) => ({
    HostConfig: { Mounts: texts(String, count).map((at) => ({ Type: "tmpfs", Target: `/y${at}` })) },
  }),
  "Mounts of volumes": (count) => ({
    HostConfig: {
      Mounts: texts(String, count).map((at) => ({ Type: "volume", Source: `v${at}`, Target: `/y${at}` })),
    },
  }),
  "volumes by name": (count) => ({ HostConfig: { Binds: texts((at) => `v${at}:/x${at}`, count) } }),
  LogConfig: (count) => ({
    HostConfig: { LogConfig: { Type: "json-file", Config: members((at) => [`o${at}`, "1"], count) } },
  }),
  Sysctls: (count) => ({ HostConfig: { Sysctls: members((at) => [`net.x${at}`, "1"], count) } }),
  Devices: (count) => ({
    HostConfig: {
      Devices: texts(String, count).map((at) => ({
        PathOnHost: `/dev/x${at}`,
        PathInContainer: "/dev/x",
        CgroupPermissions: "rwm",
      })),
    },
  }),
  DeviceCgroupRules: (count) => ({
    HostConfig: { DeviceCgroupRules: texts((at) => `c ${at}:* rwm`, count) },
  }),
  SecurityOpt: (count) => ({ HostConfig: { SecurityOpt: texts((at) => `label=x${at}`, count) } }),
  GroupAdd: (count) => ({ HostConfig: { GroupAdd: texts((at) => `g${at}`, count) } }),
  Ulimits: (count) => ({
    HostConfig: { Ulimits: texts(String, count).map((at) => ({ Name: `n${at}`, Soft: 1, Hard: 1 })) },
  }),
  PortBindings: (count) => ({
    HostConfig: {
      PortBindings: members((at) => [`${at + 1}/tcp`, [{ HostIp: "", HostPort: `${at + 1}` }]], count),
    },
  }),
  "PortBindings of one port": (count) => ({
    HostConfig: {
      PortBindings: { "80/tcp": texts(String, count).map((at) => ({ HostIp: "", HostPort: at })) },
    },
  }),
  VolumesFrom: (count) => ({ HostConfig: { VolumesFrom: texts((at) => `c${at}`, count) } }),
  Links: (count) => ({ HostConfig: { Links: texts((at) => `c${at}:a`, count) } }),
  ExtraHosts: (count) => ({ HostConfig: { ExtraHosts: texts((at) => `h${at}:1.2.3.4`, count) } }),
  MaskedPaths: (count) => ({ HostConfig: { MaskedPaths: texts((at) => `/p${at}`, count) } }),
  BlkioDeviceReadBps: (count) => ({
    HostConfig: { BlkioDeviceReadBps: texts(String, count).map((at) => ({ Path: `/dev/${at}`, Rate: 1 })) },
  }),
  StorageOpt: (count) => ({ HostConfig: { StorageOpt: members((at) => [`o${at}`, "1"], count) } }),
  Annotations: (count) => ({ HostConfig: { Annotations: members((at) => [`o${at}`, "1"], count) } }),
  Env: (count) => ({ Env: texts((at) => `PASSWORD${at}=x`, count) }),
  Labels: (count) => ({ Labels: members((at) => [`l${at}`, "1"], count) }),
  Volumes: (count) => ({ Volumes: members((at) => [`/v${at}`, {}], count) }),
  ExposedPorts: (count) => ({ ExposedPorts: members((at) => [`${at + 1}/tcp`, {}], count) }),
  EndpointsConfig: (count) => ({
    NetworkingConfig: { EndpointsConfig: members((at) => [`n${at}`, {}], count) },
  }),
};

function merged(parts: readonly object[]): object {
  const hostConfig = Object.assign({}, ...parts.map((part) => Reflect.get(part, "HostConfig") ?? {}));
  return { ...Object.assign({}, ...parts), HostConfig: hostConfig };
}

async function milliseconds(body: object): Promise<number> {
  const raw = requestOf(Buffer.from(JSON.stringify({ Image: "app", ...body })));
  const began = process.cpuUsage();
  await judge(raw, defaultPolicy, ask);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

function requestOf(bytes: Buffer): ReceivedRequest {
  return {
    method: "POST",
    target: "/v1.45/containers/create",
    headers: [
      ["Content-Type", "application/json"],
      ["Content-Length", String(bytes.length)],
    ] as const,
    body: { kind: "bytes", bytes } as const,
  };
}

/** The least of what `rounds` runs of each took, one after the other, so that a busy moment meets all of them. */
async function least(bodies: readonly object[], rounds: number): Promise<number[]> {
  const best = bodies.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round += 1)
    for (const [at, body] of bodies.entries())
      best[at] = Math.min(best[at] ?? Number.POSITIVE_INFINITY, await milliseconds(body));
  return best;
}

// `npm run fuzz:guard` has a clock: another client waits at most 50 ms. Here an empty request, judged in the same moment, is the
// measure: a busy machine is slow with both. On an idle one it takes 1.5 ms, and the fullest 15 times that.
const atMost = 32;

async function timesAnEmptyOne(body: object): Promise<number> {
  let times = Number.POSITIVE_INFINITY;
  for (const rounds of [2, 4, 8, 16]) {
    const [empty = 0, full = 0] = await least([{}, body], rounds);
    times = Math.min(times, full / empty);
    if (times <= atMost) break;
  }
  return times;
}

describe("a request to create a container, with 256 items in one list", () => {
  test.each(Object.entries(fillings))("%s: costs what a few empty requests cost", async (_, make) => {
    expect(await timesAnEmptyOne(make(many))).toBeLessThanOrEqual(atMost);
  });

  test("as many items as the whole body may have, in all lists", async () => {
    const parts = Object.values(fillings).map((make) => make(60));
    expect(await timesAnEmptyOne(merged(parts))).toBeLessThanOrEqual(atMost);
  });

  test.each(["CapAdd", "Tmpfs", "LogConfig"])(
    "%s: a hundred thousand are refused by the budget",
    async (name) => {
      const bytes = Buffer.from(JSON.stringify({ Image: "app", ...fillings[name]?.(100_000) }));
      const judged = await judge(requestOf(bytes), defaultPolicy, ask);
      expect(judged).toMatchObject({ verdict: "deny", reasons: [{ rule: "guard-json" }] });
      expect(JSON.stringify(judged)).toContain("more than 256 items");
    },
  );
});
