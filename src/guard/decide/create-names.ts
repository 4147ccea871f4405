import { isRecord, recordAt, textAt, textsOf } from "../../engine/records.ts";
import type { Reason } from "./decision.ts";
import type { Around } from "./judge.ts";
import { findObject } from "./objects.ts";
import { matches } from "./patterns.ts";
import { against } from "./rules.ts";

export interface Named {
  readonly body: unknown;
  readonly reasons: readonly Reason[];
}

/**
 * The body of a create request with the containers that it names (to join, to take volumes from, to link) by their full ids,
 * and with its networks found. A network keeps its name, which the Engine's answers show, unless it was the beginning of an id.
 */
export function withNames(body: unknown, around: Around): Named {
  if (!isRecord(body)) return { body, reasons: [] };
  const reasons: Reason[] = [];
  const container = (name: string): string => {
    const found = findObject("container", name, around);
    reasons.push(...found.reasons);
    return found.name;
  };
  const joined = (value: unknown): unknown => {
    const target = typeof value === "string" ? /^container:(.*)$/s.exec(value)?.[1] : undefined;
    return target === undefined ? value : `container:${container(target)}`;
  };
  const host = recordAt(body, "HostConfig");
  const changed: Record<string, unknown> = { ...host };
  for (const field of ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "Cgroup"]) {
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
  const mode = changed.NetworkMode;
  if (typeof mode === "string" && isNetworkName(mode)) {
    const network = findNetwork(mode, around);
    reasons.push(...network.reasons);
    changed.NetworkMode = network.name;
  }
  const endpoints = recordAt(body, "NetworkingConfig", "EndpointsConfig");
  const renamed = Object.entries(endpoints).map(([name, endpoint]) => {
    if (!isNetworkName(name)) return [name, endpoint] as const;
    const network = findNetwork(name, around);
    reasons.push(...network.reasons);
    return [network.name, endpoint] as const;
  });
  // Docker joins what stands among the endpoints, whatever the mode says; the mode is what host-network looks at.
  if (changed.NetworkMode !== "host" && renamed.some(([name]) => name === "host")) {
    reasons.push(
      ...against(
        around.policy,
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

/** What the Engine knows by itself needs no looking up; `host` is judged by the control host-network. */
export function isNetworkName(mode: string): boolean {
  return !["", "default", "bridge", "none", "host", "nat"].includes(mode) && !mode.startsWith("container:");
}

/** A network by name or id. One that is the host's by any name is called `host`, so that the control sees it. */
export function findNetwork(
  name: string,
  around: Around,
): { readonly name: string; readonly reasons: readonly Reason[] } {
  const found = findObject("network", name, around);
  if (found.answer.state !== "found") return { name, reasons: found.reasons };
  const { document } = found.answer;
  const called = textAt(document, "Name") ?? name;
  if (textAt(document, "Driver") === "host") return { name: "host", reasons: found.reasons };
  const { policy } = around;
  const { networks } = policy.allow;
  const isListed = networks.length === 0 || networks.some((pattern) => matches(called, pattern));
  const unlisted = isListed
    ? []
    : against(policy, "guard-network", `joins the network ${called}, which is not in allow.networks`, {
        list: "networks",
        value: called,
      });
  return { name: called === name ? name : found.name, reasons: [...found.reasons, ...unlisted] };
}
