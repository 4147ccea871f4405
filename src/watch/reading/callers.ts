import { isRecord, parsedJson, recordAt, textAt } from "../../base/json.ts";
import type { EngineEvent } from "../../engine/event.ts";
import type { Caller } from "../change.ts";
import { followFile } from "./followed-file.ts";

/** Finds out who made the call behind an event, by the logs of guards on this machine. */
export interface Callers {
  /**
   * Null where no log has such a call. A call leads to one event of a kind: the next one is of another call. A
   * forced removal leads to a die and a destroy, a restart to a die and a start.
   */
  find(event: EngineEvent): Caller | null;
  close(): void;
}

/** A call that a guard let through. */
interface Call {
  readonly time: number;
  readonly route: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** The events that it was found for. */
  readonly led: { readonly kind: string; readonly id: string }[];
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
  const logs = paths.map((path) =>
    followFile(path, {
      most,
      unread: (why) => say(`the guard's log ${path} cannot be read: ${why}`),
    }),
  );
  let calls: Call[] = [];
  const unread = () => logs.flatMap((log) => log.read()).flatMap((line) => callOf(line) ?? []);
  return {
    find(event) {
      const kind = `${event.type} ${event.action}`;
      // The Engine says so at the end of a prune: what is removed later is not of it.
      if (kind === "container prune") {
        calls = [...calls, ...unread()].filter(({ route }) => route !== "container-prune");
        return null;
      }
      const wanted = routes[kind];
      if (!wanted) return null;
      const at = Number(event.timeNano / 1_000_000n);
      calls = [...calls, ...unread()].filter(({ time }) => time > at - longestWait).slice(-mostCalls);
      const one = { kind, id: event.id };
      const alike = calls.filter(
        (call) =>
          call.time <= at + slack && wanted.includes(call.route) && isOf(call, event) && !isSpent(call, one),
      );
      const found = alike.at(-1);
      // Of two clients that gave a container no name, nobody knows which one made this.
      const isNamed = found?.route !== "container-create" || found.object.name !== undefined;
      if (!found || (!isNamed && alike.some(({ caller }) => caller.client !== found.caller.client)))
        return null;
      found.led.push(one);
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

/** Whether an event of this kind is of another call. A name may be another container's by now; a prune removes many. */
function isSpent({ route, led }: Call, one: Call["led"][number]): boolean {
  if (route === "container-prune") return led.some(({ kind, id }) => kind === one.kind && id === one.id);
  return led.some(({ kind, id }) => kind === one.kind || id !== one.id);
}

/** A line of a guard's audit log; undefined for anything else, and for what was denied. */
function callOf(line: string): Call | undefined {
  const entry = parsedJson(line);
  const [route, client, listener] = ["route", "client", "listener"].map((key) => textAt(entry, key));
  const time = Date.parse(textAt(entry, "time") ?? "");
  const isLet = isRecord(entry) && (entry.verdict === "allow" || entry.verdict === "harden");
  if (!isLet || route === undefined || client === undefined || listener === undefined || Number.isNaN(time))
    return undefined;
  return { time, route, object: recordAt(entry, "object"), caller: { client, listener }, led: [] };
}
