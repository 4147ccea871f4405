import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { whyUnread } from "../../base/error-words.ts";
import { isRecord, recordAt, textAt } from "../../base/json.ts";
import type { EngineEvent } from "../../engine/event.ts";
import type { Caller } from "../change.ts";

/** Finds out who made the call behind an event, by the logs of guards on this machine. */
export interface Callers {
  /** Null where no log has such a call. A call is found once: the next event is of another one. */
  find(event: EngineEvent): Caller | null;
  close(): void;
}

/** A call that a guard let through. */
interface Call {
  readonly time: number;
  readonly route: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

/** Milliseconds between the guard's decision and the Engine's event: a stop takes a container's grace period. */
const longestWait = 30_000;
/** Two clocks of one machine are one; the Engine's event carries the time at which it was made. */
const slack = 1_000;
/** Bytes that are read at once. Who logs more between two events has older calls than any event is of. */
const most = 4 * 1024 * 1024;
const mostCalls = 10_000;

/** The routes that lead to an event. */
const routes: Readonly<Record<string, readonly string[]>> = {
  "container create": ["container-create"],
  "container start": ["container-start", "container-restart"],
  "container update": ["container-update"],
  "container rename": ["container-rename"],
  "container unpause": ["container-unpause"],
  "container die": ["container-stop", "container-kill", "container-restart", "container-delete"],
  "container destroy": ["container-delete", "container-prune"],
  "container exec_start": ["exec-start"],
  "network connect": ["network-connect"],
  "network disconnect": ["network-disconnect"],
};

/** `say` hears of a log that cannot be read, once for each time that it gets so. */
export function openCallers(paths: readonly string[], say: (text: string) => void): Callers {
  const logs = paths.map((path) => openLog(path, say));
  let calls: Call[] = [];
  return {
    find(event) {
      const wanted = routes[`${event.type} ${event.action}`];
      if (!wanted) return null;
      const at = Number(event.timeNano / 1_000_000n);
      const fresh = logs.flatMap((log) => log.read()).flatMap((line) => callOf(line) ?? []);
      calls = [...calls, ...fresh].filter(({ time }) => time > at - longestWait).slice(-mostCalls);
      const alike = calls.filter(
        (call) => call.time <= at + slack && wanted.includes(call.route) && isOf(call, event),
      );
      const found = alike.at(-1);
      // Of two clients that gave a container no name, nobody knows which one made this.
      const isNamed = found?.route !== "container-create" || found.object.name !== undefined;
      if (!found || (!isNamed && alike.some(({ caller }) => caller.client !== found.caller.client)))
        return null;
      calls = calls.filter((call) => call !== found);
      return found.caller;
    },
    close() {
      for (const log of logs) log.close();
    },
  };
}

/** Whether a call names what an event is about. */
function isOf({ route, object }: Call, { id, name, execId }: EngineEvent): boolean {
  const names = (value: unknown) =>
    typeof value === "string" &&
    value !== "" &&
    (value.replace(/^\//, "") === name || (/^[0-9a-f]{4,64}$/.test(value) && id.startsWith(value)));
  switch (route) {
    case "exec-start":
      return execId !== undefined && object.exec === execId;
    case "container-create":
      // Docker makes up a name for who gives none.
      return object.name === undefined || names(object.name);
    case "container-rename":
      return names(object.name) || names(object.container);
    case "container-prune":
      return true;
    case "network-connect":
    case "network-disconnect":
      return names(object.network);
    default:
      return names(object.container);
  }
}

/** A line of a guard's audit log; undefined for anything else, and for what was denied. */
function callOf(line: string): Call | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  const [route, client, listener] = ["route", "client", "listener"].map((key) => textAt(entry, key));
  const time = Date.parse(textAt(entry, "time") ?? "");
  const isLet = isRecord(entry) && (entry.verdict === "allow" || entry.verdict === "harden");
  if (!isLet || route === undefined || client === undefined || listener === undefined || Number.isNaN(time))
    return undefined;
  return { time, route, object: recordAt(entry, "object"), caller: { client, listener } };
}

interface Log {
  /** The whole lines that were written since the last read. */
  read(): readonly string[];
  close(): void;
}

/** Follows a file, also when it is moved away and begun anew. What was written before is not read. */
function openLog(path: string, say: (text: string) => void): Log {
  let descriptor: number | undefined;
  let offset = 0;
  let rest = "";
  let complained = false;

  function attempt<T>(run: () => T): T | undefined {
    try {
      const result = run();
      complained = false;
      return result;
    } catch (error) {
      if (!complained) say(`the guard's log ${path} cannot be read: ${whyUnread(error)}`);
      complained = true;
      return undefined;
    }
  }

  function open(fromEnd: boolean): void {
    attempt(() => {
      descriptor = openSync(path, "r");
      offset = fromEnd ? fstatSync(descriptor).size : 0;
      rest = "";
    });
  }

  function readOn(): readonly string[] {
    if (descriptor === undefined) return [];
    const { size } = fstatSync(descriptor);
    const isEmptied = size < offset;
    const start = isEmptied ? 0 : offset;
    const from = Math.max(start, size - most);
    // The beginning of a line whose end is gone, or is not read, is no line.
    if (isEmptied || from > start || rest.length > most) rest = "";
    offset = from;
    const bytes = Buffer.alloc(size - offset);
    const length = readSync(descriptor, bytes, 0, bytes.length, offset);
    offset += length;
    const lines = `${rest}${bytes.subarray(0, length).toString("latin1")}`.split("\n");
    rest = lines.pop() ?? "";
    return lines.map((line) => Buffer.from(line, "latin1").toString("utf8"));
  }

  function close(): void {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  }

  open(true);
  return {
    read: () =>
      attempt(() => {
        const before = readOn();
        const current = statSync(path);
        const known = descriptor === undefined ? undefined : fstatSync(descriptor);
        if (known && known.ino === current.ino && known.dev === current.dev) return before;
        close();
        open(false);
        return [...before, ...readOn()];
      }) ?? [],
    close,
  };
}
