import { StringDecoder } from "node:string_decoder";
import { isRecord, parsedJson, recordAt, textAt } from "../base/json.ts";

/** One event of an Engine, without what may hold a secret: labels, and the arguments of an exec. */
export interface EngineEvent {
  /** `container`, `network`, `volume`, `daemon`, `image`, … */
  readonly type: string;
  /** The name alone: `exec_start`, where the Engine says `exec_start: sh -c …`. */
  readonly action: string;
  /** The Engine's id of what the event is about; a network's event tells its container in `container`. */
  readonly id: string;
  readonly name: string | undefined;
  /** The container of a network's or a volume's event. */
  readonly container: string | undefined;
  readonly execId: string | undefined;
  /** Nanoseconds since 1970 by the Engine's clock. */
  readonly timeNano: bigint;
  /** What tells it from every other event: an event has no id of its own. */
  readonly identity: string;
}

/** In the text, since a number of nanoseconds is more than JSON.parse keeps. A quote within a string has a backslash. */
const exactTime = /[{,]\s*"timeNano"\s*:\s*(\d{1,20})/;

/**
 * Reads one document of the stream; undefined for what is no event.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/System/operation/SystemEvents
 */
export function readEvent(text: string): EngineEvent | undefined {
  const document = parsedJson(text);
  const nanos = exactTime.exec(text)?.[1];
  const type = textAt(document, "Type");
  const said = textAt(document, "Action");
  if (!isRecord(document) || type === undefined || said === undefined || nanos === undefined)
    return undefined;
  const attributes = recordAt(document, "Actor", "Attributes");
  const id = textAt(document, "Actor", "ID") ?? "";
  const action = said.split(":", 1)[0]?.trim() ?? "";
  const execId = textAt(attributes, "execID");
  return {
    type,
    action,
    id,
    name: textAt(attributes, "name"),
    container: textAt(attributes, "container"),
    execId,
    timeNano: BigInt(nanos),
    identity: [nanos, type, action, id, execId ?? textAt(attributes, "container") ?? ""].join(" "),
  };
}

/** The event's time, ISO 8601. */
export function timeOf({ timeNano }: Pick<EngineEvent, "timeNano">): string {
  const date = new Date(Number(timeNano / 1_000_000n));
  return Number.isNaN(date.valueOf()) ? new Date(0).toISOString() : date.toISOString();
}

/** As `since=` takes it: seconds, a point, nine digits. */
export function timestamp(timeNano: bigint): string {
  return `${timeNano / 1_000_000_000n}.${String(timeNano % 1_000_000_000n).padStart(9, "0")}`;
}

/** Characters of one document. An event has the labels of its container, so it may be long, but not endless. */
const longest = 4 * 1024 * 1024;

/**
 * Cuts a stream into documents: the Engine ends each with a newline (and begins it with a record separator where it speaks
 * json-seq). Keeps no more than one unfinished document, and tells `lost` of one that is too long to be kept.
 */
export function documentsOf(take: (text: string) => void, lost: () => void): (chunk: Uint8Array) => void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let skipping = false;
  return (chunk) => {
    const lines = (rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))).split(
      "\n",
    );
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (skipping) skipping = false;
      else if (line.length > 1) take(line.startsWith("\u001e") ? line.slice(1) : line);
    }
    if (rest.length <= longest) return;
    rest = "";
    if (!skipping) lost();
    skipping = true;
  };
}
