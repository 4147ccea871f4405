import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { AnswerWriter } from "./answer-writer.ts";

/** A socket that notes each write; one that is stuck takes none. */
function socketOf(stuck = false) {
  const writes: string[] = [];
  const socket = new PassThrough({ decodeStrings: false }) as unknown as Socket;
  socket._write = (chunk: Buffer | string, encoding, done) => {
    writes.push(
      typeof chunk === "string" ? Buffer.from(chunk, encoding).toString("latin1") : chunk.toString("latin1"),
    );
    if (!stuck) done();
  };
  return { socket, writes };
}

const chunked = { length: undefined, minor: 1, close: false } as const;

test("a small answer is one write, whatever bytes it holds", () => {
  const { socket, writes } = socketOf();
  const writer = new AnswerWriter(socket);
  expect(writer.head(200, "OK", [["A", "b"]], { ...chunked, length: 3 })).toBe(true);
  writer.body(Buffer.from([0x00, 0x80, 0xff]));
  writer.end();
  expect(writes).toEqual(["HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\n\0\x80\xff"]);
});

test("what comes in one turn leaves at its end, though the answer goes on", async () => {
  const { socket, writes } = socketOf();
  const writer = new AnswerWriter(socket);
  writer.head(200, "OK", [], chunked);
  writer.body(Buffer.from("one"));
  writer.body(Buffer.from("two"));
  expect(writes).toEqual([]);
  await turn();
  await turn();
  expect(writes).toEqual(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n"]);
});

test("a large piece keeps its place between what was gathered", () => {
  const { socket, writes } = socketOf();
  const writer = new AnswerWriter(socket);
  writer.head(200, "OK", [], chunked);
  writer.body(Buffer.alloc(20_000, "x"));
  writer.body(Buffer.from("end"));
  writer.end();
  expect(writes.join("")).toBe(
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n${"x".repeat(20_000)}\r\n3\r\nend\r\n0\r\n\r\n`,
  );
});

test("a reader that takes nothing is waited for, however small the pieces are", async () => {
  const { socket } = socketOf(true);
  const writer = new AnswerWriter(socket);
  writer.head(200, "OK", [], chunked);
  let sent = 0;
  while (writer.body(Buffer.alloc(1_000)) && sent < 1_000) {
    sent += 1;
    await turn();
  }
  expect(sent).toBeLessThan(60);
});
