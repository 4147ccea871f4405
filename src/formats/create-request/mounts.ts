import { isRecord } from "../../base/json.ts";
import { type FactList, type SetFact, set, type UnresolvedFact, valueOr } from "../../model/fact.ts";
import {
  type Mount,
  mount,
  type Propagation,
  propagations,
  type TmpfsOptions,
  type VolumeDriver,
} from "../../model/mount.ts";
import { normalisePath, parseTmpfsOptions, parseVolume } from "../values/volume.ts";
import {
  booleanFact,
  broken,
  entriesFact,
  field,
  type JsonNode,
  listFact,
  path,
  stringFact,
} from "./json.ts";

/** The Engine takes no relative source; one that is written all the same stands on its root. */
const where = { baseDir: "/", home: "/" };

export const mountTypes = ["bind", "volume", "tmpfs", "npipe", "image", "cluster"] as const;

/** HostConfig's `Binds` (the `-v` syntax), `Mounts` and `Tmpfs`. */
export function readMounts(hostConfig: JsonNode): FactList<Mount> {
  return [
    ...listFact(field(hostConfig, "Binds"), readBind),
    ...listFact(field(hostConfig, "Mounts"), readMount),
    ...entriesFact(field(hostConfig, "Tmpfs"), readTmpfs),
  ];
}

/** Config's `Volumes`: anonymous volumes, by target. */
export function readAnonymousVolumes(config: JsonNode): FactList<Mount> {
  return entriesFact(field(config, "Volumes"), (target, { pointer }) => [
    set(mount({ type: "volume", target: cleanPath(target) }), { pointer }),
  ]);
}

function readBind(item: JsonNode): FactList<Mount>[number] | undefined {
  const spec = stringFact(item);
  if (spec.state === "unset") return undefined;
  if (spec.state !== "set") return spec;
  const parsed = parseVolume(spec.value, where);
  return parsed.ok ? set(parsed.value, { pointer: item.pointer }) : broken(item, parsed.reason);
}

function readTmpfs(target: string, node: JsonNode): FactList<Mount> {
  const options = stringFact(node);
  if (options.state === "unresolved") return [options];
  const tmpfs = parseTmpfsOptions(options.state === "set" ? options.value : "");
  const readOnly = options.state === "set" && options.value.split(",").includes("ro");
  return [
    set(mount({ type: "tmpfs", target: cleanPath(target), readOnly, tmpfs }), { pointer: node.pointer }),
  ];
}

/** One object of `Mounts` (Engine API: Mount). */
function readMount(item: JsonNode): SetFact<Mount> | UnresolvedFact {
  if (!isRecord(item.value)) return broken(item, `${item.name} is not an object`);
  const bind = field(item, "BindOptions");
  const driverNode = path(item, "VolumeOptions", "DriverConfig");
  const parts = {
    type: stringFact(field(item, "Type")),
    source: stringFact(field(item, "Source")),
    target: stringFact(field(item, "Target")),
    readOnly: booleanFact(field(item, "ReadOnly")),
    propagation: stringFact(field(bind, "Propagation")),
    writableBelow: booleanFact(field(bind, "ReadOnlyNonRecursive")),
    driver: stringFact(field(driverNode, "Name")),
    subpath: stringFact(path(item, "VolumeOptions", "Subpath")),
  };
  const wrong = Object.values(parts).find((part) => part.state === "unresolved");
  if (wrong) return broken(item, wrong.reason);
  const type = mountTypes.find((each) => each === valueOr(parts.type, ""));
  if (!type) return broken(item, "the mount has no known type");
  if (parts.target.state !== "set") return broken(item, "the mount has no target");
  const source = valueOr(parts.source, undefined);
  const driver =
    type === "volume" ? driverOf(valueOr(parts.driver, ""), field(driverNode, "Options").value) : undefined;
  return set(
    mount({
      type,
      source: type === "tmpfs" ? undefined : source,
      target: cleanPath(parts.target.value),
      readOnly: valueOr(parts.readOnly, false),
      propagation: propagationOf(valueOr(parts.propagation, "")),
      hostPath:
        type === "bind"
          ? source && normalisePath(source)
          : boundByDriver(valueOr(parts.driver, ""), field(driverNode, "Options").value),
      tmpfs: type === "tmpfs" ? tmpfsOf(field(item, "TmpfsOptions")) : undefined,
      ...(valueOr(parts.writableBelow, false) && { isWritableBelow: true }),
      ...(driver && { driver }),
      ...(type === "volume" && valueOr(parts.subpath, "") !== "" && { subpath: valueOr(parts.subpath, "") }),
    }),
    { pointer: item.pointer },
  );
}

/**
 * The host path that a volume of the `local` driver binds (`type=none,o=bind,device=PATH`), normalised; undefined
 * where the options make no bind.
 *
 * @see https://docs.docker.com/reference/cli/docker/volume/create/#opt
 */
export function boundByDriver(driver: string, options: unknown): string | undefined {
  if ((driver || "local") !== "local" || !isRecord(options)) return undefined;
  const { o, device } = options;
  if (typeof o !== "string" || typeof device !== "string" || !device.startsWith("/")) return undefined;
  const binds = o.split(",").some((option) => ["bind", "rbind"].includes(option.trim()));
  return binds ? normalisePath(device) : undefined;
}

/** A volume's driver with its options; undefined where it is Docker's own without any. */
export function driverOf(name: string, options: unknown): VolumeDriver | undefined {
  const given = isRecord(options) ? options : {};
  if ((name || "local") === "local" && Object.keys(given).length === 0) return undefined;
  return {
    name: name || "local",
    options: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)])),
  };
}

/** `SizeBytes`, `Mode` (a decimal number) and, since API 1.46, `Options` as `[["exec"], ["uid", "1"]]`. */
function tmpfsOf(node: JsonNode): TmpfsOptions {
  const { value: options } = field(node, "Options");
  const listed = Array.isArray(options)
    ? options.map((option) => (Array.isArray(option) ? option.join("=") : ""))
    : [];
  const size = field(node, "SizeBytes").value;
  const mode = field(node, "Mode").value;
  const parsed = parseTmpfsOptions(listed.join(","));
  return {
    ...parsed,
    size: typeof size === "number" && size > 0 ? size : parsed.size,
    mode: typeof mode === "number" && mode > 0 ? mode : parsed.mode,
  };
}

export function propagationOf(text: string): Propagation | undefined {
  return propagations.find((each) => each === text);
}

/** Normalised, as long as it is absolute: the Engine takes no other, and says so itself. */
export function cleanPath(path: string): string {
  return path.startsWith("/") ? normalisePath(path) : path;
}
