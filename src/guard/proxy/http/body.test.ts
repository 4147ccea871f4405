import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bodyDecoder } from "./body.ts";
import type { Framing } from "./framing.ts";

/** Feeds the bytes in pieces of the given sizes, the last one again and again. */
function decode(framing: Framing, text: string, sizes: readonly number[] = [text.length]) {
  const decoder = bodyDecoder(framing);
  const bytes = Buffer.from(text, "latin1");
  let body = "";
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? 1);
    const fed = decoder.feed(bytes.subarray(at, at + size), (data) => {
      body += data.toString("latin1");
    });
    at += size;
    if (fed.state === "wrong") return { state: fed.state, body };
    if (fed.state === "done")
      return { state: fed.state, body, rest: fed.rest.toString("latin1") + bytes.toString("latin1", at) };
  }
  return { state: "more", body, mayEnd: decoder.mayEnd() };
}

const chunked: Framing = { kind: "chunked" };

describe("a body in chunks", () => {
  it("is the chunks' bytes, and what follows is not of it", () => {
    const text = "5\r\nhello\r\n1\r\n \r\n05\r\nworld\r\n0\r\n\r\nGET /";
    for (const sizes of [[text.length], [1], [3, 1, 7]])
      expect(decode(chunked, text, sizes)).toEqual({ state: "done", body: "hello world", rest: "GET /" });
  });

  it("may have trailers, which are dropped", () => {
    expect(decode(chunked, "1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n")).toEqual({
      state: "done",
      body: "a",
      rest: "",
    });
  });

  test.each([
    ["an extension", "1;a=b\r\nx\r\n0\r\n\r\n"],
    ["an extension without a name", "1;\r\nx\r\n0\r\n\r\n"],
    ["a blank behind its size", "1 \r\nx\r\n0\r\n\r\n"],
    ["a sign", "+1\r\nx\r\n0\r\n\r\n"],
    ["a prefix", "0x1\r\nx\r\n0\r\n\r\n"],
    ["no size", "\r\nx\r\n0\r\n\r\n"],
    ["a size too large to be one", "fffffffffffffffff\r\nx"],
    ["a bare line feed behind its size", "1\nx\r\n0\r\n\r\n"],
    ["more than its size", "1\r\nxy\r\n0\r\n\r\n"],
    ["a bare line feed behind it", "1\r\nx\n0\r\n\r\n"],
    ["a trailer that is none", "0\r\nGET / HTTP/1.1\r\n\r\n"],
    ["a folded trailer", "0\r\nX: a\r\n b\r\n\r\n"],
    ["trailers without end", `0\r\n${"X: a\r\n".repeat(1_000)}`],
    ["a size line without end", "0".repeat(5_000)],
  ])("is refused with %s", (_, text) => {
    expect(decode(chunked, text).state).toBe("wrong");
    expect(decode(chunked, text, [1]).state).toBe("wrong");
  });

  it("is the same in whatever pieces it comes", () => {
    const chunk = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 5 }),
        fc.array(fc.nat(9), { minLength: 1 }),
        (chunks, sizes) => {
          const parts = chunks.map((each) => Buffer.from(each).toString("latin1"));
          const text = `${parts.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join("")}0\r\n\r\n`;
          expect(decode(chunked, `${text}next`, sizes)).toEqual({
            state: "done",
            body: parts.join(""),
            rest: "next",
          });
        },
      ),
    );
  });
});

test("a body of a length ends there, and may not end before", () => {
  expect(decode({ kind: "length", bytes: 3 }, "abcdef", [1])).toEqual({
    state: "done",
    body: "abc",
    rest: "def",
  });
  expect(decode({ kind: "length", bytes: 3 }, "ab")).toEqual({ state: "more", body: "ab", mayEnd: false });
  expect(decode({ kind: "untilClose" }, "ab")).toEqual({ state: "more", body: "ab", mayEnd: true });
});
