import type { Result } from "../../../base/result.ts";
import { unresolved } from "../../../model/fact.ts";
import { mount } from "../../../model/mount.ts";
import { resolveHostPath } from "../../values/path.ts";
import { parseTmpfsOptions } from "../../values/tmpfs.ts";
import { parseVolume } from "../../values/volume.ts";
import { hole, reasonOf, sourceOf, type Word } from "../word.ts";
import { addItem, addValue, type Draft, originOf, refuse } from "./draft.ts";
import { parseMountFlag } from "./mount-flag.ts";

function where(draft: Draft) {
  return { baseDir: draft.around.folder.absolute, home: draft.around.io.home };
}

/**
 * `-v`. An unknown part leaves the mount unresolved where it may be the source; a known source is judged whatever the
 * target is.
 */
export function readVolume(draft: Draft, value: Word): void {
  const firstHole = value.text.indexOf(hole);
  const colon = value.text.indexOf(":", 1);
  if (firstHole >= 0 && (colon < 0 || firstHole < colon)) {
    openMount(draft, value);
    return;
  }
  const parsed = parseVolume(firstHole < 0 ? value.text : sourceWithoutColons(value), where(draft));
  if (parsed.ok) addValue(draft, "mounts", parsed.value, value);
  else addItem(draft, "mounts", refuse(draft, parsed.reason, value));
}

/** The word with its unknown parts as written, their colons (`${X:-y}`) made harmless. */
function sourceWithoutColons(value: Word): string {
  const holes = value.holes.map((each) => ({ ...each, source: each.source.replaceAll(":", "") }));
  return sourceOf({ ...value, holes });
}

/** `--mount`. The target may be unknown, nothing else. */
export function readMount(draft: Draft, value: Word): void {
  const opaque = value.text
    .split(",")
    .some((field) => field.includes(hole) && !/^"?(?:target|dst|destination)=/i.test(field));
  if (opaque) {
    openMount(draft, value);
    return;
  }
  const text = sourceOf({
    ...value,
    holes: value.holes.map((each) => ({ ...each, source: plain(each.source) })),
  });
  addMount(draft, parseMountFlag(text, where(draft)), value);
}

function plain(source: string): string {
  return source.replaceAll(/[",]/g, "");
}

function addMount(draft: Draft, parsed: Result<ReturnType<typeof mount>>, value: Word): void {
  if (parsed.ok) addValue(draft, "mounts", parsed.value, value);
  else addItem(draft, "mounts", refuse(draft, parsed.reason, value));
}

/** `--tmpfs PATH[:OPTIONS]`. */
export function readTmpfs(draft: Draft, value: Word): void {
  const colon = value.text.indexOf(":");
  if (value.text.slice(colon < 0 ? value.text.length : colon).includes(hole)) {
    openMount(draft, value);
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
  addValue(draft, "mounts", mount({ type: "tmpfs", target, tmpfs, readOnly }), value);
}

/** `--use-api-socket` binds the Engine's socket (docker/cli: cli/command/container/create.go). */
export function readApiSocket(draft: Draft, spelled: Word): void {
  const path = "/var/run/docker.sock";
  addValue(
    draft,
    "mounts",
    mount({ type: "bind", source: path, target: path, hostPath: resolveHostPath(path, where(draft)) }),
    spelled,
  );
}

function openMount(draft: Draft, value: Word): void {
  addItem(draft, "mounts", unresolved(reasonOf(value), originOf(draft, value)));
}
