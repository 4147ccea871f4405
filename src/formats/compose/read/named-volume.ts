import { type SetFact, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import type { Mount } from "../../../model/mount.ts";
import { at, entriesOf, get, has, type Node, originOf } from "../yaml/node.ts";
import { missingReason, scalar } from "./facts.ts";
import type { Scope } from "./scope.ts";
import { hostPath, isPropagation } from "./volume-short.ts";

/**
 * A mount of a volume with what the top-level `volumes:` says of it. The local driver with `o: bind` makes any volume a
 * bind of its `device` (https://docs.docker.com/reference/cli/docker/volume/create/#driver-specific-options).
 */
export function withNamedVolume(
  fact: SetFact<Mount>,
  node: Node,
  scope: Scope,
): SetFact<Mount> | UnresolvedFact {
  const { type, source } = fact.value;
  if (type !== "volume" || source === undefined) return fact;
  const volumes = get(scope.project, "volumes");
  if (!has(volumes, source)) {
    const place = get(node, "source")?.place ?? node.place;
    scope.report({ reason: `the volume ${source} is not declared under the top-level volumes`, place });
    return fact;
  }
  const volume = get(volumes, source);
  const options = get(volume, "driver_opts");
  const driver = scalar(get(volume, "driver"))?.text ?? "local";
  if (!options && driver === "local") return fact;
  const given: Record<string, string> = {};
  for (const { name, value } of entriesOf(options)) {
    const missing = missingReason(value);
    if (missing !== undefined) return unresolved(missing, ...fact.origins, originOf(value));
    given[name] = scalar(value)?.text ?? "";
  }
  const driven: SetFact<Mount> = {
    ...fact,
    value: { ...fact.value, driver: { name: driver, options: given } },
    origins: [
      ...fact.origins,
      ...[get(volume, "driver"), options].flatMap((node) => (node ? [originOf(node)] : [])),
    ],
  };
  if (driver !== "local") return driven;
  const flags = scalar(at(options, "o"))?.text.split(",") ?? [];
  const device = scalar(at(options, "device"));
  if (!device || !(flags.includes("bind") || flags.includes("rbind"))) return driven;
  const baseDir = device.place.source.base.absolute;
  return {
    ...fact,
    value: {
      ...driven.value,
      hostPath: hostPath(device.text, { baseDir, home: scope.io.home }),
      readOnly: fact.value.readOnly || flags.includes("ro"),
      propagation: fact.value.propagation ?? flags.findLast(isPropagation),
    },
    origins: [...fact.origins, originOf(device)],
  };
}
