import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { requestFraming } from "./framing.ts";
import { parseRequestHead, parseResponseHead } from "./head.ts";

const parse = (text: string) => parseRequestHead(Buffer.from(text, "latin1"));

describe("the head of a request", () => {
  it("is read into method, target and headers, as they stand", () => {
    expect(parse("GET /_ping HTTP/1.1\r\nHost:  docker \t\r\nX-A:\r\n\r\nrest")).toEqual({
      state: "parsed",
      head: {
        method: "GET",
        target: "/_ping",
        minor: 1,
        headers: [
          ["Host", "docker"],
          ["X-A", ""],
        ],
      },
      rest: Buffer.from("rest"),
    });
  });

  it("is waited for while its end has not come", () => {
    for (const text of ["", "GET", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r"])
      expect(parse(text)).toEqual({ state: "more" });
  });

  test.each([
    ["a bare line feed", "GET / HTTP/1.1\nHost: x\n\n"],
    ["a bare line feed within", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"],
    ["a bare carriage return", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nHost: x\r\n  y\r\n\r\n"],
    ["a blank in front of the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"],
    ["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n"],
    ["a NUL in a value", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"],
    ["a control character in the target", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a byte beyond ASCII in the target", "GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["two blanks", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a tab for a blank", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a method in lower case", "get / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["no version", "GET /\r\nHost: x\r\n\r\n"],
    ["a line in front", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a target with a blank", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"],
  ])("is refused with %s", (_, text) => {
    expect(parse(text)).toMatchObject({ state: "wrong", status: 400 });
  });

  it("is refused in another version of HTTP, and beyond its limits", () => {
    expect(parse("GET / HTTP/2.0\r\nHost: x\r\n\r\n")).toMatchObject({ status: 505 });
    expect(parse("GET / HTTP/1.2\r\nHost: x\r\n\r\n")).toMatchObject({ status: 505 });
    expect(parse(`GET / HTTP/1.1\r\nX: ${"a".repeat(70_000)}`)).toMatchObject({ status: 431 });
    expect(parse(`GET / HTTP/1.1\r\nX: ${"a".repeat(70_000)}\r\n\r\n`)).toMatchObject({ status: 431 });
    expect(parse(`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(101)}\r\n`)).toMatchObject({ status: 431 });
  });

  it("never has a control character in it, whatever bytes come", () => {
    const piece = fc.constantFrom(
      "GET ",
      "/x",
      " HTTP/1.1",
      "\r\n",
      "\n",
      "\r",
      "Host: x",
      ":",
      "\0",
      " ",
      "\t",
      "\x80",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const parsed = parse(`${pieces.join("")}\r\n\r\n`);
        if (parsed.state !== "parsed") return;
        const { method, target, headers } = parsed.head;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect([method, target, ...headers.flat()].join("")).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]/);
      }),
    );
  });

  it("is the same object when it comes again, unless it may hold a secret", () => {
    const head = (text: string) => {
      const parsed = parse(text);
      return parsed.state === "parsed" ? parsed.head : undefined;
    };
    const get = "GET /v1.45/containers/json HTTP/1.1\r\nHost: x\r\n";
    const first = head(`${get}\r\n`);
    expect(first).toBeDefined();
    expect(head(`${get}\r\nrest`)).toBe(first);
    expect(head(`${get}X: y\r\n\r\n`)).toMatchObject({
      headers: [
        ["Host", "x"],
        ["X", "y"],
      ],
    });
    for (const other of [`${get}X-Api-Token: y\r\n\r\n`, "POST / HTTP/1.1\r\nHost: x\r\n\r\n"])
      expect(head(other)).not.toBe(head(other));
  });

  it("takes time in proportion to its size, whatever blanks it is made of", () => {
    const text = `GET / HTTP/1.1\r\nX: ${" \t".repeat(30_000)}a${" ".repeat(4_000)}\r\n\r\n`;
    expect(parse(text)).toMatchObject({ state: "parsed", head: { headers: [["X", "a"]] } });
  });
});

describe("the framing of a request's body", () => {
  const framing = (...headers: string[]) => {
    const parsed = parse(`POST / HTTP/1.1\r\n${headers.map((each) => `${each}\r\n`).join("")}\r\n`);
    if (parsed.state !== "parsed") throw new Error("the head is wrong");
    return requestFraming(parsed.head);
  };

  it("is a length, chunks or nothing", () => {
    expect(framing()).toEqual({ ok: true, value: { kind: "none" } });
    expect(framing("Content-Length: 0")).toEqual({ ok: true, value: { kind: "none" } });
    expect(framing("Content-Length: 12")).toEqual({ ok: true, value: { kind: "length", bytes: 12 } });
    expect(framing("Transfer-Encoding: Chunked")).toEqual({ ok: true, value: { kind: "chunked" } });
  });

  test.each([
    [["Content-Length: 1", "Transfer-Encoding: chunked"]],
    [["Content-Length: 1", "content-length: 1"]],
    [["Content-Length: 1, 1"]],
    [["Content-Length: +1"]],
    [["Content-Length: 0x10"]],
    [["Content-Length: 1e2"]],
    [["Content-Length: -1"]],
    [["Content-Length: "]],
    [["Content-Length: 99999999999999999999"]],
    [["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]],
    [["Transfer-Encoding: gzip, chunked"]],
    [["Transfer-Encoding: chunked, identity"]],
    [["Transfer-Encoding: identity"]],
    [["Transfer-Encoding: xchunked"]],
    [["Transfer-Encoding: "]],
  ])("is refused where two readers could differ: %j", (headers) => {
    expect(framing(...headers)).toMatchObject({ ok: false });
  });

  it("knows no chunks in HTTP/1.0", () => {
    const parsed = parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
    if (parsed.state !== "parsed") throw new Error("the head is wrong");
    expect(requestFraming(parsed.head)).toMatchObject({ ok: false });
  });
});

test("the head of an answer is read with its words, and what is no HTTP is not", () => {
  expect(parseResponseHead(Buffer.from("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nx"))).toMatchObject({
    state: "parsed",
    head: { status: 101, words: "UPGRADED", headers: [["Upgrade", "tcp"]] },
    rest: Buffer.from("x"),
  });
  expect(parseResponseHead(Buffer.from("HTTP/1.1 200\r\n\r\n"))).toMatchObject({
    head: { status: 200, words: "" },
  });
  expect(parseResponseHead(Buffer.from("SSH-2.0-OpenSSH\r\n\r\n"))).toMatchObject({ state: "wrong" });
});
