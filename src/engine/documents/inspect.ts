import { recordAt, textAt } from "../../base/json.ts";
import { configFacts } from "../../formats/create-request/config.ts";
import { readCredentials } from "../../formats/create-request/credentials.ts";
import { hostConfigFacts } from "../../formats/create-request/host-config.ts";
import {
  broken,
  documentAt,
  field,
  type JsonNode,
  listFact,
  path,
  stringFact,
} from "../../formats/create-request/json.ts";
import { cleanPath, mountTypes, propagationOf } from "../../formats/create-request/mounts.ts";
import { endpointFacts } from "../../formats/create-request/networks.ts";
import { unseenInApi } from "../../formats/create-request/read.ts";
import { turnsLabelsOff } from "../../model/container/selinux.ts";
import { type Container, container } from "../../model/container.ts";
import { type FactList, mapFact, set, valueOr } from "../../model/fact.ts";
import type { CodedFacts } from "../../model/facts/table.ts";
import { type Mount, mount } from "../../model/mount.ts";

/**
 * A container as `GET /containers/ID/json` shows it, as configured. Origins point into that document. The Engine
 * fills in defaults there (`CgroupnsMode`, `IpcMode`, `ShmSize`, the environment of the image), so what is set need
 * not have been asked for.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerInspect
 */
export function containerFromInspect(document: unknown): Container {
  const root = documentAt(document, "");
  const hostConfig = hostConfigFacts(field(root, "HostConfig"));
  const config = configFacts(field(root, "Config"));
  const facts: CodedFacts<"api"> = Object.assign({}, hostConfig, config, {
    apparmor:
      hostConfig.apparmor.state === "unset"
        ? stringFact(field(root, "AppArmorProfile"))
        : hostConfig.apparmor,
    selinux: withImpliedDisable(hostConfig),
    networkMode: hostConfig.networkMode.state === "unset" ? config.networkMode : hostConfig.networkMode,
    mounts: firstOfEachTarget([...hostConfig.mounts, ...readMountPoints(root), ...config.mounts]),
    ...endpointFacts(path(root, "NetworkSettings", "Networks")),
    credentials: readCredentials(field(root, "Config"), field(root, "HostConfig")),
  });
  return container("configured", unseenInApi, facts, {
    inspected: {
      imageId: textAt(document, "Image"),
      networks: Object.keys(recordAt(document, "NetworkSettings", "Networks")),
    },
  });
}

/** Inspect shows a `label=disable` that the Engine added as if somebody had asked for it. */
function withImpliedDisable(facts: ReturnType<typeof hostConfigFacts>) {
  const implied = turnsLabelsOff(facts);
  return mapFact(facts.selinux, (label) => (label.disable && implied ? { ...label, implied } : label));
}

/**
 * `Mounts` is what is really there: also volumes that the image declares and what `--volumes-from` brought. Its
 * `Source` of a volume is the Engine's own folder, no path that the user exposes.
 */
function readMountPoints(root: JsonNode): FactList<Mount> {
  return listFact(field(root, "Mounts"), (item) => {
    const text = (name: string) => valueOr(stringFact(field(item, name)), undefined);
    const target = text("Destination");
    if (target === undefined) return broken(item, "the mount has no destination");
    const isBind = text("Type") === "bind";
    const source = isBind ? text("Source") : text("Name");
    return set(
      mount({
        type: mountTypes.find((type) => type === text("Type")) ?? "volume",
        source,
        target: cleanPath(target),
        readOnly: field(item, "RW").value === false,
        propagation: propagationOf(text("Propagation") ?? ""),
        hostPath: isBind && source !== undefined ? cleanPath(source) : undefined,
      }),
      { pointer: item.pointer },
    );
  });
}

/** What was asked for says more than what `Mounts` shows of the same target. */
function firstOfEachTarget(mounts: FactList<Mount>): FactList<Mount> {
  const seen = new Set<string>();
  return mounts.filter((item) => {
    if (item.state !== "set") return true;
    if (seen.has(item.value.target)) return false;
    seen.add(item.value.target);
    return true;
  });
}
