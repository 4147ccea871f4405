import type { Architecture } from "./elf.ts";
import { type Abi, type SyscallName, syscallNumber } from "./syscalls.ts";

/** Where the helper keeps a program, and the bytes that it may take, results and all (x86_64.s). */
export const programMemory = { base: 0x10000000, size: 0x400000 } as const;
const { base } = programMemory;

const headerSize = 16;
const instructionSize = 72;
const end = 0xffffffffffffffffn;
const flags = { child: 64n, jump: 128n, i386: 256n } as const;

/** What a result is before the system call was made: a child that was killed leaves it so. */
const notMade = -0x7fffffff;

/** The result of a system call; as an argument, the value that it has by then. */
export interface Call {
  readonly kind: "call";
  readonly index: number;
}

/** A piece of memory; as an argument, its address. */
export interface Memory {
  readonly kind: "memory";
  readonly offset: number;
  readonly size: number;
}

/** A number that is not the same on every architecture. */
export interface ByArchitecture {
  readonly kind: "byArchitecture";
  readonly x86_64: number;
  readonly aarch64: number;
}

export type Argument = number | bigint | Call | Memory | ByArchitecture;

interface Instruction {
  readonly number: SyscallName | "end";
  readonly abi: Abi;
  readonly arguments: readonly Argument[];
  /** The block that a child goes on in, or that is jumped to. */
  readonly to?: { readonly block: number; readonly kind: "child" | "jump" };
  readonly index: number;
}

/** Puts a program for the helper together: system calls in a row, the memory that they use, and children. */
export interface Builder {
  call(name: SyscallName, ...given: readonly Argument[]): Call;
  /** A text that ends with a NUL. */
  text(text: string): Memory;
  bytes(bytes: Uint8Array): Memory;
  /** Zeroes. */
  space(size: number, alignment?: number): Memory;
  /** 64-bit words, for structures that hold addresses or numbers. */
  words(...words: readonly (number | bigint | Memory)[]): Memory;
  /** Starts a child that makes the calls of `body` and ends with status 0. Its result is the child's pid. */
  child(body: () => void): Call;
  /** The same by a call of the caller's choice, such as clone3. */
  childBy(name: SyscallName, given: readonly Argument[], body: () => void): Call;
  /** A builder of the same program whose calls are made by another ABI. */
  by(abi: Abi): Builder;
  /** Makes the calls of `body` again and again, for ever: only for a child that is killed. */
  forever(body: () => void): void;
}

/** Puts a program together, and gives what reads what came of it. */
export type Plan<T> = (builder: Builder) => (ran: Ran) => T;

export interface Program<T> {
  /** Whether every call of it exists there. */
  existsOn(architecture: Architecture): boolean;
  /** Throws where it does not exist there: a fault of the caller's. */
  encode(architecture: Architecture): Buffer;
  /** Reads what the helper gave back. */
  read(answer: Buffer): T;
}

/** What came of a program. */
export interface Ran {
  /** As the kernel returned it: an error is its negative number. Undefined where the call was never made. */
  result(call: Call): number | undefined;
  data(memory: Memory): Buffer;
}

