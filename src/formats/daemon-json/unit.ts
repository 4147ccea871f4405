import { credentialsInValue } from "../../model/credentials/find.ts";
import type { Engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { type FileOrigin, isFileOrigin } from "../../model/origin.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { locator, type Span } from "../values/positions.ts";
import type { Flags } from "./command-line.ts";
import { engineOf } from "./engine.ts";
import { flagsOf } from "./invocation.ts";
import { settingsOfJson } from "./json.ts";
import { engineReading, mergeSettings, noEngine, noSettings } from "./settings.ts";
import { readDockerSocketUnit, type UnitEntry, unitEntries, withSocket } from "./socket-unit.ts";
import { openPart, splitWords, type Variables, type VariableValue, type Word } from "./words.ts";

export interface TextFile {
  readonly text: string;
  readonly file: string;
}

export interface UnitSurroundings {
  /** Drop-ins (`docker.service.d/*.conf`) in the order in which systemd reads them. */
  readonly dropIns?: readonly TextFile[];
  /** Reads what EnvironmentFile= names. Without it variables from there are not known. */
  readonly io?: Pick<Files, "read" | "exists">;
  /** The daemon.json that this dockerd reads too. */
  readonly daemonJson?: TextFile;
  /** docker.socket, from which `fd://` gets its listeners. */
  readonly socket?: TextFile;
  /** Where the text stands, if not in a file that it fills. */
  readonly locate?: ReturnType<typeof locator>;
}

/** A unit, or a drop-in of it, taken apart. */
export interface UnitSource {
  readonly file: string;
  readonly text: string;
  readonly entries: readonly UnitEntry[];
  readonly locate: (span: Span) => FileOrigin;
}

/**
 * Reads the systemd unit of dockerd, or a drop-in of it, into the engine that it starts; a socket unit into the sockets
 * that it opens. Never throws. Source: systemd.service(5), systemd.exec(5).
 */
export function readDockerdUnit(text: string, file: string, around: UnitSurroundings = {}): Reading {
  const main = sourceOf({ text, file }, around.locate);
  if (isSocketUnit(main)) return readDockerSocketUnit(text, file);
  const sources = [main, ...(around.dropIns ?? []).map((each) => sourceOf(each))];
  const start = startOf(sources, around.io);
  if (!start) {
    if (!/\.service\.d[\\/][^\\/]+$/.test(file)) return noEngine(file, "the unit runs no dockerd");
    // A drop-in alone: its unit says how dockerd is started.
    const location = main.locate({ start: 0, end: text.length });
    const settings = {
      ...noSettings,
      open: unresolved("the unit that starts dockerd is not here", location),
    };
    const alone = engineOf(settings);
    const view = { ...alone, credentials: [...alone.credentials, ...credentialsOf(sources)] };
    return engineReading(view, file, { ...settings, location });
  }
  const { daemonJson, socket } = around;
  const settings = daemonJson
    ? mergeSettings(settingsOfJson(daemonJson.text, daemonJson.file), start.flags)
    : start.flags;
  const configured = engineOf(settings);
  // Docker's own way to give dockerd a proxy: https://docs.docker.com/engine/daemon/proxy/#systemd-unit-file
  const credentials = [...configured.credentials, ...credentialsOf(sources)];
  const view = { ...configured, credentials };
  const location = start.source.locate(start.value);
  return engineReading(socket ? withSocket(view, settings, socket) : view, file, { ...settings, location });
}

/** The command of a unit that runs dockerd. */
export interface Start {
  readonly source: UnitSource;
  /** Where the command stands, prefixes included. */
  readonly value: Span;
  readonly words: readonly Word[];
  readonly flags: Flags;
}

/** The first command that runs dockerd, of a unit and its drop-ins in order. */
export function startOf(sources: readonly UnitSource[], io: UnitSurroundings["io"]): Start | undefined {
  const [main] = sources;
  if (!main) return undefined;
  const variables = variablesOf(main, sources, io);
  const [start] = startsOf(sources).flatMap(({ source, value }): readonly Start[] => {
    const words = commandOf(source, value, variables);
    const flags = flagsOf(words);
    return flags ? [{ source, value, words, flags }] : [];
  });
  return start;
}

export function isSocketUnit({ entries }: UnitSource): boolean {
  return entries.some(({ section }) => section === "Socket");
}

/** Whether the text is a unit that runs dockerd. */
export function runsDockerd(text: string): boolean {
  const source = sourceOf({ text, file: "" });
  return startsOf([source]).some(({ value }) => flagsOf(commandOf(source, value, () => undefined)));
}

/** Whether the text gives a command to start, or may give one in a part that is not known. */
export function startsAny(text: string): boolean {
  const source = sourceOf({ text, file: "" });
  const values = source.entries.map(({ value }) => text.slice(value.start, value.end));
  const parts = (each: string) => each.split(openPart).length;
  const isOpenOutside = values.reduce((left, each) => left - (parts(each) - 1), parts(text) - 1) > 0;
  return isOpenOutside || startsOf([source]).length > 0;
}

export function sourceOf({ text, file }: TextFile, locate = locator(file, text)): UnitSource {
  return { file, text, entries: unitEntries(text), locate };
}

/** Every ExecStart that counts: an empty one drops those before it. */
function startsOf(sources: readonly UnitSource[]) {
  const starts: { readonly source: UnitSource; readonly value: Span }[] = [];
  for (const start of settingsNamed("ExecStart", sources)) {
    if (isEmpty(start.source, start.value)) starts.length = 0;
    else starts.push(start);
  }
  return starts;
}

function isEmpty({ text }: UnitSource, { start, end }: Span): boolean {
  return text.slice(start, end).trim() === "";
}

/** Passwords in what Environment= sets; anyone on the host can read a unit. */
function credentialsOf(sources: readonly UnitSource[]): Engine["credentials"] {
  return [...environmentOf(sources)].flatMap(([name, { value, origin }]) =>
    credentialsInValue(name, value).map((each) => set({ ...each, where: `the variable ${name}` }, origin)),
  );
}

/** The words behind the prefixes (`-`, `@`, `:`, `+`, `!`); with `@` the second is the process's name. */
function commandOf({ text, locate }: UnitSource, value: Span, variables: Variables): readonly Word[] {
  const prefix = /^[-@:+!|]*/.exec(text.slice(value.start, value.start + 8))?.[0] ?? "";
  const span = { start: value.start + prefix.length, end: value.end };
  const known: Variables = prefix.includes(":") ? () => undefined : variables;
  const { words } = splitWords(text, span, { syntax: "systemd", locate, variables: known });
  return prefix.includes("@") ? words.toSpliced(1, 1) : words;
}

/** What Environment= and EnvironmentFile= set; a variable that none sets is empty, if every file was seen. */
function variablesOf(
  main: UnitSource,
  sources: readonly UnitSource[],
  io: UnitSurroundings["io"],
): Variables {
  const values = environmentOf(sources);
  let fromFiles = new Map<string, VariableValue>();
  let unseen = false;
  for (const { source, value } of settingsNamed("EnvironmentFile", sources)) {
    const path = source.text.slice(value.start, value.end).trim();
    if (path === "") {
      fromFiles = new Map();
      unseen = false;
    } else {
      const found = environmentFile(path, io);
      if (!found) unseen = true;
      for (const [name, given] of found ?? []) fromFiles.set(name, given);
    }
  }
  const nothing: VariableValue = { value: "", origin: main.locate({ start: 0, end: 0 }) };
  return (name) => fromFiles.get(name) ?? (unseen ? undefined : (values.get(name) ?? nothing));
}

/** What Environment= sets; an empty one takes back what stands before it. */
function environmentOf(sources: readonly UnitSource[]): Map<string, VariableValue> {
  const values = new Map<string, VariableValue>();
  for (const { source, value } of settingsNamed("Environment", sources)) {
    if (isEmpty(source, value)) values.clear();
    for (const [name, given] of assignments(source, value)) values.set(name, given);
  }
  return values;
}

function settingsNamed(name: string, sources: readonly UnitSource[]) {
  return sources.flatMap((source) =>
    source.entries.flatMap(({ section, key, value }) =>
      section === "Service" && key === name ? [{ source, value }] : [],
    ),
  );
}

function assignments(
  { text, locate }: UnitSource,
  value: Span,
): readonly (readonly [string, VariableValue])[] {
  const { words } = splitWords(text, value, {
    syntax: "systemd",
    locate,
    variables: (name) => ({ value: `$${name}`, origin: locate(value) }),
  });
  return words.flatMap((word) => {
    const equals = word.text.indexOf("=");
    if (equals < 1) return [];
    const { originFrom } = word;
    const value: VariableValue = {
      value: word.text.slice(equals + 1),
      origin: originFrom?.(equals + 1) ?? word.origin,
      ...(originFrom && {
        originFrom: (start, end) =>
          originFrom(equals + 1 + start, end === undefined ? end : equals + 1 + end),
      }),
    };
    return [[word.text.slice(0, equals), value] as const];
  });
}

/** Undefined where the file was not seen; nothing where it is optional (`-`) and not there. */
function environmentFile(
  path: string,
  io: UnitSurroundings["io"],
): ReadonlyMap<string, VariableValue> | undefined {
  const name = path.replace(/^-/, "");
  if (!io) return undefined;
  if (path.startsWith("-") && !io.exists(name)) return new Map();
  const text = io.read(name);
  return text.ok ? variablesInFile(text.value, name) : undefined;
}

function variablesInFile(text: string, file: string): ReadonlyMap<string, VariableValue> {
  const locate = locator(file, text);
  const values = new Map<string, VariableValue>();
  for (const match of text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=((?:[^\n\\]|\\[\s\S])*)/gm)) {
    const written = match[2] ?? "";
    const start = match.index + match[0].length - written.length;
    const quote = /^(["'])(.*)\1[ \t\r]*$/s.exec(written);
    const value = (quote?.[2] ?? written)
      .replace(/\\\r?\n/g, "")
      .replace(/\\(.)/g, "$1")
      .trim();
    const inside = quote ? start + 1 : start;
    values.set(match[1] ?? "", {
      value,
      origin: locate({ start, end: start + written.trimEnd().length }),
      ...(text.startsWith(value, inside) && {
        originFrom: (from, to = value.length) => locate({ start: inside + from, end: inside + to }),
      }),
    });
  }
  return values;
}

/** Where dockerd's unit, or what it takes along, gives an option. */
export function placeInUnit(unit: TextFile, around: UnitSurroundings, key: string): FileOrigin | undefined {
  const sources = [unit, ...(around.dropIns ?? [])].map((each) => sourceOf(each));
  const given = startOf(sources, around.io)?.flags.given.get(key);
  return given && isFileOrigin(given.origin) ? given.origin : undefined;
}
