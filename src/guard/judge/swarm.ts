import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { parseImageReference } from "../../model/container/image-reference.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { findNetwork, isNetworkName } from "./container/create-names.ts";
import { judgeRun, type Run } from "./container/existing.ts";
import { lookAt } from "./container/look.ts";
import { checkMaxima } from "./container/maxima.ts";
import { withSpacedLabels } from "./image/space.ts";
import { checkReference } from "./image/use.ts";
import { documentOf, findObject, imageIdOf } from "./objects.ts";
import { labelled } from "./policy/owner.ts";
import { against, isShutRoute, shut } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext, CheckResult } from "./route-check.ts";
import { withOwnVolumes } from "./volume/own-volumes.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * `POST /services/create` and `/services/{service}/update`: shut by the rule guard-service; opened, the container of its
 * tasks is judged as one that is created. It is not hardened: nodes of the swarm make it, and not this Engine alone.
 */
export function checkService(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { policy } = context;
  const own = labelled(withImage(withOwnTask(request.body, context), context), context);
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: [
      ...own.reasons,
      ...(isShutRoute(request.route.id)
        ? shut(
            request.route.id,
            policy,
            "makes or changes a service: the swarm makes its containers, past the guard",
          )
        : []),
      ...specReasons(recordAt({ body: own.body }, "body"), context, imageIn(request.body)),
      ...rolledBack(request, context),
    ],
  };
}

/** With `rollback`, the swarm takes the service's specification from before, whatever the body says. */
function rolledBack(request: UnderstoodRequest, context: CheckContext): readonly Reason[] {
  if ((request.query.get("rollback")?.[0] ?? "") === "") return [];
  const before = recordAt(documentOf("service", request, context), "PreviousSpec");
  return specReasons(before, context, imageIn(before));
}

function imageIn(body: unknown): string {
  return textAt({ body }, "body", "TaskTemplate", "ContainerSpec", "Image") ?? "";
}

/** `asked`: the image as the client named it. */
function specReasons(body: Json, context: CheckContext, asked: string): readonly Reason[] {
  const { policy } = context;
  const task = recordAt(body, "TaskTemplate");
  const plugin = Object.keys(recordAt(task, "PluginSpec")).length > 0 || textAt(task, "Runtime") === "plugin";
  const spec = recordAt(task, "ContainerSpec");
  const networks = [...itemsOf(task.Networks), ...itemsOf(body.Networks)]
    .map((each) => textAt(each, "Target") ?? "")
    .filter(isNetworkName)
    .map((name) => findNetwork(name, context));
  const isOnHost = networks.some(({ name }) => name === "host") || namesHost(task) || namesHost(body);
  const asContainer = containerOfService(spec, task, isOnHost);
  const hostConfig = recordAt(asContainer, "HostConfig");
  const view = readCreateRequest(asContainer);
  const run: Run = { view, hostConfig, labels: spec.Labels, user: spec.User };
  return [
    ...judgeRun(run, lookAt(view, context, "final"), context, "gives its containers"),
    ...withOwnVolumes(asContainer, context).reasons,
    ...givenKinds.flatMap((kind) => given(kind, spec, context).reasons),
    ...networks.flatMap(({ reasons }) => reasons),
    ...(plugin ? against(policy, "guard-plugin", "makes a service of a plugin, which runs as root") : []),
    ...checkMaxima(view, policy, {}),
    ...checkReference(asked, context),
  ];
}

const givenKinds = ["secret", "config"] as const;
const givenPlaces = {
  secret: { list: "Secrets", id: "SecretID" },
  config: { list: "Configs", id: "ConfigID" },
} as const;

/** Secrets or configs that its containers are given, by their ids: another client's do not exist for this one. */
function given(kind: (typeof givenKinds)[number], spec: Json, context: CheckContext) {
  const { list, id } = givenPlaces[kind];
  const all = context.policy.owner ? itemsOf(spec[list]) : [];
  const found = all.map((each) => ({ each, found: findObject(kind, textAt(each, id) ?? "", context) }));
  return {
    changed:
      found.length === 0
        ? {}
        : { [list]: found.map(({ each, found: { name } }) => ({ ...(each as Json), [id]: name })) },
    reasons: found.flatMap((each) => each.found.reasons),
  };
}

