import { dirname } from "node:path";
import type { Container } from "../model/container.ts";
import { setItems, valueOr } from "../model/fact.ts";
import { isAtOrBelow } from "../model/host/path.ts";
import { type Mount, mount } from "../model/mount.ts";
import type { Refusal } from "./refusal.ts";
import { pathOf, type Rule, type Setting, setting, unknown } from "./setting.ts";

/** The innermost mount that a path is on. */
export function mountOf(path: string, { mounts }: Container): Mount | undefined {
  return setItems(mounts)
    .map(({ value }) => value)
    .filter(({ target }) => isAtOrBelow(path, target))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
}

/** Kernel parameters that a container has of its own, and Compose's `sysctls` may set (docker run --sysctl). */
const ownParameters = /^\/proc\/sys\/(net\/.+|kernel\/(?:msg|sem|shm).*|fs\/mqueue\/.+)$/;

/** Programs live there: a tmpfs over it would hide them. */
const ofTheImage = /^\/(?:bin|boot|etc|lib\w*|opt|sbin|usr)?(?:\/|$)/;

export function readOnlyRule(refusal: Refusal, container: Container): Rule {
  const path = pathOf(refusal);
  if (path !== undefined && (isAtOrBelow(path, "/proc") || isAtOrBelow(path, "/sys"))) {
    const parameter = ownParameters.exec(path)?.[1]?.replaceAll("/", ".");
    const value = { name: parameter ?? "", value: "…" };
    return {
      layer: "kernel path",
      because: `Docker mounts ${isAtOrBelow(path, "/proc") ? "/proc/sys" : "/sys"} read-only`,
      settings: parameter === undefined ? [] : [setting({ op: "add", field: "sysctls", value })],
    };
  }
  const on = path === undefined ? undefined : mountOf(path, container);
  if (on?.readOnly) {
    return {
      layer: "read-only mount",
      because: `the read-only mount at ${on.target}`,
      settings: [setting({ op: "replace", field: "mounts", value: on, with: { ...on, readOnly: false } })],
    };
  }
  if (valueOr(container.readonlyRootfs, false) !== true)
    return { ...unknown(refusal), because: "a read-only file system" };
  return { layer: "read-only root", because: "the read-only root", settings: writable(refusal, path) };
}

function writable({ call }: Refusal, path: string | undefined): readonly Setting[] {
  const off = setting(
    { op: "set", field: "readonlyRootfs", value: false },
    "the whole root is writable again",
  );
  if (path === undefined) return [off];
  // A file of its own in `/` is none that a program writes: it is the folder itself that is changed.
  const folder = /^mkdir/.test(call) || dirname(path) === "/" ? path : dirname(path);
  const scratch = setting({ op: "add", field: "mounts", value: tmpfsAt(folder) });
  const data = setting(
    { op: "add", field: "mounts", value: mount({ type: "volume", source: "data", target: folder }) },
    "a volume keeps what is written, and starts with what the image has there",
  );
  return folder === "/" ? [off] : ofTheImage.test(folder) ? [data, off] : [scratch, data];
}

function tmpfsAt(target: string): Mount {
  return mount({
    ...{ type: "tmpfs", target },
    tmpfs: { size: undefined, mode: undefined, exec: false, suid: false, dev: false },
  });
}

const mebibyte = 1024 ** 2;

export function fullRule(refusal: Refusal, container: Container): Rule {
  const path = pathOf(refusal);
  const limited = setItems(container.mounts).flatMap(({ value }) => (value.tmpfs?.size ? [value] : []));
  const on = path === undefined ? (limited.length === 1 ? limited[0] : undefined) : mountOf(path, container);
  if (on?.tmpfs) {
    const size = on.tmpfs.size ?? 0;
    const larger = { ...on, tmpfs: { ...on.tmpfs, size: Math.max(mebibyte, 2 * size) } };
    return {
      layer: "full file system",
      because: `the tmpfs at ${on.target} is full (${sizeOf(size)})`,
      settings: size === 0 ? [] : [setting({ op: "replace", field: "mounts", value: on, with: larger })],
    };
  }
  if (path !== undefined && isAtOrBelow(path, "/dev/shm")) {
    return {
      layer: "full file system",
      because: "/dev/shm is full",
      settings: [{ compose: "shm_size: 256m", run: "--shm-size 256m", note: "Docker's default is 64m" }],
    };
  }
  const because = path === undefined ? "a file system is full" : `the file system of ${path} is full`;
  return { layer: "full file system", because, settings: [] };
}

export function sizeOf(bytes: number): string {
  return bytes % mebibyte === 0 ? `${bytes / mebibyte} MiB` : `${bytes} bytes`;
}
