import { parseTree } from "jsonc-parser";
import { optionOfKey } from "./options.ts";
import { runsDockerd } from "./unit.ts";

/** Whether a file is a daemon.json by its name; copies of one have names such as `daemon.prod.json`. */
export function looksLikeDaemonJson(path: string): boolean {
  return /^(?:docker[.-])?daemon(?:[.-][\w-]+)?\.json$/i.test(nameOf(path));
}

/** Whether most keys of a JSON text are options of dockerd, for a file whose name says nothing. */
export function isMostlyDaemonOptions(text: string): boolean {
  const root = parseTree(text);
  const keys = root?.type === "object" ? (root.children ?? []).map((pair) => pair.children?.[0]?.value) : [];
  return keys.filter((key) => optionOfKey(String(key)) !== undefined).length > keys.length / 2;
}

/**
 * Whether a file is a systemd unit that runs dockerd, a drop-in that says how, or the socket unit that dockerd is
 * handed its sockets by.
 */
export function looksLikeDockerdUnit(path: string, text: string): boolean {
  const name = nameOf(path);
  const isDropIn = /\.(?:service|socket)\.d[\\/][^\\/]+\.conf$/i.test(path);
  if (!isDropIn && !/\.(?:service|socket)$/i.test(name)) return false;
  if (!name.includes("docker") && !text.includes("docker")) return false;
  if (/^\[Socket\]/m.test(text))
    return /^docker[\w@-]*\.socket$|^ListenStream=.*\bdocker/m.test(`${name}\n${text}`);
  return runsDockerd(text);
}

/** Whether the text may be a dockerd command line, also in its old forms (`docker -d`, `docker daemon`). */
export function mentionsDockerd(text: string): boolean {
  return /(?:^|[\s/])(?:dockerd|docker[ \t]+(?:-d|--daemon|daemon))(?:\s|$)/.test(text);
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