/** The body with the volumes and labels of its containers as the owner's, and what they are given by its id. */
function withOwnTask(body: unknown, context: CheckContext): unknown {
  const task = recordAt({ body }, "body", "TaskTemplate");
  const spec = recordAt(task, "ContainerSpec");
  if (!context.policy.owner || Object.keys(spec).length === 0) return body;
  const own = withOwnVolumes({ HostConfig: { Mounts: spec.Mounts } }, context).body;
  const { Mounts } = recordAt({ own }, "own", "HostConfig");
  const Labels = withSpacedLabels(recordAt(spec, "Labels"), context.policy);
  const ContainerSpec = {
    ...spec,
    ...(spec.Mounts !== undefined && { Mounts }),
    ...(isRecord(spec.Labels) && { Labels }),
    ...Object.assign({}, ...givenKinds.map((kind) => given(kind, spec, context).changed)),
  };
  return { ...recordAt({ body }, "body"), TaskTemplate: { ...task, ContainerSpec } };
}

/**
 * The image as it was judged, so that a tag that moves meanwhile is not what runs: by its digest, which every node can pull, or by the ID
 * of one that was made here. What is not here yet is pulled by the name that was judged.
 */
function withImage(body: unknown, context: CheckContext): unknown {
  const task = recordAt({ body }, "body", "TaskTemplate");
  const spec = recordAt(task, "ContainerSpec");
  const name = textAt(spec, "Image") ?? "";
  if (name === "" || name.includes("@") || context.policy.mode !== "enforce") return body;
  const found = findObject("image", name, context);
  const id = imageIdOf(found.answer);
  if (id === undefined || found.answer.state !== "found") return body;
  const { registry, repository } = parseImageReference(found.name);
  const digest = textsOf(recordAt({ at: found.answer.document }, "at").RepoDigests).find((each) => {
    const own = parseImageReference(each);
    return own.registry === registry && own.repository === repository;
  });
  // Without an owner every client may make names, and sees them as it gave them; another node cannot pull an ID.
  if (digest === undefined && !context.policy.owner) return body;
  const Image = digest === undefined ? id : `${found.name}${digest.slice(digest.indexOf("@"))}`;
  return {
    ...recordAt({ body }, "body"),
    TaskTemplate: { ...task, ContainerSpec: { ...spec, Image } },
  };
}

/** By its name: by another it is found. */
function namesHost({ Networks }: Json): boolean {
  return itemsOf(Networks).some((each) => textAt(each, "Target") === "host");
}

/** What a task's container would be asked for by (moby: daemon/cluster/executor/container). */
function containerOfService(spec: Json, task: Json, isOnHost: boolean): Json {
  const log = recordAt(task, "LogDriver");
  const limits = recordAt(task, "Resources", "Limits");
  return {
    Image: spec.Image,
    User: spec.User,
    Env: spec.Env,
    Labels: spec.Labels,
    HostConfig: {
      Mounts: spec.Mounts,
      CapAdd: spec.CapabilityAdd,
      CapDrop: spec.CapabilityDrop,
      ReadonlyRootfs: spec.ReadOnly,
      Sysctls: spec.Sysctls,
      GroupAdd: spec.Groups,
      OomScoreAdj: spec.OomScoreAdj,
      Isolation: spec.Isolation,
      SecurityOpt: securityOptions(recordAt(spec, "Privileges")),
      ...(log.Name !== undefined && { LogConfig: { Type: log.Name, Config: log.Options } }),
      ...(isOnHost && { NetworkMode: "host" }),
      NanoCpus: limits.NanoCPUs,
      Memory: limits.MemoryBytes,
      PidsLimit: limits.Pids,
    },
  };
}

function securityOptions(privileges: Json): readonly string[] {
  const selinux = recordAt(privileges, "SELinuxContext");
  const seccomp = recordAt(privileges, "Seccomp");
  return [
    ...(selinux.Disable === true ? ["label=disable"] : []),
    ...(["User", "Role", "Type", "Level"] as const).flatMap((part) =>
      textsOf([selinux[part]])
        .filter((value) => value !== "")
        .map((value) => `label=${part.toLowerCase()}:${value}`),
    ),
    ...(seccomp.Mode === "unconfined" ? ["seccomp=unconfined"] : []),
    ...(seccomp.Mode === "custom" ? [`seccomp=${Buffer.from(String(seccomp.Profile ?? ""), "base64")}`] : []),
    ...(textAt(privileges, "AppArmor", "Mode") === "disabled" ? ["apparmor=unconfined"] : []),
    ...(privileges.NoNewPrivileges === true ? ["no-new-privileges"] : []),
    ...(Object.keys(recordAt(privileges, "CredentialSpec")).length > 0 ? ["credentialspec=given"] : []),
  ];
}
