import { isRecord, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { findObject } from "../objects.ts";
import { checkNetworksOf, checkNetworkUse, usualNetwork } from "../policy/listed.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, RouteCheck } from "../route-check.ts";

/** Members of HostConfig that may join another container: `container:NAME`. */
export const joiningFields = ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "Cgroup"] as const;

/** The container that a mode joins; undefined where it joins none. */
export function joinedBy(mode: unknown): string | undefined {
  return typeof mode === "string" ? /^container:(.*)$/s.exec(mode)?.[1] : undefined;
}

export interface Named {
  readonly body: unknown;
  readonly reasons: readonly Reason[];
}

/**
 * The body of a create request with the containers that it names (to join, to take volumes from, to link) by their full ids,
 * and with its networks found. A network keeps its name, which the Engine's answers show, unless it was the beginning of an id.
 */
export function withNames(body: unknown, context: CheckContext): Named {
  if (!isRecord(body)) return { body, reasons: [] };
  const reasons: Reason[] = [];
  const container = (name: string): string => {
    const found = findObject("container", name, context);
    reasons.push(...found.reasons);
    return found.name;
  };
  const joined = (value: unknown): unknown => {
    const target = joinedBy(value);
    return target === undefined ? value : `container:${container(target)}`;
  };
  const host = recordAt(body, "HostConfig");
  const changed: Record<string, unknown> = { ...host };
  for (const field of joiningFields) {
    if (Object.hasOwn(host, field)) changed[field] = joined(host[field]);
  }
  if (Array.isArray(host.VolumesFrom)) {
    changed.VolumesFrom = textsOf(host.VolumesFrom).map((text) => {
      const [name = "", ...mode] = text.split(":");
      return [container(name), ...mode].join(":");
    });
  }
  if (Array.isArray(host.Links)) {
    changed.Links = textsOf(host.Links).map((text) => {
      const [name = "", alias = name] = text.split(":");
      return `${container(name)}:${alias.replace(/^\//, "")}`;
    });
  }
  const mode = typeof changed.NetworkMode === "string" ? changed.NetworkMode : "";
  reasons.push(...unnamedNetwork(body, mode, context));
  if (isNetworkName(mode)) {
    const network = findNetwork(mode, context);
    reasons.push(...network.reasons);
    changed.NetworkMode = network.name;
  }
  const endpoints = recordAt(body, "NetworkingConfig", "EndpointsConfig");
  const renamed = Object.entries(endpoints).map(([name, endpoint]) => {
    if (!isNetworkName(name)) {
      const usual = usualNetwork(name);
      if (usual !== undefined && usualNetwork(mode) === undefined)
        reasons.push(...checkNetworkUse(usual, context));
      return [name, endpoint] as const;
    }
    const network = findNetwork(name, context);
    reasons.push(...network.reasons);
    return [network.name, endpoint] as const;
  });
  // Docker joins what stands among the endpoints, whatever the mode says; the mode is what host-network looks at.
  if (changed.NetworkMode !== "host" && renamed.some(([name]) => name === "host")) {
    reasons.push(
      ...against(
        context.policy,
        "guard-network",
        "joins the host's network among others: nothing would be its own",
        {
          list: "networks",
          value: "host",
        },
      ),
    );
  }
  return {
    body: {
      ...body,
      ...(isRecord(body.HostConfig) && { HostConfig: changed }),
      ...(renamed.length > 0 && {
        NetworkingConfig: {
          ...recordAt(body, "NetworkingConfig"),
          EndpointsConfig: Object.fromEntries(renamed),
        },
      }),
    },
    reasons,
  };
}

/** The Engine's default network, and the networks of a container whose namespace is joined. */
function unnamedNetwork(
  body: Readonly<Record<string, unknown>>,
  mode: string,
  context: CheckContext,
): readonly Reason[] {
  const target = joinedBy(mode);
  if (target !== undefined) {
    const answer = context.ask({ kind: "container", name: target });
    return answer.state === "found"
      ? checkNetworksOf(answer.document, context, `joins ${target.slice(0, 12)}, which is on`)
      : [];
  }
  const usual = body.NetworkDisabled === true ? undefined : usualNetwork(mode);
  return usual === undefined ? [] : checkNetworkUse(usual, context);
}

/** The Engine's predefined networks need no look-up; the control host-network judges `host`. */
export function isNetworkName(mode: string): boolean {
  if (usualNetwork(mode) !== undefined || joinedBy(mode) !== undefined) return false;
  return !["none", "host", "nat"].includes(mode);
}

/** A network by name or id. One that is the host's by any name is called `host`, so that the control sees it. */
export function findNetwork(
  name: string,
  context: CheckContext,
): { readonly name: string; readonly reasons: readonly Reason[] } {
  const found = findObject("network", name, context);
  if (found.answer.state !== "found") return { name, reasons: found.reasons };
  const { document } = found.answer;
  const called = textAt(document, "Name") ?? name;
  if (textAt(document, "Driver") === "host") return { name: "host", reasons: found.reasons };
  const unlisted = checkNetworkUse(called, context);
  return { name: called === name ? name : found.name, reasons: [...found.reasons, ...unlisted] };
}

/**
 * Why a container may not have the name: the Engine looks for names before it looks for beginnings of ids, so anyone who means
 * another container by its short id would get this one.
 */
export function checkContainerName(given: string, context: CheckContext): readonly Reason[] {
  const name = given.replace(/^\//, "");
  if (!/^[0-9a-f]{4,}$/.test(name)) return [];
  const refuse = () =>
    against(
      context.policy,
      "guard-name",
      `takes the name ${name}, which can be mistaken for a container id: anyone who means that container would get this one`,
    );
  if (name.length >= 12) return refuse();
  const answer = context.ask({ kind: "container", name });
  if (answer.state === "missing") return [];
  if (answer.state === "found") return answer.id.startsWith(name) ? refuse() : [];
  return [
    {
      rule: "guard-unknown",
      message: `whether ${name} is the beginning of an id is not known: ${answer.reason}`,
    },
  ];
}

/** `POST /containers/{container}/rename`. */
export const checkRename: RouteCheck = ({ query }, context) => ({
  reasons: checkContainerName(query.get("name")?.[0] ?? "", context),
});
