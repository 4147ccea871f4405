import { recordAt } from "../../../base/json.ts";
import { exposedMounts } from "../../../controls/mounts/exposed-mounts.ts";
import type { Container } from "../../../model/container.ts";
import { setItems } from "../../../model/fact.ts";
import { canonicalPath } from "../../../model/host/path.ts";
import type { Mount } from "../../../model/mount.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { MountRule } from "../../policy/policy.ts";
import { isOwnSocket } from "../policy/exempt.ts";
import { isAllowedMount } from "../policy/patterns.ts";
import { against, isAllowed } from "../policy/rules.ts";
import type { Allowance, OwnReached, Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { contextOf, lookAtHost } from "./known.ts";
import { checkWritablePath } from "./writable-path.ts";

/** What containers mount of a host to tell the time, the distribution and whom to trust. None of it is secret. */
const harmless: readonly MountRule[] = [
  "/etc/localtime",
  "/etc/timezone",
  "/usr/share/zoneinfo/**",
  "/etc/ssl/certs/**",
  "/usr/share/ca-certificates/**",
  "/etc/os-release",
  "/usr/lib/os-release",
].map((source) => ({ source, readOnly: true }));

/** Mounts of these that were asked for writable, as they may be: read-only. */
export function readOnlyPatches(view: Container, { policy }: CheckContext): readonly ContainerPatch[] {
  if (isAllowed(policy, "guard-bind-mount")) return [];
  return setItems(view.mounts).flatMap(({ value }): ContainerPatch[] => {
    const { hostPath, readOnly } = value;
    if (value.type !== "bind" || hostPath === undefined || readOnly) return [];
    if (!isAllowedMount(hostPath, true, harmless) || isAllowedMount(hostPath, false, policy.allow.mounts))
      return [];
    return [{ op: "replace", field: "mounts", value, with: { ...value, readOnly: true } }];
  });
}

/**
 * `chosen`: the client says which folders are mounted, or comes to have what they hold. `started`: somebody else chose them, and
 * the client starts the container again; then only a folder counts whose path leads elsewhere by now.
 */
export type Stance = "chosen" | "started";

/**
 * The folders of the host that a container sees and the policy does not name, by its own mounts, its volumes and those that it
 * takes from others; `judged` is what the controls deny already, which is not said twice.
 */
export function checkBoundFolders(
  view: Container,
  judged: readonly Reason[],
  context: CheckContext,
  stance: Stance = "chosen",
): readonly Reason[] {
  const denied = new Set(judged.flatMap(({ target }) => target ?? []));
  const seen = lookAtHost(view, context).resolved ?? view;
  return exposedMounts(seen, contextOf(context)).flatMap((item) => {
    if (item.state !== "set") {
      if (judged.some(({ isUnjudged }) => isUnjudged)) return [];
      return against(
        context.policy,
        "guard-bind-mount",
        `has a mount that cannot be compared with allow.mounts: ${item.reason}`,
      );
    }
    const { mount } = item.value;
    if (denied.has(mount.target)) return [];
    const own = checkOwnFiles(mount, context);
    if (own.length > 0) return own;
    return [
      ...pathsOf(mount, stance).flatMap((path) => checkBoundFolder(path, mount, context)),
      ...(stance === "chosen" ? checkWritablePath(mount, context) : []),
    ];
  });
}

function pathsOf({ hostPath, resolvedPath }: Mount, stance: Stance): readonly string[] {
  const written = hostPath === undefined || stance === "started" ? [] : [canonicalPath(hostPath)];
  if (resolvedPath === undefined) return written;
  const resolved = canonicalPath(resolvedPath);
  return hostPath !== undefined && resolved === canonicalPath(hostPath) ? written : [...written, resolved];
}

function checkBoundFolder(
  path: string,
  { readOnly: isAskedReadOnly, isWritableBelow }: Mount,
  { ask, policy }: CheckContext,
): readonly Reason[] {
  if (isAllowedMount(path, isAskedReadOnly, harmless)) return [];
  const { allow: allowed } = policy;
  const isFile = () => {
    const answer = ask({ kind: "hostPath", path });
    return answer.state === "found" && recordAt({ at: answer.document }, "at").type === "file";
  };
  const readOnly = isAskedReadOnly && (isWritableBelow !== true || isFile());
  if (isAllowedMount(path, readOnly, allowed.mounts)) return [];
  if (isAskedReadOnly && !readOnly && isAllowedMount(path, true, allowed.mounts)) {
    return against(
      policy,
      "guard-bind-mount",
      `mounts ${path} read-only, but what is mounted below it stays writable: use API 1.44 or newer, without ReadOnlyNonRecursive, or allow it writable in allow.mounts`,
      { list: "mounts", value: path },
    );
  }
  const allow: Allowance = { list: "mounts", value: path, ...(readOnly && { readOnly }) };
  return against(
    policy,
    "guard-bind-mount",
    `mounts ${path} from the host, which is not in allow.mounts. To allow it, add this line to guard: allow: mounts: in bulkhead.yaml: - ${spellMount(allow)}`,
    allow,
  );
}

/** An entry of allow.mounts, as YAML in one line. */
export function spellMount({ value, readOnly, dangerous }: Allowance): string {
  const source = /^[\w./@+~-]+$/.test(value) ? value : JSON.stringify(value);
  if (!readOnly && !dangerous) return source;
  return `{ source: ${source}${readOnly ? ", readOnly: true" : ""}${dangerous ? ", dangerous: true" : ""} }`;
}

/** Why a mount is refused that leads to the guard's own files, whatever the policy allows. */
export function checkOwnFiles({ hostPath }: Mount, { ask, policy }: CheckContext): readonly Reason[] {
  if (hostPath === undefined) return [];
  const answer = ask({ kind: "hostPath", path: hostPath });
  const reached = answer.state === "missing" ? [] : (answer.own ?? []);
  const first = reached.find((each) => !isOwnListener(each, policy));
  if (!first) return [];
  const { path, what, how } = first;
  const place =
    how === "above"
      ? `${hostPath}, which holds the guard's ${what} ${path}`
      : `${hostPath}, the guard's ${what}`;
  return [
    {
      rule: "guard-own-files",
      message: `mounts ${place}: a process in it could ${effects[what]}. No policy allows this`,
    },
  ];
}

/** The socket itself: in its folder another could be put in its place. */
function isOwnListener({ path, what, how }: OwnReached, policy: CheckContext["policy"]): boolean {
  return what === "listener" && how === "at" && isOwnSocket(path, policy);
}

const effects: Readonly<Record<OwnReached["what"], string>> = {
  listener: "act as another client of the guard",
  policy: "change what the guard allows",
  certificate: "change which clients the guard accepts",
  "private key": "pretend to be the guard",
  "audit log": "remove the traces of what it did",
  "learned policy": "change the policy that you are about to enforce",
  program: "replace the guard itself",
};
