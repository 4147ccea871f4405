import type { Engine, ListenAddress, SocketFile } from "../../model/engine.ts";
import { type FactList, set, unresolved } from "../../model/fact.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import { locator, type Span } from "../values/positions.ts";
import { engineOf, tlsOf } from "./engine.ts";
import { type DaemonSettings, engineReading, noSettings } from "./settings.ts";

/** What a socket unit opens for dockerd. */
interface Sockets {
  /** Without TLS: that is dockerd's business. */
  readonly addresses: readonly { readonly address: string; readonly origin: FileOrigin }[];
  readonly files: FactList<SocketFile>;
}

/**
 * Reads docker.socket: the sockets that systemd opens and dockerd takes over with `-H fd://`. Whether dockerd speaks TLS
 * on them only its own flags tell; here they count as without, and all else of the engine is open. Source: systemd.socket(5).
 */
export function readDockerSocketUnit(text: string, file: string): Reading {
  const { addresses, files } = socketsOf(text, file);
  const location = locator(file, text)({ start: 0, end: text.length });
  const open = unresolved("a socket unit does not tell how dockerd is set up");
  const view: Engine = {
    ...engineOf({ ...noSettings, open }),
    listenAddresses: addresses.map(({ address, origin }) => set({ address, tls: "none" } as const, origin)),
    socketFiles: files,
  };
  return engineReading(view, file, { location, gaps: [], secrets: [] });
}

/** The engine with what its socket unit opens in place of `fd://`. */
export function withSocket(
  view: Engine,
  settings: DaemonSettings,
  socket: { readonly text: string; readonly file: string },
): Engine {
  const inherited = view.listenAddresses.some(
    (item) => item.state === "set" && item.value.address.startsWith("fd:"),
  );
  if (!inherited) return view;
  const { addresses, files } = socketsOf(socket.text, socket.file);
  const tls = tlsOf(settings);
  const opened = addresses.map(({ address, origin }): FactList<ListenAddress>[number] => {
    if (address.startsWith("unix:")) return set({ address, tls: "none" }, origin);
    if (tls.state === "unresolved") return unresolved(tls.reason, origin, ...tls.origins);
    return set({ address, tls: tls.state === "set" ? tls.value : "none" }, origin);
  });
  const own = view.listenAddresses.filter(
    (item) => item.state !== "set" || !item.value.address.startsWith("fd:"),
  );
  return { ...view, listenAddresses: [...own, ...opened], socketFiles: [...view.socketFiles, ...files] };
}

function socketsOf(text: string, file: string): Sockets {
  const locate = locator(file, text);
  const last = new Map<string, { readonly value: string; readonly origin: FileOrigin }>();
  const listens: { readonly value: string; readonly origin: FileOrigin }[] = [];
  for (const { section, key, value } of unitEntries(text)) {
    if (section !== "Socket") continue;
    const written = text.slice(value.start, value.end).trim();
    const entry = {
      value: written,
      origin: locate({ start: value.start, end: value.start + written.length }),
    };
    if (key !== "ListenStream") last.set(key, entry);
    else if (written === "") listens.length = 0;
    else listens.push(entry);
  }
  const addresses = listens.map(({ value, origin }) => ({ address: addressOf(value), origin }));
  const files = listens
    .filter(({ value }) => value.startsWith("/") || value.startsWith("%t/"))
    .map(({ value, origin }) =>
      set(socketFile(value.replace(/^%t/, "/run"), last), last.get("SocketMode")?.origin ?? origin),
    );
  return { addresses, files };
}

/** systemd's `2375` is the port on every interface. */
function addressOf(value: string): string {
  if (value.startsWith("/")) return `unix://${value}`;
  if (value.startsWith("%t/")) return `unix:///run${value.slice(2)}`;
  return /^\d+$/.test(value) ? `tcp://[::]:${value}` : `tcp://${value}`;
}

/** -1 is a user or group that only the host can number. Without SocketMode systemd opens it to everybody: 0666. */
function socketFile(path: string, entries: ReadonlyMap<string, { readonly value: string }>): SocketFile {
  const mode = entries.get("SocketMode")?.value ?? "0666";
  return {
    path,
    mode: /^[0-7]{1,5}$/.test(mode) ? Number.parseInt(mode, 8) : 0o666,
    uid: identifier(entries.get("SocketUser")?.value),
    gid: identifier(entries.get("SocketGroup")?.value),
  };
}

function identifier(name: string | undefined): number {
  if (name === undefined || name === "" || name === "root") return 0;
  return /^\d+$/.test(name) ? Number(name) : -1;
}

/** `Key=value` of a systemd unit, with where the value stands; continued lines belong to it. */
export interface UnitEntry {
  readonly section: string;
  readonly key: string;
  readonly value: Span;
}

/** Splits a unit file, or a drop-in, into its entries in order (systemd.syntax(7)). */
export function unitEntries(text: string): readonly UnitEntry[] {
  const entries: UnitEntry[] = [];
  let section = "";
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  while (offset < text.length) {
    const end = lineEnd(text, offset);
    const line = text.slice(offset, end);
    const assignment = /^[ \t]*([A-Za-z][\w-]*)[ \t]*=[ \t]*/.exec(line);
    const header = /^[ \t]*\[([^\]]*)\]/.exec(line);
    if (header) section = header[1] ?? "";
    if (!assignment) {
      offset = end + 1;
      continue;
    }
    const stop = continuedEnd(text, offset);
    entries.push({
      section,
      key: assignment[1] ?? "",
      value: { start: offset + assignment[0].length, end: Math.max(offset + assignment[0].length, stop) },
    });
    offset = stop + 1;
  }
  return entries;
}

/** The end of the last line that a backslash continues, comment lines in between left out. */
function continuedEnd(text: string, start: number): number {
  let end = lineEnd(text, start);
  while (end < text.length && text[trimReturn(text, end) - 1] === "\\") {
    let next = lineEnd(text, end + 1);
    while (next < text.length && /^[ \t]*[#;]/.test(text.slice(end + 1, end + 64))) {
      end = next;
      next = lineEnd(text, end + 1);
    }
    end = next;
  }
  return trimReturn(text, end);
}

function lineEnd(text: string, start: number): number {
  const feed = text.indexOf("\n", start);
  return feed === -1 ? text.length : feed;
}

function trimReturn(text: string, end: number): number {
  return text[end - 1] === "\r" ? end - 1 : end;
}
