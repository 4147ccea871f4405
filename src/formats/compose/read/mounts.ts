import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { type Mount, mount } from "../../../model/mount.ts";
import { parseTmpfsOptions } from "../../values/tmpfs.ts";
import { at, get, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { booleanFact, listFact, missingReason, origins, scalar } from "./facts.ts";
import { nameOf } from "./key-values.ts";
import type { Scope } from "./scope.ts";
import { cleanTarget, hostPath } from "./volume-short.ts";
import { readVolumes } from "./volumes.ts";

/** Everything that a service mounts, whatever key it stands under. */
export function readMounts(service: Node, scope: Scope): FactList<Mount> {
  return [
    ...readVolumes(get(service, "volumes"), scope),
    ...readTmpfsList(get(service, "tmpfs")),
    ...readFileMounts(service, "secrets", scope),
    ...readFileMounts(service, "configs", scope),
    ...readApiSocket(get(service, "use_api_socket")),
  ];
}

/** `tmpfs: /run` or a list of `/run:size=64m,mode=1777`; repeated ones count once, by the text before `=`. */
function readTmpfsList(node: Node | undefined): FactList<Mount> {
  const found = new Map<string, FactList<Mount>[number]>();
  const facts = listFact(node, "a path with options", (text) => text);
  for (const fact of facts) {
    if (fact.state !== "set") found.set(`?${found.size}`, fact);
    else found.set(nameOf(fact.value), { ...fact, value: tmpfsMount(fact.value) });
  }
  return [...found.values()];
}

function tmpfsMount(spec: string): Mount {
  const colon = spec.indexOf(":");
  const path = colon < 0 ? spec : spec.slice(0, colon);
  const options = colon < 0 ? "" : spec.slice(colon + 1);
  return mount({
    type: "tmpfs",
    target: cleanTarget(path),
    readOnly: options.split(",").includes("ro"),
    tmpfs: parseTmpfsOptions(options),
  });
}

/**
 * Secrets and configs with a `file:` are read-only binds of it; on a Swarm the manager hands them out instead
 * (docker/compose: pkg/compose/create.go, buildContainerSecretMounts).
 */
function readFileMounts(service: Node, kind: "secrets" | "configs", scope: Scope): FactList<Mount> {
  if (scope.swarm) return [];
  const found = new Map<string, FactList<Mount>[number]>();
  for (const each of itemsOf(get(service, kind))) {
    const fact = readFileMount(each, kind, scope);
    if (fact) found.set(fact.state === "set" ? fact.value.target : `?${found.size}`, fact);
  }
  return [...found.values()];
}

function readFileMount(
  node: Node,
  kind: "secrets" | "configs",
  scope: Scope,
): SetFact<Mount> | UnresolvedFact | undefined {
  const name = scalar(node.kind === "map" ? get(node, "source") : node);
  const target = scalar(get(node, "target"));
  const missing = [node, name, target].map((part) => part && missingReason(part)).find(Boolean);
  if (missing !== undefined) return unresolved(missing, originOf(node));
  const file = scalar(at(scope.project, kind, name?.text ?? "", "file"));
  if (!name || !file) return undefined;
  const noFile = missingReason(file);
  if (noFile !== undefined) return unresolved(noFile, ...origins(node, file));
  const path = target?.text || name.text;
  const root = kind === "secrets" ? "/run/secrets/" : "/";
  const baseDir = file.place.source.base.absolute;
  const bind = mount({
    type: "bind",
    source: file.text,
    target: cleanTarget(path.startsWith("/") ? path : root + path),
    readOnly: true,
    hostPath: hostPath(file.text, { baseDir, home: scope.io.home }),
  });
  return set(bind, ...origins(node, file));
}

const apiSocket = "/var/run/docker.sock";

/** `use_api_socket: true` mounts the Engine's socket (https://docs.docker.com/reference/compose-file/services/). */
function readApiSocket(node: Node | undefined): FactList<Mount> {
  const fact = booleanFact(node);
  if (fact.state === "unresolved") return [fact];
  if (fact.state !== "set" || !fact.value) return [];
  const bind = mount({ type: "bind", source: apiSocket, target: apiSocket, hostPath: apiSocket });
  return [set(bind, ...fact.origins)];
}
