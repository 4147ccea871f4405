import { isEqual } from "../../../base/equal.ts";
import { isRecord, type JsonObject } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { PublishedPort } from "../../../model/container-values.ts";
import { setItems } from "../../../model/fact.ts";
import { documentAt, isNothing, keyIn } from "../json.ts";
import { readPorts } from "../ports.ts";
import type { ItemPatch } from "./list-members.ts";
import { update, withMember, withMembers } from "./update.ts";

/**
 * Makes a patch of `PortBindings`, `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`. A port that is published is
 * exposed, too, for the Engine binds no other.
 */
export function patchPorts(document: unknown, patch: ItemPatch<PublishedPort>): Result<unknown> {
  if (patch.op === "add") return addPort(document, patch.value);
  const { value } = patch;
  const next = patch.op === "replace" ? patch.with : undefined;
  const isKept = next?.containerPort === value.containerPort && next.protocol === value.protocol;
  const changed = updateBindings(document, (bindings) =>
    Object.entries(bindings).reduce((made, [key, list]) => {
      if (!Array.isArray(list)) return made;
      const left = list.flatMap((binding: unknown): readonly unknown[] => {
        if (!says(key, binding, value)) return [binding];
        return next && isKept && isRecord(binding) ? [withMembers(binding, membersOf(next))] : [];
      });
      const isEmpty = left.length === 0 && list.length > 0;
      return withMember(made, key, isEmpty ? undefined : left);
    }, bindings),
  );
  return changed.ok && next && !isKept ? addPort(changed.value, next) : changed;
}

function addPort(document: unknown, port: PublishedPort): Result<unknown> {
  if (!/^\d+$/.test(port.containerPort))
    return failed("the Engine API takes no range of a container's ports");
  const key = `${port.containerPort}/${port.protocol}`;
  const bound = updateBindings(document, (bindings) => {
    const list = bindings[keyIn(bindings, key) ?? key];
    return withMember(bindings, key, [...(Array.isArray(list) ? list : []), membersOf(port)]);
  });
  if (!bound.ok) return bound;
  return update(bound.value, ["ExposedPorts"], (exposed) => {
    if (exposed !== undefined && !isRecord(exposed)) return failed("ExposedPorts is not an object");
    const ports = exposed ?? {};
    return ok(keyIn(ports, key) === undefined ? { ...ports, [key]: {} } : ports);
  });
}

function updateBindings(document: unknown, change: (bindings: JsonObject) => JsonObject): Result<unknown> {
  return update(document, ["HostConfig", "PortBindings"], (bindings) => {
    if (isNothing(bindings)) return ok(change({}));
    return isRecord(bindings) ? ok(change(bindings)) : failed("PortBindings is not an object");
  });
}

function membersOf({ hostIp, hostPort }: PublishedPort): JsonObject {
  return { HostIp: hostIp ?? "", HostPort: hostPort ?? "" };
}

function says(key: string, binding: unknown, port: PublishedPort): boolean {
  const read = setItems(readPorts(documentAt({ PortBindings: { [key]: [binding] } }, "")));
  return read.some((item) => isEqual(item.value, port));
}
