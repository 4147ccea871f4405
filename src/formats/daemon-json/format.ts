import { parseTree } from "jsonc-parser";
import type { EnginePatch } from "../../model/patch.ts";
import type { Format } from "../format.ts";
import { readsOne, writesOne } from "../one-file.ts";
import { optionOfKey } from "./options.ts";
import { besideUnit, takenAlong } from "./surroundings.ts";
import { runsDockerd } from "./unit.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly "daemon-json": true;
  }
}

const sources = {
  "daemon-json": { title: "daemon.json", nouns: ["daemon.json", "daemon.json files"] },
} satisfies Format["sources"];

export const daemonJson = {
  nouns: ["daemon.json", "daemon.json files"],
  recognise: { name: looksLikeDaemonJson, shape: isMostlyDaemonOptions },
  sources,
  read: readsOne(async ({ text, file }) => {
    const { readDaemonJson } = await import("./read.ts");
    return readDaemonJson(text, file);
  }),
  write: writesOne(async ({ text, file }, wanted) => {
    const { writeDaemonJson } = await import("./write.ts");
    return wanted.map(({ patches }) =>
      writeDaemonJson({ text, file, patches: patches as readonly EnginePatch[] }),
    );
  }),
} satisfies Format;

/** The systemd unit of dockerd, with what stands beside it. */
export const dockerdUnit = {
  nouns: ["dockerd unit", "dockerd units"],
  recognise: {
    opens: (path) => /\.(?:service|socket|service\.d\/[^/]+\.conf)$/.test(path),
    text: (text, path) => looksLikeDockerdUnit(path, text),
  },
  sources,
  takes: takenAlong,
  read: readsOne(async ({ text, file }, { io }) => {
    const { readDockerdUnit } = await import("./dockerd.ts");
    const { around, gaps } = besideUnit(file, io);
    const reading = readDockerdUnit(text, file, around);
    return { ...reading, gaps: [...reading.gaps, ...gaps] };
  }),
  write: writesOne(async ({ text, file }, wanted, { io }) => {
    const { writeDockerdUnit } = await import("./write-unit.ts");
    const { around } = besideUnit(file, io);
    return wanted.map(({ patches }) =>
      writeDockerdUnit({ text, file, around, patches: patches as readonly EnginePatch[] }),
    );
  }),
} satisfies Format;

/** Whether a file is a daemon.json by its name; copies of one have names such as `daemon.prod.json`. */
function looksLikeDaemonJson(path: string): boolean {
  return /^(?:docker[.-])?daemon(?:[.-][\w-]+)?\.json$/i.test(nameOf(path));
}

/** Whether most keys of a JSON text are options of dockerd. */
function isMostlyDaemonOptions(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
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
  // A drop-in of docker.service may set dockerd's environment alone, as for a proxy.
  if (/docker\.service\.d[\\/][^\\/]+\.conf$/.test(path) && /^\[Service\]/m.test(text)) return true;
  if (!name.includes("docker") && !text.includes("docker")) return false;
  if (/^\[Socket\]/m.test(text))
    return /^docker[\w@-]*\.socket$|^ListenStream=.*\bdocker/m.test(`${name}\n${text}`);
  return runsDockerd(text);
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
