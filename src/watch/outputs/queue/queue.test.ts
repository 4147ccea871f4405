import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../../../../test/support/test-folder.ts";
import { openQueue, type Queue } from "./queue.ts";

const everything = { records: 1_000_000, characters: Number.MAX_SAFE_INTEGER };

/** As a process that is killed leaves it: it is not closed. */
function open(path: string | undefined, size = 1024 * 1024, said: string[] = []): Queue {
  const queue = openQueue({ folder: path, size, say: (text) => said.push(text), retryEvery: 20 });
  onTestFinished(() => queue.close());
  return queue;
}

/** All that waits, taken out. */
function drain(queue: Queue): readonly string[] {
  const records: string[] = [];
  for (let queued = queue.peek(everything); queued.length > 0; queued = queue.peek(everything)) {
    records.push(...queued.map(({ record }) => record));
    queue.acknowledge(queued.at(-1)?.number ?? 0);
  }
  return records;
}

describe("the queue on the disk", () => {
  it("holds what was appended, in order, over any number of kills, and repeats nothing that was acknowledged", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("append" as const), text: fc.string({ unit: "grapheme" }) }),
      fc.record({ kind: fc.constant("take" as const), most: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant("kill" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const path = mkdtempSync(join(tmpdir(), "bulkhead-queue-"));
        // Files of 4 KiB are begun more often.
        const begin = () => openQueue({ folder: path, size: 65_536, say: () => {} });
        let queue = begin();
        const opened = [queue];
        let expected: string[] = [];
        try {
          for (const each of steps) {
            if (each.kind === "append") {
              const record = JSON.stringify(each.text.repeat(50));
              queue.append(record);
              expected.push(record);
            } else if (each.kind === "take") {
              const queued = queue.peek({ records: each.most, characters: 100_000 });
              expect(queued.map(({ record }) => record)).toEqual(expected.slice(0, queued.length));
              expect(queued.length > 0).toBe(expected.length > 0);
              const last = queued.at(-1);
              if (last) queue.acknowledge(last.number);
              expected = expected.slice(queued.length);
            } else {
              queue = begin();
              opened.push(queue);
            }
            expect(queue.waiting()).toBe(expected.length);
          }
          expect(drain(queue)).toEqual(expected);
          expect(readdirSync(path).filter((name) => name.endsWith(".queue"))).toEqual([]);
        } finally {
          for (const each of opened) each.close();
          rmSync(path, { recursive: true, force: true });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("leaves a line out that a kill tore, and one that is not what was written, and keeps all others", () => {
    const path = testFolder();
    const first = open(path);
    for (const record of ['"one"', '"two"', '"three"']) first.append(record);
    const file = join(path, "00000001.queue");
    writeFileSync(file, readFileSync(file, "utf8").replace("two", "tow"));
    appendFileSync(file, '0000abcd {"torn":');
    const said: string[] = [];
    const second = open(path, undefined, said);
    second.append('"four"');
    expect(drain(second)).toEqual(['"one"', '"three"', '"four"']);
    expect(said).toEqual([expect.stringContaining("2 broken lines")]);
  });

  it("drops the oldest where it is full, says how many, and grows no further", () => {
    const path = testFolder();
    const said: string[] = [];
    const queue = open(path, 65_536, said);
    const record = (number: number) => JSON.stringify(`${number} ${"x".repeat(500)}`);
    for (let number = 0; number < 1_000; number += 1) queue.append(record(number));
    const bytes = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(65_536);
    const lost = queue.takeLost();
    expect(lost).toBeGreaterThan(800);
    expect(queue.takeLost()).toBe(0);
    expect(said[0]).toMatch(/is full: the oldest \d+ of its changes are dropped/);
    expect(drain(queue)).toEqual(Array.from({ length: 1_000 - lost }, (_, index) => record(index + lost)));
  });

  it("takes an acknowledgement of what was dropped meanwhile as nothing", () => {
    const queue = open(testFolder(), 65_536);
    queue.append('"first"');
    const [first] = queue.peek({ records: 1, characters: 100 });
    for (let number = 0; number < 1_000; number += 1) queue.append(JSON.stringify("x".repeat(500)));
    const waiting = queue.waiting();
    queue.acknowledge(first?.number ?? 0);
    expect(queue.waiting()).toBe(waiting);
  });

  it("is readable by its owner alone", () => {
    const path = join(testFolder(), "queue");
    open(path).append("1");
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, "00000001.queue")).mode & 0o777).toBe(0o600);
  });

  it("writes on in order after its folder was a file for a while", async () => {
    const path = join(testFolder(), "queue");
    const said: string[] = [];
    const queue = open(path, 65_536, said);
    queue.append("1");
    rmSync(path, { recursive: true });
    writeFileSync(path, "");
    for (let number = 2; number < 300; number += 1)
      queue.append(JSON.stringify(`${number} ${"x".repeat(100)}`));
    expect(queue.isOnDisk()).toBe(false);
    rmSync(path);
    await expect.poll(() => queue.isOnDisk()).toBe(true);
    expect(said).toEqual([
      expect.stringContaining("cannot be written"),
      expect.stringContaining("can be written again"),
    ]);
    const numbers = drain(queue).map((record) => Number.parseInt(record.replace('"', ""), 10));
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(numbers.at(-1)).toBe(299);
  });

  it("keeps a file that cannot be read for now, and what comes after it waits", () => {
    const path = testFolder();
    const said: string[] = [];
    open(path).append('"one"');
    const queue = open(path, undefined, said);
    queue.append('"two"');
    const file = join(path, "00000001.queue");
    renameSync(file, join(path, "away"));
    mkdirSync(file);
    expect(queue.peek(everything)).toEqual([]);
    expect(queue.peek(everything)).toEqual([]);
    expect(queue.waiting()).toBe(2);
    expect(said).toEqual([expect.stringContaining("cannot be read: ")]);
    rmdirSync(file);
    renameSync(join(path, "away"), file);
    expect(drain(queue)).toEqual(['"one"', '"two"']);
  });

  it("takes an acknowledgement of what was in memory and is in several files by then", async () => {
    const path = join(testFolder(), "queue");
    const queue = open(path, 65_536);
    queue.append('"first"');
    drain(queue);
    rmSync(path, { recursive: true });
    writeFileSync(path, "");
    const record = (number: number) => JSON.stringify(`${number} ${"x".repeat(500)}`);
    for (let number = 0; number < 30; number += 1) queue.append(record(number));
    const queued = queue.peek({ records: 20, characters: 100_000 });
    expect(queued).toHaveLength(20);
    rmSync(path);
    await expect.poll(() => queue.isOnDisk()).toBe(true);
    expect(readdirSync(path).length).toBeGreaterThan(2);
    queue.acknowledge(queued.at(-1)?.number ?? 0);
    expect(queue.waiting()).toBe(10);
    expect(drain(open(path, 65_536))).toEqual(Array.from({ length: 10 }, (_, index) => record(index + 20)));
  });

  it("in memory alone holds as much as memory may, and drops the oldest", () => {
    const said: string[] = [];
    const queue = open(undefined, undefined, said);
    for (let number = 0; number < 20_005; number += 1) queue.append(String(number));
    expect(queue.takeLost()).toBe(5);
    expect(said).toHaveLength(1);
    const queued = queue.peek({ records: 2, characters: 100 });
    expect(queued.map(({ record }) => record)).toEqual(["5", "6"]);
    queue.acknowledge(queued.at(-1)?.number ?? 0);
    expect(queue.peek({ records: 1, characters: 100 })[0]?.record).toBe("7");
  });
});
