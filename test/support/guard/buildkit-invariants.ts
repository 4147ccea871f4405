import { isDeepStrictEqual } from "node:util";
import { framed, frameReader } from "../../../src/guard/buildkit/grpc.ts";
import * as shapes from "../../../src/guard/buildkit/messages.ts";
import {
  type FieldShape,
  type Message,
  type MessageShape,
  readMessage,
  type Value,
  writeMessage,
} from "../../../src/guard/buildkit/protobuf.ts";

/** Every message of a client that the guard reads. */
export const messageShapes: readonly (readonly [name: string, shape: MessageShape])[] = Object.entries(
  shapes,
).flatMap(([name, shape]): (readonly [string, MessageShape])[] =>
  name === "resultRequests" ? Object.entries(shapes.resultRequests) : [[name, shape as MessageShape]],
);

/** What holds for any bytes that come as a message. Gives what is broken; undefined where all holds. */
export function brokenByMessage(bytes: Buffer, shape: MessageShape): string | undefined {
  const read = readMessage(bytes, shape);
  if (!read.ok)
    return /^[\x20-\x7e]+$/.test(read.reason) ? undefined : "a reason has what may not stand in a log";
  const out = writeMessage(read.value, shape);
  const again = readMessage(out, shape);
  if (!again.ok) return `what goes out is not read again: ${again.reason}`;
  if (!isDeepStrictEqual(again.value, read.value)) return "what goes out is read otherwise";
  return writeMessage(again.value, shape).equals(out) ? undefined : "what goes out has two forms";
}

/** However a stream is cut, the same messages come out of it, or the same refusal. */
export function brokenByFrames(stream: Buffer, cuts: readonly number[]): string | undefined {
  const whole = messagesOf([stream]);
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  const pieces = ends.map((end, at) => stream.subarray(at === 0 ? 0 : ends[at - 1], end));
  if (!isDeepStrictEqual(messagesOf(pieces), whole)) return "frames differ with where the stream is cut";
  const again = whole.messages.map((message) => framed(Buffer.from(message, "hex")));
  return stream.subarray(0, Buffer.concat(again).length).equals(Buffer.concat(again))
    ? undefined
    : "a message is not what came";
}

function messagesOf(pieces: readonly Buffer[]): { messages: readonly string[]; isRefused: boolean } {
  const reader = frameReader(100_000);
  const messages: string[] = [];
  for (const piece of pieces) {
    const fed = reader.feed(piece);
    if (!fed.ok) return { messages: [], isRefused: true };
    messages.push(...fed.value.map((message) => message.toString("hex")));
  }
  return { messages, isRefused: false };
}

/** A message with some of its fields, from numbers below the given ones. */
export function messageFrom(shape: MessageShape, below: (count: number) => number, depth = 3): Message {
  return Object.fromEntries(
    Object.values(shape)
      .filter(() => below(2) === 0)
      .map((field) => [field.name, fieldFrom(field, below, depth)]),
  );
}

function fieldFrom(field: FieldShape, below: (count: number) => number, depth: number): Value {
  const { type } = field;
  if (typeof type === "object" && "map" in type)
    return new Map(
      Array.from({ length: below(4) }, (_, at) => [`${at}`, valueFrom(type.map, below, depth)] as const),
    );
  if (!field.many) return valueFrom(type, below, depth);
  return Array.from({ length: below(4) }, () => valueFrom(type, below, depth));
}

function valueFrom(
  type: Exclude<FieldShape["type"], { readonly map: unknown }>,
  below: (count: number) => number,
  depth: number,
): Value {
  if (type === "string") return ["", "a", "docker.io/library/a:1", "/x", "\u00e9"][below(5)] ?? "";
  if (type === "bytes") return Buffer.from(Array.from({ length: below(6) }, () => below(256)));
  if (type === "bool") return below(2) === 0;
  if (type === "int") return [0n, 1n, 127n, 128n, 2n ** 63n - 1n][below(5)] ?? 0n;
  return depth === 0 ? {} : messageFrom(type.message, below, depth - 1);
}
