import { failed, ok, type Result } from "../../../base/result.ts";
import { unresolved } from "../../../model/fact.ts";
import {
  type Mount,
  mount,
  type Propagation,
  propagations,
  type TmpfsOptions,
} from "../../../model/mount.ts";
import { parseBytes } from "../../values/bytes.ts";
import {
  mountOfUnknown,
  normalisePath,
  parseTmpfsOptions,
  parseVolume,
  resolveHostPath,
} from "../../values/volume.ts";
import { hole, reasonOf, sourceOf, type Word } from "../word.ts";
import { parseCsvRecord } from "./csv.ts";
import { addItem, addValue, type LineFacts, originOf, refuse } from "./line-facts.ts";

function where(lineFacts: LineFacts) {
  return { baseDir: lineFacts.around.folder.absolute, home: lineFacts.around.io.home };
}

/**
 * `-v`. An unknown part leaves the mount unresolved where it may be the source; a known source is judged whatever the
 * target is.
 */
export function readVolume(lineFacts: LineFacts, value: Word): void {
  const firstHole = value.text.indexOf(hole);
  const colon = value.text.indexOf(":", 1);
  if (firstHole >= 0 && (colon < 0 || firstHole < colon)) {
    const [source = "", target = "", ...options] = sourceWithoutColons(value).split(":");
    const isKnown = colon >= 0 && !value.text.includes(hole, colon) && options.length < 2;
    const socket = isKnown ? mountOfUnknown(source, target) : undefined;
    if (socket) addValue(lineFacts, "mounts", socket, value);
    else openMount(lineFacts, value);
    return;
  }
  const text = firstHole < 0 ? value.text : sourceWithoutColons(value);
  const parsed = parseVolume(withPipes(text), where(lineFacts));
  if (parsed.ok) addValue(lineFacts, "mounts", parsed.value, value);
  else addItem(lineFacts, "mounts", refuse(lineFacts, parsed.reason, value));
}

/** `\\.\pipe\docker_engine` without quotes, as PowerShell and cmd take it; a POSIX shell leaves `\.pipedocker_engine`. */
function withPipes(text: string): string {
  return text.replaceAll(/\\\.pipe(?=\w+_engine)/g, "\\\\.\\pipe\\");
}

/** The word with its unknown parts as written, their colons (`${X:-y}`) made harmless. */
function sourceWithoutColons(value: Word): string {
  const holes = value.holes.map((each) => ({ ...each, source: each.source.replaceAll(":", "") }));
  return sourceOf({ ...value, holes });
}

