import { itemsOf, recordAt, textAt, textsOf } from "../../engine/records.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import type { CanonicalRequest } from "../request/request.ts";
import { findNetwork, isNetworkName } from "./create-names.ts";
import type { Reason } from "./decision.ts";
import { judgeFields } from "./fields.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import { judgeReference } from "./image-use.ts";
import type { Around, Judgement } from "./judge.ts";
import { judgeLabels } from "./labels.ts";
import { lookAt } from "./look.ts";
import { judgeMountRules } from "./mounts.ts";
import { documentOf } from "./objects.ts";
import { labelled } from "./owner.ts";
import { against } from "./rules.ts";
import { judgeSecurityOptions } from "./security-options.ts";
import { judgeUser } from "./users.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * `POST /services/create` and `/services/{service}/update`: shut by the rule guard-service; opened, the container of its
 * tasks is judged as one that is created. It is not hardened: nodes of the swarm make it, and not this Engine alone.
 */
export function judgeService(request: CanonicalRequest, around: Around): Judgement {
  const { policy } = around;
  const own = labelled(request.body, around);
  const shut: readonly Reason[] =
    policy.routes[request.route.id] === "allow"
      ? []
      : against(
          policy,
          "guard-service",
          "makes or changes a service: the swarm makes its containers, past the guard",
        );
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: [
      ...own.reasons,
      ...shut,
      ...specReasons(recordAt({ body: own.body }, "body"), around),
      ...rolledBack(request, around),
    ],
  };
}

/** With `rollback`, the swarm takes the service's specification from before, whatever the body says. */
function rolledBack(request: CanonicalRequest, around: Around): readonly Reason[] {
  if ((request.query.get("rollback")?.[0] ?? "") === "") return [];
  return specReasons(recordAt(documentOf("service", request, around), "PreviousSpec"), around);
}

function specReasons(body: Json, around: Around): readonly Reason[] {
  const { policy } = around;
  const task = recordAt(body, "TaskTemplate");
  const plugin = Object.keys(recordAt(task, "PluginSpec")).length > 0 || textAt(task, "Runtime") === "plugin";
  const spec = recordAt(task, "ContainerSpec");
  const networks = [...itemsOf(task.Networks), ...itemsOf(body.Networks)]
    .map((each) => textAt(each, "Target") ?? "")
    .filter(isNetworkName)
    .map((name) => findNetwork(name, around));
  const isOnHost = networks.some(({ name }) => name === "host") || namesHost(task) || namesHost(body);
  const asContainer = containerOfService(spec, task, isOnHost);
  const hostConfig = recordAt(asContainer, "HostConfig");
  const view = readCreateRequest(asContainer);
  return [
    ...judgeLabels(spec.Labels, around, "gives its containers"),
    ...networks.flatMap(({ reasons }) => reasons),
    ...(plugin ? against(policy, "guard-plugin", "makes a service of a plugin, which runs as root") : []),
    ...lookAt(view, around, "final").reasons,
    ...judgeFields(hostConfig, hostConfigFields, around),
    ...judgeSecurityOptions(hostConfig.SecurityOpt, around),
    ...judgeMountRules(view, mountsOf(hostConfig), around),
    ...judgeUser(view, around),
    ...judgeReference(textAt(spec, "Image") ?? "", around),
  ];
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
