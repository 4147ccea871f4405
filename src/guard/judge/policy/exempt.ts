import { normaliseCapability } from "../../../model/container/capability.ts";
import { spellNamespaceMode } from "../../../model/container/namespace.ts";
import type { Container } from "../../../model/container.ts";
import { unset } from "../../../model/fact.ts";
import { canonicalPath } from "../../../model/host/path.ts";
import type { Policy } from "../../policy/policy.ts";
import { isAllowedMount, matches, matchesPath } from "./patterns.ts";

/**
 * The container without what the policy allows by name, so that no control finds it. A mount counts as allowed where the policy
 * calls it dangerous and names both its path as written and the one that it leads to.
 */
export function withoutAllowed(view: Container, policy: Policy): Container {
  const { allow } = policy;
  const dangerous = allow.mounts.filter((rule) => rule.dangerous || isOwnSocket(rule.source, policy));
  const capabilities = allow.capabilities.map(normaliseCapability);
  const mode = view.networkMode;
  const { runtime } = view;
  const isHostAllowed =
    mode.state === "set" &&
    mode.value.mode === "host" &&
    allow.networks.includes(spellNamespaceMode(mode.value));
  return {
    ...view,
    mounts:
      dangerous.length === 0
        ? view.mounts
        : view.mounts.filter((item) => {
            if (item.state !== "set") return true;
            const { hostPath, resolvedPath, readOnly } = item.value;
            const paths = [hostPath, resolvedPath].filter((path) => path !== undefined);
            return paths.length === 0 || !paths.every((path) => isAllowedMount(path, readOnly, dangerous));
          }),
    capAdd:
      capabilities.length === 0
        ? view.capAdd
        : view.capAdd.filter((item) => item.state !== "set" || !capabilities.includes(item.value)),
    devices:
      allow.devices.length === 0
        ? view.devices
        : view.devices.filter(
            (item) =>
              item.state !== "set" ||
              !allow.devices.some((pattern) => matchesPath(item.value.hostPath, pattern)),
          ),
    deviceCgroupRules:
      allow.devices.length === 0
        ? view.deviceCgroupRules
        : view.deviceCgroupRules.filter(
            (item) => item.state !== "set" || !allow.devices.some((pattern) => matches(item.value, pattern)),
          ),
    networkMode: isHostAllowed ? unset : mode,
    runtime: runtime.state === "set" && allow.runtimes.includes(runtime.value) ? unset : runtime,
  };
}

/** Whether it is where the client comes in anyway: through it a container can do what the client can. */
export function isOwnSocket(path: string, { ownSockets = [] }: Policy): boolean {
  return ownSockets.some((socket) => canonicalPath(socket) === canonicalPath(path));
}
