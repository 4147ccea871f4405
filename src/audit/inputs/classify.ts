import { basename, extname } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import { looksLikeCompose, servicesIn } from "../../formats/compose/looks-like.ts";
import {
  isMostlyDaemonOptions,
  looksLikeDaemonJson,
  looksLikeDockerdUnit,
} from "../../formats/daemon-json/looks-like.ts";
import { isDockerfileName } from "../../formats/dockerfile/name.ts";
import { mentionsDockerRun, type ScriptHost, scriptHostOf } from "../../formats/run-command/script-host.ts";
import {
  isTerraform,
  type OptionsHost,
  optionsHostIn,
  optionsHostOf,
} from "../../formats/run-options/looks-like.ts";
import type { Files } from "../../model/reading.ts";
import type { DiskFiles } from "./disk-files.ts";

/** What a file is read as. */
export type FileFormat =
  | { readonly format: "compose" }
  | { readonly format: "dockerfile" }
  | { readonly format: "daemon-json" }
  | { readonly format: "dockerd-unit" }
  | { readonly format: "run-options"; readonly host: OptionsHost }
  | { readonly format: "script"; readonly host: ScriptHost };

/**
 * What the file is, by its name first and its text where the name does not tell. A file that a walk found
 * and that cannot be read is a failure only if its name says that it is ours.
 */
export function classify(path: string, io: DiskFiles): Result<FileFormat | undefined> {
  const byName = formatOfName(path);
  if ((byName || mayBeOurs(path)) && isUnspeakable(path, io)) return failed(unspeakable);
  if (byName) return ok(byName);
  if (!mayBeOurs(path) && !(mayBeScript(path) && io.startsWith(path, "#!"))) return ok(undefined);
  const text = io.read(path);
  const format = text.ok ? formatOfText(path, text.value) : undefined;
  if (!format) io.forget(path);
  return ok(format);
}

/** For a file that was named: reading is tried whatever the name, and failing to is an answer. */
export function classifyNamed(path: string, io: Files): Result<FileFormat> {
  const byName = formatOfName(path);
  if (byName) return ok(byName);
  const text = io.read(path);
  if (!text.ok) return text;
  const format = formatOfText(path, text.value) ?? formatOfShape(text.value);
  return format
    ? ok(format)
    : failed("it is not a Compose file, a Dockerfile, a daemon.json or a script that runs docker");
}

/** Why a file or folder cannot be opened whose name holds other bytes than UTF-8's. */
export const unspeakable = "its name is not UTF-8, so it cannot be opened: rename it";

/** Node replaces the bytes of such a name, so no file has the name that Node gives. */
export function isUnspeakable(path: string, io: Pick<Files, "exists">): boolean {
  return path.includes("\uFFFD") && !io.exists(path);
}

const composeName = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i;

/** What a file's name alone says. */
export function formatOfName(path: string): FileFormat | undefined {
  if (composeName.test(basename(path))) return { format: "compose" };
  if (isDockerfileName(path)) return { format: "dockerfile" };
  if (looksLikeDaemonJson(path)) return { format: "daemon-json" };
  const options = optionsHostOf(path);
  if (options) return { format: "run-options", host: options };
  return undefined;
}

/** Whether a file of this name is worth opening on a walk. */
function mayBeOurs(path: string): boolean {
  const extension = extname(path);
  return (
    extension === ".yml" ||
    extension === ".yaml" ||
    isTerraform(path) ||
    scriptHostOf(path) !== undefined ||
    /\.(?:socket|service\.d\/[^/]+\.conf)$/.test(path)
  );
}

/** A script without an extension starts with a shebang, so its text must be read. Most other such files are programs. */
function mayBeScript(path: string): boolean {
  return extname(path) === "" && !basename(path).startsWith(".");
}

function formatOfText(path: string, text: string): FileFormat | undefined {
  const extension = extname(path);
  const isYaml = extension === ".yml" || extension === ".yaml";
  if (isYaml && looksLikeCompose(text, path)) return { format: "compose" };
  const options = optionsHostIn(path, text);
  if (options) return { format: "run-options", host: options };
  if (looksLikeDockerdUnit(path, text)) return { format: "dockerd-unit" };
  const host = scriptHostOf(path) ?? (/^#!.*\b(?:ba|da|k|z|a)?sh\b/.test(text) ? "shell" : undefined);
  if (host === undefined) return undefined;
  return mentionsDockerRun(text) || hasJobContainer(host, text) ? { format: "script", host } : undefined;
}

/** A workflow's `container.options` are flags of docker create that no command names. */
function hasJobContainer(host: ScriptHost, text: string): boolean {
  if (host === "gitlab-ci") return /^\s*(?:image|services)\s*:/m.test(text);
  return host === "github-actions" && /^\s*(?:options|container|services)\s*:/m.test(text);
}

/** For a text without a telling name: standard input, or a file that was named all the same. */
export function formatOfShape(text: string): FileFormat | undefined {
  if (/^\s*\{/.test(text)) return isMostlyDaemonOptions(text) ? { format: "daemon-json" } : undefined;
  if (servicesIn(text) !== undefined) return { format: "compose" };
  if (/^\s*(?:#.*\n\s*)*(?:ARG\s|FROM\s)/i.test(text)) return { format: "dockerfile" };
  if (mentionsDockerRun(text)) return { format: "script", host: "shell" };
  return undefined;
}