/** `--mount`. The target may be unknown, nothing else. */
export function readMount(lineFacts: LineFacts, value: Word): void {
  const opaque = value.text
    .split(",")
    .some((field) => field.includes(hole) && !/^"?(?:target|dst|destination)=/i.test(field));
  if (opaque) {
    openMount(lineFacts, value);
    return;
  }
  const text = sourceOf({
    ...value,
    holes: value.holes.map((each) => ({ ...each, source: plain(each.source) })),
  });
  addMount(lineFacts, parseMountFlag(text, where(lineFacts)), value);
}

function plain(source: string): string {
  return source.replaceAll(/[",]/g, "");
}

function addMount(lineFacts: LineFacts, parsed: Result<ReturnType<typeof mount>>, value: Word): void {
  if (parsed.ok) addValue(lineFacts, "mounts", parsed.value, value);
  else addItem(lineFacts, "mounts", refuse(lineFacts, parsed.reason, value));
}

/** `--tmpfs PATH[:OPTIONS]`. */
export function readTmpfs(lineFacts: LineFacts, value: Word): void {
  const colon = value.text.indexOf(":");
  if (value.text.slice(colon < 0 ? value.text.length : colon).includes(hole)) {
    openMount(lineFacts, value);
    return;
  }
  const text = sourceWithoutColons(value);
  const split = text.indexOf(":");
  const target = split < 0 ? text : text.slice(0, split);
  const tmpfs = parseTmpfsOptions(split < 0 ? "" : text.slice(split + 1));
  const readOnly =
    split >= 0 &&
    text
      .slice(split + 1)
      .split(",")
      .includes("ro");
  addValue(lineFacts, "mounts", mount({ type: "tmpfs", target, tmpfs, readOnly }), value);
}

/** `--use-api-socket` binds the Engine's socket (docker/cli: cli/command/container/create.go). */
export function readApiSocket(lineFacts: LineFacts, spelled: Word): void {
  const path = "/var/run/docker.sock";
  addValue(
    lineFacts,
    "mounts",
    mount({ type: "bind", source: path, target: path, hostPath: resolveHostPath(path, where(lineFacts)) }),
    spelled,
  );
}

function openMount(lineFacts: LineFacts, value: Word): void {
  addItem(lineFacts, "mounts", unresolved(reasonOf(value), originOf(lineFacts, value)));
}

const types = ["bind", "volume", "tmpfs", "npipe", "image", "cluster"] as const;

/** Options that change nothing that a control judges. */
const ignored = new Set([
  "consistency",
  "bind-nonrecursive",
  "bind-create-src",
  "volume-nocopy",
  "volume-label",
  "volume-subpath",
  "image-subpath",
]);

/**
 * The value of `--mount`: comma-separated `key=value` fields, each of which may be quoted as in CSV
 * (https://docs.docker.com/reference/cli/docker/container/run/#mount, docker/cli: opts/mount.go).
 */
function parseMountFlag(
  text: string,
  where: { readonly baseDir: string; readonly home: string },
): Result<Mount> {
  const record = parseCsvRecord(text.trim());
  if (!record.ok) return failed(`the value of --mount is not comma-separated fields: ${record.reason}`);
  const fields = readFields(record.value);
  if (!fields.ok) return fields;
  const { values, driverOptions } = fields.value;
  const type = types.find((known) => known === (values.get("type") ?? "volume").toLowerCase());
  if (!type) return failed(`--mount knows no type “${values.get("type")}”`);
  const target = values.get("target");
  if (target === undefined) return failed("--mount names no target");
  const propagation = values.get("bind-propagation")?.toLowerCase();
  const source = values.get("source");
  const driverName = values.get("volume-driver") ?? "local";
  const driver =
    type === "volume" && (driverOptions.size > 0 || driverName !== "local")
      ? { name: driverName, options: Object.fromEntries(driverOptions) }
      : undefined;
  return ok(
    mount({
      type,
      source,
      target: target.startsWith("/") ? normalisePath(target) : target,
      readOnly: values.get("readonly") === "true" || (driverOptions.get("o") ?? "").split(",").includes("ro"),
      propagation: propagations.find((known): known is Propagation => known === propagation),
      hostPath: hostPathOf(type, source, driverOptions, where),
      tmpfs: type === "tmpfs" ? tmpfsOf(values) : undefined,
      ...(values.get("bind-recursive") === "writable" && { isWritableBelow: true }),
      ...(driver && { driver }),
    }),
  );
}

interface Fields {
  readonly values: ReadonlyMap<string, string>;
  readonly driverOptions: ReadonlyMap<string, string>;
}

const spellings: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
};

function readFields(fields: readonly string[]): Result<Fields> {
  const values = new Map<string, string>();
  const driverOptions = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    const written = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const name = spellings[written] ?? written;
    const value = equals < 0 ? undefined : field.slice(equals + 1);
    if (name === "readonly") {
      const read = readSwitch(value);
      if (read === undefined) return failed("readonly of --mount takes true or false");
      values.set(name, String(read));
    } else if (name === "volume-opt" && value !== undefined) {
      const [key = "", ...rest] = value.split("=");
      driverOptions.set(key, rest.join("="));
    } else if (ignored.has(name)) continue;
    else if (value !== undefined && known.has(name)) values.set(name, value);
    else return failed(`--mount has no option “${name}”`);
  }
  return ok({ values, driverOptions });
}

const known = new Set([
  "type",
  "source",
  "target",
  "bind-propagation",
  "bind-recursive",
  "tmpfs-size",
  "tmpfs-mode",
  "volume-driver",
]);

function readSwitch(value: string | undefined): boolean | undefined {
  if (value === undefined || value === "1" || value === "true") return true;
  return value === "0" || value === "false" ? false : undefined;
}

/** A bind's source, or the device that the options of the local driver bind (`o=bind,device=/x`). */
function hostPathOf(
  type: Mount["type"],
  source: string | undefined,
  options: ReadonlyMap<string, string>,
  where: { readonly baseDir: string; readonly home: string },
): string | undefined {
  if (type === "bind") return source === undefined ? undefined : resolveHostPath(source, where);
  const device = options.get("device");
  if (type !== "volume" || !device?.startsWith("/")) return undefined;
  const binds = (options.get("o") ?? "").split(",").some((option) => option === "bind" || option === "rbind");
  return binds ? normalisePath(device) : undefined;
}

function tmpfsOf(values: ReadonlyMap<string, string>): TmpfsOptions {
  const size = parseBytes(values.get("tmpfs-size") ?? "");
  const mode = values.get("tmpfs-mode") ?? "";
  return {
    size: size !== undefined && size > 0 ? size : undefined,
    mode: /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : undefined,
    exec: false,
    suid: false,
    dev: false,
  };
}
