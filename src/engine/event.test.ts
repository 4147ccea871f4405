import fc from "fast-check";
import { expect, it } from "vitest";
import { documentsOf, readEvent, timeOf, timestamp } from "./event.ts";

const started =
  '{"status":"start","id":"4f5","from":"web","Type":"container","Action":"start","Actor":{"ID":"4f5","Attributes":{"image":"web","name":"shop","secret":"hunter2"}},"scope":"local","time":1764041285,"timeNano":1764041285123456789}';

it("keeps the time to the nanosecond", () => {
  const event = readEvent(started);
  expect(event?.timeNano).toBe(1764041285123456789n);
  expect(event && timeOf(event)).toBe("2025-11-25T03:28:05.123Z");
  expect(event && timestamp(event.timeNano)).toBe("1764041285.123456789");
});

it("keeps no label and no argument", () => {
  const exec =
    '{"Type":"container","Action":"exec_start: sh -c \\"curl -u me:hunter2\\"","Actor":{"ID":"4f5","Attributes":{"execID":"9a","name":"shop","token":"hunter2"}},"timeNano":5}';
  const event = readEvent(exec);
  expect(event).toMatchObject({ action: "exec_start", execId: "9a", name: "shop", id: "4f5" });
  expect(JSON.stringify(event, (_, value) => String(value))).not.toContain("hunter2");
  expect(Object.values(event ?? {}).join(" ")).not.toContain("hunter2");
});

it("is not fooled by a label that looks like a time", () => {
  const label =
    '{"Type":"container","Action":"die","Actor":{"ID":"1","Attributes":{"x":",\\"timeNano\\":7","timeNano":"8"}},"timeNano":9}';
  expect(readEvent(label)?.timeNano).toBe(9n);
});

it("takes what is no event for none", () => {
  for (const text of [
    "",
    "null",
    "[]",
    "{}",
    "{",
    '{"Type":"container","Action":"die"}',
    '{"Type":1,"Action":2,"timeNano":3}',
  ])
    expect(readEvent(text)).toBeUndefined();
});

it("cuts a stream into the same documents wherever its chunks end", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc
          .string({ unit: "grapheme", minLength: 2 })
          .filter((text) => !text.includes("\n") && !text.includes("\u001e")),
      ),
      fc.array(fc.nat(40)),
      (documents, cuts) => {
        const bytes = Buffer.from(documents.map((each) => `${each}\n`).join(""));
        const taken: string[] = [];
        const push = documentsOf(
          (text) => taken.push(text),
          () => taken.push("lost"),
        );
        let at = 0;
        for (const cut of cuts) {
          push(bytes.subarray(at, at + cut));
          at += cut;
        }
        push(bytes.subarray(Math.min(at, bytes.length)));
        expect(taken).toEqual(documents);
      },
    ),
  );
});

it("lets a document without end go, once, and goes on behind it", () => {
  const taken: string[] = [];
  let lost = 0;
  const push = documentsOf(
    (text) => taken.push(text),
    () => {
      lost += 1;
    },
  );
  for (let chunk = 0; chunk < 10; chunk += 1) push(Buffer.alloc(1024 * 1024, "x"));
  push(Buffer.from("rest\n{}\n"));
  expect(lost).toBe(1);
  expect(taken).toEqual(["{}"]);
});
