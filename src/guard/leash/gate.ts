import { isRecord, itemsOf, parsedJson, recordAt, textAt, textsOf } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { askedLabel } from "../judge/container/folders.ts";
import type { Judged } from "../judge/judge.ts";
import type { Reason } from "../judge/result.ts";
import { isSolve } from "../judge/solve-facts.ts";
import type { Policy } from "../policy/policy.ts";
import type { Gate } from "../proxy/gate.ts";
import { routeOf } from "../routes/table.ts";
import { amountsIn, amountsOfContainer, openAccount, type Usage } from "./account.ts";
import { type Budget, boundPorts, type Counted, longLog, overBudget, shareOf } from "./budget.ts";
import { withGit } from "./inside.ts";
import { containerMark } from "./record.ts";

export interface LeashGateOptions {
  /** The value of the owner's label. */
  readonly value: string;
  readonly ownerLabel: string;
  readonly budget: Budget;
  readonly engine: Pick<EngineClient, "get">;
  /** CPUs that its containers share, as `--cpuset-cpus` takes them; undefined for all. */
  readonly cpuset: string | undefined;
  /** The cgroup that all containers and builds are in; undefined where there is none. */
  readonly cgroup: () => Promise<string | undefined>;
  /** Why nothing more may be stored; undefined while there is room. */
  readonly full: () => Promise<string | undefined>;
  /** A container that asks to be started again, by its id or the mark in it. */
  readonly restarts: (key: string, policy: unknown) => void;
  /** A checkout in which nobody may change git's hooks and configuration; undefined where the command itself may. */
  readonly checkout: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;
type Passed = Exclude<Judged, { readonly verdict: "deny" }>;

/** What takes room on the disk. */
const storing: ReadonlySet<string> = new Set(
  [
    ...["container-create", "container-start", "container-restart", "container-unpause", "exec-create"],
    ...["image-create", "image-load", "build", "container-commit", "volume-create", "container-archive-put"],
  ].map((id) => routeOf(id).id),
);

/**
 * The gate of a leash: what the guard lets through has to fit into the budget as well, and containers get what marks and limits
 * them. It only takes away from what was judged. One request at a time, so that two do not get the same rest.
 */
export function leashGate(inner: Gate, options: LeashGateOptions): Gate {
  const { budget, value, engine, full } = options;
  const account = openAccount(engine, value);
  let turn: Promise<unknown> = Promise.resolve();
  let made = 0;

  function held(judged: Judged, folders: Policy["folders"]): Judged | Promise<Judged> {
    if (judged.verdict === "deny") return judged;
    return storing.has(judged.route.id) ? whereRoom(judged, folders) : counted(judged, folders);
  }

  async function whereRoom(judged: Passed, folders: Policy["folders"]): Promise<Judged> {
    const why = await full();
    return why === undefined ? counted(judged, folders) : denied(judged, [why]);
  }

  function counted(judged: Passed, folders: Policy["folders"]): Judged | Promise<Judged> {
    const { id } = judged.route;
    const step = Object.hasOwn(steps, id) ? steps[id] : undefined;
    if (!step) return judged;
    const next = turn.then(async () => {
      const usage = await account.usage();
      return usage.ok ? await step(judged, usage.value, folders) : denied(judged, [usage.reason]);
    });
    turn = next.catch(() => undefined);
    return next;
  }

  const over = (name: Counted, usage: Usage, asked: number) =>
    overBudget(name, budget, usage[name], asked) ?? [];

  async function create(judged: Passed, usage: Usage, folders: Policy["folders"]): Promise<Judged> {
    const body = recordAt({ body: judged.request.body }, "body");
    const host = recordAt(body, "HostConfig");
    const image = await engine.get(`/images/${encodeURIComponent(textAt(body, "Image") ?? "")}/json`);
    const config = recordAt({ image: image.ok ? image.value : {} }, "image", "Config");
    const changes = judged.changes.filter(
      ({ patch }) => patch.field !== "memory" && patch.field !== "pidsLimit",
    );
    const isAsked = (field: "memory" | "pidsLimit", amount: unknown) =>
      typeof amount === "number" && amount > 0 && !judged.changes.some(({ patch }) => patch.field === field);
    const memory = isAsked("memory", host.Memory)
      ? Number(host.Memory)
      : shareOf("memory", budget, usage.memory);
    const pids = isAsked("pidsLimit", host.PidsLimit)
      ? Number(host.PidsLimit)
      : shareOf("pids", budget, usage.pids);
    const limit = (patch: ContainerPatch, flag: string, before: unknown, now: unknown) => {
      if (before !== now)
        changes.push({ control: "guard-leash", patch, flag, replaced: Number(before ?? 0) > 0 });
    };
    limit({ op: "set", field: "memory", value: memory }, `--memory ${memory}`, host.Memory, memory);
    limit({ op: "set", field: "pidsLimit", value: pids }, `--pids-limit ${pids}`, host.PidsLimit, pids);
    const restart = askedRestart(body, host);
    const isRestarted = !["", "no"].includes(textAt(restart, "Name") ?? "");
    if (isRestarted)
      changes.push({
        control: "guard-leash",
        patch: { op: "unset", field: "restart" },
        flag: "--restart no",
        replaced: true,
      });
    const ports = boundPorts(body, host, config);
    const git = options.checkout === undefined ? undefined : withGit(host, options.checkout, folders);
    if (git && !git.ok) return denied(judged, [git.reason]);
    const isFolder = (mount: unknown) => folders?.named(textAt(mount, "Source") ?? "") !== undefined;
    const mounts = [
      ...itemsOf((git?.value ?? host).Mounts).map((mount) => (isFolder(mount) ? ownFolder(mount) : mount)),
      ...(await anonymousVolumes(body, host, config)),
    ];
    const parent = await options.cgroup();
    made += 1;
    const mark = `${containerMark(value)}${made}`;
    const HostConfig = {
      ...host,
      Memory: memory,
      // Swap is memory as well.
      MemorySwap: memory,
      PidsLimit: pids,
      ...(options.cpuset !== undefined && { CpusetCpus: options.cpuset }),
      ...(isRestarted && { RestartPolicy: { Name: "no", MaximumRetryCount: 0 } }),
      ...(host.PublishAllPorts === true && { PublishAllPorts: false }),
      ...(Object.keys(ports.bindings).length > 0 && { PortBindings: ports.bindings }),
      ...(mounts.length > 0 && { Mounts: mounts }),
      ContainerIDFile: mark,
      ...(parent !== undefined && { CgroupParent: parent }),
    };
    const amounts = amountsIn(HostConfig);
    const isNew = (mount: unknown) =>
      !isFolder(mount) && !usage.volumeNames.has(textAt(mount, "Source") ?? "");
    const volumes = mounts.filter((each) => textAt(each, "Type") === "volume" && isNew(each)).length;
    const refused = [
      ...ports.refused,
      ...longLog(host, budget),
      over("containers", usage, 1),
      over("memory", usage, amounts.memory),
      over("pids", usage, amounts.pids),
      over("ports", usage, amounts.ports),
      over("volumes", usage, volumes),
    ].flat();
    if (refused.length > 0) return denied(judged, refused);
    if (isRestarted) options.restarts(mark, restart);
    const done = account.expect(mark, { ...amounts, containers: 1, volumes });
    return {
      ...judged,
      verdict: changes.length > 0 ? "harden" : "allow",
      request: { ...judged.request, body: { ...body, HostConfig } },
      changes,
      // From then on the Engine's lists tell.
      settled: done,
    };
  }

  /** The volume by which the guard mounts a folder goes with the leash. */
  function ownFolder(mount: unknown): Json {
    const own = recordAt({ mount }, "mount");
    const given = recordAt(own, "VolumeOptions");
    return { ...own, VolumeOptions: { ...given, Labels: { [options.ownerLabel]: value } } };
  }

  /** Volumes that the Engine would make without a name and without an owner get the owner's label. */
  async function anonymousVolumes(body: Json, host: Json, config: Json): Promise<readonly Json[]> {
    const wanted = [...Object.keys(recordAt(body, "Volumes")), ...Object.keys(recordAt(config, "Volumes"))];
    if (wanted.length === 0) return [];
    const inherited = await Promise.all(
      textsOf(host.VolumesFrom).map((each) => engine.get(`/containers/${each.split(":")[0]}/json`)),
    );
    const taken = new Set(
      [
        ...textsOf(host.Binds).map((bind) => bind.split(":")[1] ?? ""),
        ...itemsOf(host.Mounts).map((mount) => textAt(mount, "Target") ?? ""),
        ...Object.keys(recordAt(host, "Tmpfs")),
        ...inherited.flatMap((each) =>
          itemsOf(each.ok ? recordAt(each, "value").Mounts : []).map(
            (mount) => textAt(mount, "Destination") ?? "",
          ),
        ),
      ].map(plainPath),
    );
    const Labels = { [options.ownerLabel]: value };
    return [...new Set(wanted.map(plainPath))]
      .filter((path) => !taken.has(path))
      .map((Target) => ({ Type: "volume", Target, VolumeOptions: { Labels } }));
  }

  async function start(judged: Passed, usage: Usage): Promise<Judged> {
    const id = judged.request.params.container ?? "";
    if (usage.running.has(id)) return judged;
    const amounts = await amountsOfContainer(engine, id);
    if (!amounts) return judged;
    const refused = (["memory", "pids", "ports"] as const).flatMap((name) =>
      over(name, usage, amounts[name]),
    );
    if (refused.length > 0) return denied(judged, refused);
    return { ...judged, settled: account.expect(id, amounts) };
  }

  async function update(judged: Passed, usage: Usage): Promise<Judged> {
    const id = judged.request.params.container ?? "";
    const { RestartPolicy, CpusetCpus, ...body } = recordAt({ body: judged.request.body }, "body");
    if (isRecord(RestartPolicy)) options.restarts(id, RestartPolicy);
    const before = await amountsOfContainer(engine, id);
    const asked = amountsIn(body);
    const refused = (["memory", "pids"] as const).flatMap((name) =>
      over(name, usage, asked[name] - (before?.[name] ?? 0)),
    );
    if (typeof body.PidsLimit === "number" && body.PidsLimit < 0)
      refused.push("takes the limit of processes away");
    if (refused.length > 0) return denied(judged, refused);
    const done = account.expect("", {
      memory: Math.max(0, asked.memory - (before?.memory ?? 0)),
      pids: Math.max(0, asked.pids - (before?.pids ?? 0)),
    });
    return {
      ...judged,
      request: {
        ...judged.request,
        body: { ...body, ...(asked.memory > 0 && { MemorySwap: asked.memory }) },
      },
      settled() {
        account.forget(id);
        done();
      },
    };
  }

  /** A build by BuildKit says it in its attributes, one by the classic builder in the query. */
  async function build(judged: Passed): Promise<Judged> {
    const parent = await options.cgroup();
    const { request } = judged;
    const { body, query } = request;
    if (parent === undefined && isSolve(body)) return judged;
    // The container of a step that fails would stay, and nobody would know whose it is.
    const more = [
      ["forcerm", ["1"]],
      ...(parent === undefined ? [] : [["cgroupparent", [parent]] as const]),
    ] as const;
    const within = isSolve(body)
      ? { body: { ...body, attributes: { ...body.attributes, "cgroup-parent": parent ?? "" } } }
      : { query: new Map([...query, ...more]) };
    return { ...judged, request: { ...request, ...within } };
  }

  const oneMore =
    (name: "volumes" | "networks") =>
    async (judged: Passed, usage: Usage): Promise<Judged> => {
      // A volume by another way to the checkout would be mounted as it is.
      const device = textAt(judged.request.body, "DriverOpts", "device") ?? "";
      if (options.checkout !== undefined && device.startsWith("/"))
        return denied(judged, [`makes a volume of ${device}: beside --in a folder is mounted by its path`]);
      const called = textAt(judged.request.body, "Name") ?? "";
      const isThere = name === "volumes" && usage.volumeNames.has(called);
      const refused = over(name, usage, isThere ? 0 : 1);
      if (refused.length > 0) return denied(judged, [refused].flat());
      return { ...judged, settled: account.expect(called, { [name]: 1 }) };
    };

  const steps: Readonly<
    Record<string, (judged: Passed, usage: Usage, folders: Policy["folders"]) => Promise<Judged>>
  > = {
    "container-create": create,
    build,
    "container-start": start,
    "container-restart": start,
    "container-update": update,
    "volume-create": oneMore("volumes"),
    "network-create": oneMore("networks"),
  };

  return {
    ...inner,
    judge(raw, policy) {
      const judged = inner.judge(raw, policy);
      return judged instanceof Promise
        ? judged.then((each) => held(each, policy.folders))
        : held(judged, policy.folders);
    },
    async judgeUnderstood(request, policy) {
      return held(await inner.judgeUnderstood(request, policy), policy.folders);
    },
  };
}

/** Where the guard has changed it already, the label in which it notes what was asked for says it. */
function askedRestart(body: Json, host: Json): Json {
  const noted = parsedJson(textAt(body, "Labels", askedLabel) ?? "");
  return recordAt({ policy: recordAt({ noted }, "noted").restart ?? host.RestartPolicy }, "policy");
}

function denied({ route, request }: Passed, messages: readonly string[]): Judged {
  const reasons = messages.map((message): Reason => ({ rule: "guard-leash", message }));
  return { verdict: "deny", route, request, reasons, status: 403 };
}

function plainPath(path: string): string {
  return path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
}