/** A program out of the calls that the plan makes. Throws where it is larger than the helper takes: a fault of the caller's. */
export function program<T>(plan: Plan<T>): Program<T> {
  const blocks: Instruction[][] = [[]];
  const pieces: Piece[] = [];
  let current = 0;
  let count = 0;
  let used = 0;

  const add = (
    number: Instruction["number"],
    given: readonly Argument[],
    abi: Abi = "native",
    to?: Instruction["to"],
  ): Call => {
    const index = count;
    count += 1;
    blocks[current]?.push({ number, abi, arguments: given, index, ...(to && { to }) });
    return { kind: "call", index };
  };
  const within = (body: () => void): number => {
    const block = blocks.push([]) - 1;
    const before = current;
    current = block;
    body();
    current = before;
    return block;
  };
  const place = (bytes: Uint8Array, alignment = 8, links: readonly (Memory | undefined)[] = []): Memory => {
    const offset = Math.ceil(used / alignment) * alignment;
    used = offset + bytes.length;
    pieces.push({ offset, bytes, links });
    return { kind: "memory", offset, size: bytes.length };
  };
  const builderBy = (abi: Abi): Builder => ({
    call: (name, ...given) => add(name, given, abi),
    by: builderBy,
    text: (text) => place(Buffer.from(`${text}\0`)),
    bytes: (bytes) => place(bytes),
    space: (size, alignment) => place(Buffer.alloc(size), alignment),
    words(...words) {
      const bytes = Buffer.alloc(words.length * 8);
      for (const [index, word] of words.entries())
        if (typeof word !== "object") bytes.writeBigInt64LE(BigInt(word), index * 8);
      return place(
        bytes,
        8,
        words.map((word) => (typeof word === "object" ? word : undefined)),
      );
    },
    // SIGCHLD, which is what fork(2) asks for.
    child: (body) => builderBy("native").childBy("clone", [17, 0, 0, 0, 0], body),
    childBy(name, given, body) {
      const block = within(() => {
        body();
        add("exit_group", [0]);
      });
      return add(name, given, abi, { block, kind: "child" });
    },
    forever(body) {
      const block = blocks.length;
      within(() => {
        body();
        add("getpid", [], "native", { block, kind: "jump" });
      });
      add("getpid", [], "native", { block, kind: "jump" });
    },
  });
  const reader = plan(builderBy("native"));
  current = 0;
  add("end", []);
  const places = placesOf(blocks);
  const layout: Layout = { blocks, pieces, places, dataAt: dataStart(count), size: dataStart(count) + used };
  if (layout.size > programMemory.size) throw new Error(`a program of ${layout.size} bytes does not fit`);
  const exists = ({ number, abi }: Instruction, architecture: Architecture) =>
    number === "end" || syscallNumber(number, abi, architecture) !== undefined;
  return {
    existsOn: (architecture) => blocks.flat().every((each) => exists(each, architecture)),
    encode: (architecture) => encode(layout, architecture),
    read: (answer) =>
      reader({
        result(call) {
          const result = Number(answer.readBigInt64LE((places.get(call.index) ?? 0) + 64));
          return result === notMade ? undefined : result;
        },
        data: ({ offset, size }) => answer.subarray(layout.dataAt + offset, layout.dataAt + offset + size),
      }),
  };
}

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The addresses that stand in its words. */
  readonly links: readonly (Memory | undefined)[];
}

interface Layout {
  readonly blocks: readonly (readonly Instruction[])[];
  readonly pieces: readonly Piece[];
  /** Where each instruction stands, by its index. */
  readonly places: ReadonlyMap<number, number>;
  readonly dataAt: number;
  readonly size: number;
}

function encode({ blocks, pieces, places, dataAt, size }: Layout, architecture: Architecture): Buffer {
  const whole = Buffer.alloc(size);
  whole.writeBigUInt64LE(BigInt(whole.length), 0);
  const addressOf = (memory: Memory) => BigInt(base + dataAt + memory.offset);
  for (const instruction of blocks.flat()) {
    const at = places.get(instruction.index) ?? 0;
    const number =
      instruction.number === "end"
        ? undefined
        : syscallNumber(instruction.number, instruction.abi, architecture);
    if (number === undefined && instruction.number !== "end")
      throw new Error(`${architecture} has no ${instruction.number}`);
    whole.writeBigUInt64LE(number === undefined ? end : BigInt(number), at);
    let mask = instruction.abi === "i386" ? flags.i386 : 0n;
    for (const [position, argument] of instruction.arguments.entries()) {
      const word = at + 8 + position * 8;
      if (typeof argument !== "object") whole.writeBigUInt64LE(BigInt.asUintN(64, BigInt(argument)), word);
      else if (argument.kind === "memory") whole.writeBigUInt64LE(addressOf(argument), word);
      else if (argument.kind === "byArchitecture")
        whole.writeBigUInt64LE(BigInt(argument[architecture]), word);
      else {
        mask |= 1n << BigInt(position);
        whole.writeBigUInt64LE(BigInt(base + (places.get(argument.index) ?? 0) + 64), word);
      }
    }
    if (instruction.to) {
      const first = blocks[instruction.to.block]?.[0];
      whole.writeBigUInt64LE(BigInt(base + (places.get(first?.index ?? 0) ?? 0)), at + 48);
      mask |= flags[instruction.to.kind];
    }
    whole.writeBigUInt64LE(mask, at + 56);
    whole.writeBigInt64LE(BigInt(notMade), at + 64);
  }
  for (const { offset, bytes, links } of pieces) {
    whole.set(bytes, dataAt + offset);
    for (const [index, link] of links.entries())
      if (link) whole.writeBigUInt64LE(addressOf(link), dataAt + offset + index * 8);
  }
  return whole;
}

/** Where each instruction stands, by its index: block after block. */
function placesOf(blocks: readonly (readonly Instruction[])[]): ReadonlyMap<number, number> {
  return new Map(blocks.flat().map(({ index }, place) => [index, headerSize + place * instructionSize]));
}

/** Page-aligned, so that memory of the program can be read into directly (O_DIRECT). */
function dataStart(instructions: number): number {
  return Math.ceil((headerSize + instructions * instructionSize) / 4096) * 4096;
}
