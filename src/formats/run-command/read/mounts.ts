import type { Result } from "../../../base/result.ts";
import { unresolved } from "../../../model/fact.ts";
import { mount } from "../../../model/mount.ts";
import { resolveHostPath } from "../../values/path.ts";
import { parseTmpfsOptions } from "../../values/tmpfs.ts";
import { mountOfUnknown, parseVolume } from "../../values/volume.ts";
import { hole, reasonOf, sourceOf, type Word } from "../word.ts";
import { addItem, addValue, type LineFacts, originOf, refuse } from "./line-facts.ts";
import { parseMountFlag } from "./mount-flag.ts";

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
