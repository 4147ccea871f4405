import { isRecord, itemsOf, parsedJson, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { canonicalPath, isAtOrBelow } from "../../../model/host/path.ts";
import type { Mount } from "../../../model/mount.ts";
import type { HostFolder, HostFolders, MountRule, Policy } from "../../policy/policy.ts";
import type { ApiVersion } from "../../request/version.ts";
import { matchesPath } from "../policy/patterns.ts";
import type { Answer } from "../result.ts";

/** The API has subpaths since this minor version. */
const subpathsSince = 45;

/**
 * Whether dockerd understands a subpath in the request. It relabels a volume where SELinux is on, and without root it has other
 * mounts than the guard: then a bind stays one.
 */
export function hasSubpaths(version: ApiVersion | undefined, engine: Answer): boolean {
  if (engine.state !== "found") return false;
  const { document } = engine;
  const options = textsOf(recordAt(document, "info").SecurityOptions);
  if (options.some((option) => /^name=(?:selinux|rootless)\b/.test(option))) return false;
  const newest = Number(/^1\.(\d+)$/.exec(textAt(document, "version", "ApiVersion") ?? "")?.[1] ?? 0);
  return newest >= subpathsSince && (version === undefined || version.minor >= subpathsSince);
}

/** What a container was asked for, where the guard sent it in other words. No client can set it. */
export const askedLabel = "bulkhead.asked";

/** The folder that a rule opens, without its patterns. */
export function rootOf({ source }: MountRule): string {
  const star = source.indexOf("*");
  return canonicalPath(star < 0 ? source : source.slice(0, source.lastIndexOf("/", star)) || "/");
}

/** Where a mount is in a folder of the guard's; undefined where it stays a bind. The narrowest folder that the client may mount counts. */
export function folderOf(
  { hostPath, resolvedPath, readOnly }: Pick<Mount, "hostPath" | "resolvedPath" | "readOnly">,
  { allow, folders }: Policy,
  user?: string,
): HostFolder | undefined {
  if (!folders || hostPath === undefined) return undefined;
  const path = canonicalPath(resolvedPath ?? hostPath);
  return allow.mounts
    .filter((rule) => !rule.dangerous && (readOnly || !rule.readOnly) && matchesPath(path, rule.source))
    .map((rule) => folders.at(rule, user))
    .filter((folder) => folder !== undefined)
    .filter(({ root }) => isAtOrBelow(path, root))
    .toSorted((one, other) => other.root.length - one.root.length)[0];
}

/** Why a bind may not stay one: somebody else than root can choose where its path leads. */
export function refusedFolder(path: string, { allow, folders }: Policy): string | undefined {
  const rules = allow.mounts.filter(({ source }) => matchesPath(canonicalPath(path), source));
  return rules.map((rule) => folders?.refused(rootOf(rule))).find((reason) => reason !== undefined);
}

/** The folder of the guard's that a path is in: it goes to dockerd as a volume, and never by its path. */
export function heldFolder(path: string, { allow, folders }: Policy): HostFolder | undefined {
  return allow.mounts
    .filter(({ source }) => matchesPath(canonicalPath(path), source))
    .map((rule) => folders?.at(rule))
    .find((folder) => folder !== undefined);
}

/** Whether a volume is one of the guard's folders. */
export function isFolderVolume(source: string | undefined, { folders }: Policy): boolean {
  return source !== undefined && folders?.named(source) !== undefined;
}

/** What a bind asks for, as far as it can be said of a volume. */
export interface AskedBind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Whether a missing folder is made. */
  readonly makes: boolean;
  /** What a volume cannot do; undefined where there is nothing. */
  readonly beyond: string | undefined;
}

/** A bind of `Binds` or `Mounts`; undefined for everything else. */
export function askedBind(item: unknown): AskedBind | undefined {
  if (typeof item === "string") {
    const [source = "", target, options = ""] = item.split(":");
    if (target === undefined || !source.startsWith("/")) return undefined;
    const words = options.split(",");
    const beyond = words.find((word) => /^r?(?:shared|slave)$/.test(word));
    return { source, target, readOnly: words.includes("ro"), makes: true, beyond };
  }
  if (textAt(item, "Type") !== "bind") return undefined;
  const { Propagation = "", CreateMountpoint } = recordAt(item, "BindOptions");
  return {
    source: textAt(item, "Source") ?? "",
    target: textAt(item, "Target") ?? "",
    readOnly: recordAt({ item }, "item").ReadOnly === true,
    makes: CreateMountpoint === true,
    beyond: /^r?(?:shared|slave)$/.test(String(Propagation)) ? String(Propagation) : undefined,
  };
}

