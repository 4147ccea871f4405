import { expect, test } from "vitest";
import { isRecord, recordAt } from "../../base/json.ts";
import type { Answer } from "../../engine/client.ts";
import type { Judged } from "../judge/judge.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import type { Gate } from "../proxy/gate.ts";
import { routeOf } from "../routes/table.ts";
import { readBudget, usualBudget } from "./budget.ts";
import { leashGate } from "./gate.ts";

const usual = usualBudget({ memory: 2 ** 33, cpus: 2 });

/** An Engine that has these containers; a gate that lets everything through as it comes. */
function leashed(
  budget: string,
  containers: Readonly<Record<string, { State: string; HostConfig: object }>> = {},
) {
  const answer = (path: string): unknown => {
    if (path.startsWith("/containers/json"))
      return Object.entries(containers).map(([Id, { State }]) => ({ Id, State }));
    if (path.startsWith("/volumes"))
      return { Volumes: [{ Name: "there" }, { Name: `bulkhead-${"a".repeat(24)}` }] };
    if (path.startsWith("/networks")) return [];
    if (path.startsWith("/images/"))
      return { Config: { Volumes: { "/data": {} }, ExposedPorts: { "80/tcp": {} } } };
    return containers[path.split("/")[2] ?? ""];
  };
  /** What the Engine waits for before it answers. */
  const waits: { before: (path: string) => Promise<unknown> } = { before: async () => undefined };
  const engine = {
    get: async (path: string): Promise<Answer> => {
      const value = answer(path);
      await waits.before(path);
      return value === undefined
        ? { ok: false, reason: "no such thing", kind: "missing" }
        : { ok: true, value };
    },
  };
  const read = readBudget(budget, usual);
  if (!read.ok) throw new Error(read.reason);
  const restarts: unknown[] = [];
  let full: string | undefined;
  let next: Judged | undefined;
  const gate = leashGate({ judge: () => next } as unknown as Gate, {
    value: "one-1",
    ownerLabel: "bulkhead.owner",
    budget: read.value,
    engine,
    cpuset: "0",
    cgroup: async () => undefined,
    full: async () => full,
    restarts: (key, policy) => restarts.push([key, policy]),
    checkout: undefined,
  });
  return {
    restarts,
    waits,
    fill: (why: string) => {
      full = why;
    },
    judge(id: string, body: unknown, container = ""): Judged | Promise<Judged> {
      const request = {
        route: routeOf(id),
        version: undefined,
        params: { container },
        query: new Map(),
        headers: new Map(),
        body,
        hasStream: false,
      };
      next = {
        verdict: "allow",
        route: routeOf(id),
        request,
        changes: [],
        warnings: [],
        notes: [],
        response: undefined,
      };
      return gate.judge({ method: "POST", target: "/", headers: [], body: { kind: "none" } }, defaultPolicy);
    },
  };
}

const hostOf = (judged: Judged) =>
  judged.verdict === "deny"
    ? judged.reasons
    : recordAt(isRecord(judged.request.body) ? judged.request.body : {}, "HostConfig");

test("a container gets a mark, a share of memory and processes, its volumes an owner, its ports the loopback address", async () => {
  const leash = leashed("memory=800m,pids=800");
  const judged = await leash.judge("container-create", {
    HostConfig: { RestartPolicy: { Name: "always" }, PublishAllPorts: true, Binds: ["x:/y"] },
  });
  expect(hostOf(judged)).toEqual({
    Binds: ["x:/y"],
    Memory: 100 * 2 ** 20,
    MemorySwap: 100 * 2 ** 20,
    PidsLimit: 100,
    CpusetCpus: "0",
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    PublishAllPorts: false,
    PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
    Mounts: [{ Type: "volume", Target: "/data", VolumeOptions: { Labels: { "bulkhead.owner": "one-1" } } }],
    ContainerIDFile: "/bulkhead-leash/one-1/1",
  });
  expect(judged.verdict).toBe("harden");
  expect(leash.restarts).toEqual([["/bulkhead-leash/one-1/1", { Name: "always" }]]);
});

test("two at once do not get the same rest, and what came to nothing is given back", async () => {
  const leash = leashed("memory=100m,containers=9,volumes=9");
  const body = { HostConfig: { Memory: 60 * 2 ** 20 } };
  const [one, two] = await Promise.all([
    leash.judge("container-create", body),
    leash.judge("container-create", body),
  ]);
  expect([one.verdict, two.verdict]).toEqual(["harden", "deny"]);
  if (one.verdict !== "deny") one.settled?.(500);
  expect((await leash.judge("container-create", body)).verdict).toBe("harden");
});

test("what comes to its end while the lists are on their way counts, since they do not show it", async () => {
  const leash = leashed("containers=1");
  const first = await leash.judge("container-create", { HostConfig: {} });
  leash.waits.before = async (path) => {
    if (path.startsWith("/containers/json") && first.verdict !== "deny") first.settled?.(201);
  };
  expect((await leash.judge("container-create", { HostConfig: {} })).verdict).toBe("deny");
});

test("what runs counts, what ended counts again when it is started", async () => {
  const HostConfig = { Memory: 60 * 2 ** 20, PidsLimit: 10 };
  const leash = leashed("memory=100m", {
    runs: { State: "running", HostConfig },
    over: { State: "exited", HostConfig },
  });
  expect((await leash.judge("container-start", undefined, "over")).verdict).toBe("deny");
  expect((await leash.judge("container-restart", undefined, "runs")).verdict).toBe("allow");
  expect((await leash.judge("container-update", { Memory: 90 * 2 ** 20 }, "runs")).verdict).toBe("allow");
  expect((await leash.judge("container-update", { Memory: 190 * 2 ** 20 }, "runs")).verdict).toBe("deny");
  expect((await leash.judge("container-update", { PidsLimit: -1 }, "runs")).verdict).toBe("deny");
});

test("a volume that is there is no new one, and a full disk takes nothing more", async () => {
  const leash = leashed("volumes=1");
  expect((await leash.judge("volume-create", { Name: "there" })).verdict).toBe("allow");
  expect((await leash.judge("volume-create", { Name: "new" })).verdict).toBe("deny");
  leash.fill("the leash stores too much");
  expect(await leash.judge("image-create", undefined)).toMatchObject({
    verdict: "deny",
    reasons: [{ rule: "guard-leash", message: "the leash stores too much" }],
  });
  expect((await leash.judge("container-list", undefined)).verdict).toBe("allow");
});
