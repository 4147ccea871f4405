import { expect, test } from "vitest";
import { pruneRequest, solveRequest } from "./messages.ts";
import { readMessage, writeMessage } from "./protobuf.ts";

test.each([
  [10_000, true],
  [10_001, false],
])("a list or a map of %i items is read: %s", (count, expected) => {
  const filter = Array.from({ length: count }, () => "a");
  expect(readMessage(writeMessage({ filter }, pruneRequest), pruneRequest).ok).toBe(expected);
  const FrontendAttrs = new Map(filter.map((value, at) => [`${at}`, value]));
  expect(readMessage(writeMessage({ FrontendAttrs }, solveRequest), solveRequest).ok).toBe(expected);
});

test.each([
  ["a field that is not known", [0x9a, 0x06, 0x00], "has the field 99"],
  ["a text in the form of a number", [0x08, 0x01], "has filter in another form"],
  ["a field twice", [0x10, 0x01, 0x10, 0x01], "has all twice"],
  ["a text that is cut", [0x0a, 0x02, 0x61], "ends within filter"],
  ["a number that is cut", [0x10, 0x80], "ends within a number"],
  ["a number beyond 64 bits", [0x10, ...Array(9).fill(0xff), 0x02], "beyond 64 bits"],
  ["a text that is no UTF-8", [0x0a, 0x01, 0xff], "is no UTF-8"],
])("%s is refused", (_, bytes, why) => {
  expect(readMessage(Buffer.from(bytes), pruneRequest)).toEqual({
    ok: false,
    reason: expect.stringContaining(why),
  });
});
