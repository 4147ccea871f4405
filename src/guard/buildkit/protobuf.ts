import { failed, ok, type Result } from "../../base/result.ts";

/**
 * A message's fields by number. Whole numbers are bigint, enumerations too; a map has string keys.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export type MessageShape = Readonly<Record<number, FieldShape>>;

export interface FieldShape {
  readonly name: string;
  readonly type: FieldType;
  readonly many?: true;
}

export type FieldType =
  | "string"
  | "bytes"
  | "bool"
  | "int"
  | { readonly message: MessageShape }
  | { readonly map: "string" | "bytes" | { readonly message: MessageShape } };

export type Value =
  | string
  | Buffer
  | boolean
  | bigint
  | Message
  | readonly Value[]
  | ReadonlyMap<string, Value>;
export type Message = { readonly [name: string]: Value | undefined };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How deep messages may nest, and how many values any list or map may have. */
const limits = { depth: 16, items: 10_000 };

/**
 * Reads a message strictly: an unknown field, a field twice where it stands once, another wire type and bytes that are left
 * over are refused, since the Engine might read them another way.
 */
export function readMessage(bytes: Buffer, shape: MessageShape): Result<Message> {
  try {
    return ok(message(bytes, shape, 0));
  } catch (error) {
    if (error instanceof Malformed) return failed(error.message);
    throw error;
  }
}

class Malformed extends Error {}

function message(bytes: Buffer, shape: MessageShape, depth: number): Message {
  if (depth > limits.depth) throw new Malformed("nests too deep");
  const read: Record<string, Value> = Object.create(null);
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    at = tag.next;
    const number = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    const field = Object.hasOwn(shape, number) ? shape[number] : undefined;
    if (!field) throw new Malformed(`has the field ${number}, which the guard does not know`);
    const isNumber = field.type === "int" || field.type === "bool";
    if (wire !== (isNumber ? 0 : 2)) throw new Malformed(`has ${field.name} in another form than its own`);
    const raw = varint(bytes, at);
    at = raw.next;
    if (isNumber) {
      put(read, field, field.type === "bool" ? raw.value !== 0n : BigInt.asIntN(64, raw.value));
      continue;
    }
    const end = at + Number(raw.value);
    if (end > bytes.length) throw new Malformed(`ends within ${field.name}`);
    putBytes(read, field, bytes.subarray(at, end), depth);
    at = end;
  }
  return read;
}

function put(read: Record<string, Value>, { name, many }: FieldShape, value: Value): void {
  const before = read[name];
  if (many !== true) {
    if (before !== undefined) throw new Malformed(`has ${name} twice`);
    read[name] = value;
    return;
  }
  const list = (before ?? []) as Value[];
  if (list.length >= limits.items) throw new Malformed(`has too many of ${name}`);
  list.push(value);
  read[name] = list;
}

function putBytes(read: Record<string, Value>, field: FieldShape, bytes: Buffer, depth: number): void {
  const { name, type } = field;
  if (typeof type === "string") put(read, field, type === "string" ? text(bytes, name) : bytes);
  else if ("message" in type) put(read, field, message(bytes, type.message, depth + 1));
  else {
    const entry = message(bytes, entryShape(type.map), depth + 1);
    const map = (read[name] ?? new Map()) as Map<string, Value>;
    const key = String(entry.key ?? "");
    if (map.has(key)) throw new Malformed(`has a key of ${name} twice`);
    if (map.size >= limits.items) throw new Malformed(`has too many of ${name}`);
    map.set(key, entry.value ?? emptyOf(type.map));
    read[name] = map;
  }
}

function text(bytes: Buffer, name: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Malformed(`has ${name}, which is no UTF-8`);
  }
}

function entryShape(value: MapValue): MessageShape {
  return { 1: { name: "key", type: "string" }, 2: { name: "value", type: value } };
}

type MapValue = Extract<FieldType, { readonly map: unknown }>["map"];

function emptyOf(value: MapValue): Value {
  if (value === "string") return "";
  return value === "bytes" ? Buffer.alloc(0) : {};
}

function varint(bytes: Buffer, from: number): { readonly value: bigint; readonly next: number } {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[from + index];
    if (byte === undefined) throw new Malformed("ends within a number");
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      if (value > 0xffff_ffff_ffff_ffffn) throw new Malformed("has a number beyond 64 bits");
      return { value, next: from + index + 1 };
    }
  }
  throw new Malformed("has a number beyond 64 bits");
}

/** Writes what was read, or made, in the order of the fields' numbers; what the shape does not have is left out. */
export function writeMessage(value: Message, shape: MessageShape): Buffer {
  const parts: Buffer[] = [];
  for (const [number, field] of Object.entries(shape)) {
    const own = value[field.name];
    if (own === undefined) continue;
    const values = field.many === true ? (own as readonly Value[]) : [own];
    for (const each of values) parts.push(...written(Number(number), field.type, each));
  }
  return Buffer.concat(parts);
}

function written(number: number, type: FieldType, value: Value): readonly Buffer[] {
  if (type === "int" || type === "bool")
    return [printed(BigInt(number) << 3n), printed(type === "bool" ? (value ? 1n : 0n) : (value as bigint))];
  if (typeof type === "string") return field(number, Buffer.from(value as string | Buffer));
  if ("message" in type) return field(number, writeMessage(value as Message, type.message));
  return [...(value as ReadonlyMap<string, Value>)].flatMap(([key, each]) =>
    field(number, writeMessage({ key, value: each }, entryShape(type.map))),
  );
}

function field(number: number, bytes: Buffer): readonly Buffer[] {
  return [printed((BigInt(number) << 3n) | 2n), printed(BigInt(bytes.length)), bytes];
}

function printed(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
