import { connect, type Socket } from "node:net";

/** Calls `answered` at the end of every answer; knows a length, chunks, and answers of known emptiness. */
export function readUntilAnswered(answered: () => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let needed = 0;
  let isChunked = false;
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (needed === 0) {
      const end = pending.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = pending.toString("latin1", 0, end).toLowerCase();
      const status = Number(head.slice(9, 12));
      if (status >= 400) throw new Error(`answered with ${pending.toString()}`);
      isChunked = head.includes("\r\ntransfer-encoding: chunked");
      needed = end + 4 + Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    }
    const isWhole = isChunked
      ? pending.length >= needed + 5 && pending.subarray(-5).toString("latin1") === "0\r\n\r\n"
      : pending.length >= needed;
    if (!isWhole) return;
    pending = Buffer.alloc(0);
    needed = 0;
    answered();
  };
}

/** One connection that asks one thing at a time. */
export interface Client {
  /** Gives the milliseconds until the whole answer was here. */
  ask(request: string): Promise<number>;
  close(): void;
}

export function openClient(socketPath: string): Client {
  const socket: Socket = connect(socketPath);
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  socket.on(
    "data",
    readUntilAnswered(() => resolve()),
  );
  socket.on("error", (error) => reject(error));
  return {
    async ask(request) {
      const start = process.hrtime.bigint();
      await new Promise<void>((resolve_, reject_) => {
        resolve = resolve_;
        reject = reject_;
        socket.write(request);
      });
      return Number(process.hrtime.bigint() - start) / 1e6;
    },
    close: () => socket.destroy(),
  };
}

/** Reads a hijacked stream to its end: gives its bytes and the milliseconds from the first byte to the last. */
export function drain(
  socketPath: string,
  request: string,
  begin: () => Promise<unknown>,
): Promise<[number, number]> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let bytes = 0;
    let start = 0n;
    let isOpen = false;
    socket.on("data", (chunk) => {
      if (!isOpen) {
        isOpen = true;
        void begin().catch(reject);
        return;
      }
      if (bytes === 0) start = process.hrtime.bigint();
      bytes += chunk.length;
    });
    socket.on("end", () => {
      socket.destroy();
      resolve([bytes, Number(process.hrtime.bigint() - start) / 1e6]);
    });
    socket.on("error", reject);
    socket.write(request);
  });
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