/** The bind as a mount of the volume. */
export function asVolume({ target, readOnly }: AskedBind, { volume, device }: HostFolder, Subpath: string) {
  return {
    Type: "volume",
    Source: volume,
    Target: target,
    ...(readOnly && { ReadOnly: true }),
    VolumeOptions: {
      // Else the image's files are copied into a folder that is empty, and its owner changes.
      NoCopy: true,
      ...(Subpath !== "" && { Subpath }),
      // dockerd makes the volume by this where it is not there.
      DriverConfig: { Name: "local", Options: { type: "none", o: "bind", device } },
    },
  };
}

type Json = Readonly<Record<string, unknown>>;

const unmounted =
  "a folder of the host that it mounts does not exist, or a link on the path leads out of what is allowed";

/** A container of a list, or as it is inspected, in the words in which it was asked for; a list of volumes without the guard's. */
export function asAsked(document: unknown, folders: HostFolders): unknown {
  if (Array.isArray(document)) return document.map((item) => asAsked(item, folders));
  if (!isRecord(document)) return document;
  // dockerd would tell what exists where the client cannot look.
  if (typeof document.message === "string" && /\/bulkhead-[0-9a-f]{24}\/_data/.test(document.message))
    return { message: `bulkhead: ${unmounted}` };
  if (Array.isArray(document.Volumes)) {
    const Volumes = document.Volumes.filter(
      (each) => folders.named(textAt(each, "Name") ?? "") === undefined,
    );
    return { ...document, Volumes };
  }
  const config = recordAt(document, "Config");
  const labels = isRecord(config.Labels) ? config.Labels : recordAt(document, "Labels");
  if (typeof labels[askedLabel] !== "string") return document;
  const { [askedLabel]: label, ...Labels } = labels;
  const asked = recordAt({ at: parsedJson(String(label)) }, "at");
  const given = itemsOf(asked.mounts);
  const host = recordAt(document, "HostConfig");
  const binds = given.filter((item) => typeof item === "string");
  return {
    ...document,
    ...(isRecord(document.Labels) && { Labels }),
    ...(isRecord(document.Config) && { Config: { ...config, Labels } }),
    ...(Array.isArray(document.Mounts) && {
      Mounts: document.Mounts.map((each) => asBind(each, given, folders)),
    }),
    ...(isRecord(document.HostConfig) && {
      HostConfig: withMounts(
        { ...host, ...(isRecord(asked.restart) && { RestartPolicy: asked.restart }) },
        [...itemsOf(host.Binds), ...binds],
        [
          ...itemsOf(host.Mounts).filter((each) => folders.named(textAt(each, "Source") ?? "") === undefined),
          ...given.filter((item) => typeof item !== "string"),
        ],
      ),
    }),
  };
}

/** A HostConfig with these; a member that was not there and would be empty stays away. */
export function withMounts(host: Json, Binds: readonly unknown[], Mounts: readonly unknown[]): Json {
  return {
    ...host,
    ...((Binds.length > 0 || Array.isArray(host.Binds)) && { Binds }),
    ...((Mounts.length > 0 || Array.isArray(host.Mounts)) && { Mounts }),
  };
}

/** What is mounted, as the Engine says of a bind. */
function asBind(point: unknown, given: readonly unknown[], folders: HostFolders): unknown {
  if (!isRecord(point) || folders.named(String(point.Name ?? "")) === undefined) return point;
  const asked = given
    .map(askedBind)
    .find((each) => each && canonicalPath(each.target) === canonicalPath(String(point.Destination)));
  if (!asked) return point;
  const { Name: _, Driver: __, ...rest } = point;
  return {
    ...rest,
    Type: "bind",
    Source: asked.source,
    Mode: asked.readOnly ? "ro" : "",
    Propagation: "rprivate",
  };
}
