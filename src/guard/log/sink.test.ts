import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileSinkOptions, fileSink, streamSink } from "./sink.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(options: Partial<FileSinkOptions> = {}) {
  const path = join(folder, "audit.log");
  const sink = fileSink({ path, maxBytes: 0, keep: 2, ...options });
  if (!sink.ok) throw new Error(sink.reason);
  return { path, sink: sink.value };
}

describe("the log file", () => {
  it("holds each line behind those that were there, for its owner and group alone", async () => {
    writeFileSync(join(folder, "audit.log"), "before\n", { mode: 0o600 });
    const { path, sink } = open();
    const written = sink.write("one");
    await sink.write("two");
    expect(await written).toEqual({ ok: true });
    expect(readFileSync(path, "utf8")).toBe("before\none\ntwo\n");
    rmSync(path);
    expect(sink.reopen().ok).toBe(true);
    expect(statSync(path).mode & 0o007).toBe(0);
    sink.close();
  });

  it("is made with its folder, which others do not see into", () => {
    const path = join(folder, "log/bulkhead/audit.log");
    const sink = fileSink({ path, maxBytes: 0, keep: 0 });
    expect(sink.ok).toBe(true);
    if (sink.ok) sink.value.close();
    expect(statSync(join(folder, "log/bulkhead")).mode & 0o007).toBe(0);
  });

  it("begins anew when it is full, and keeps as many as it was told", async () => {
    const { path, sink } = open({ maxBytes: 10 });
    await Promise.all(["1234567", "2345678", "3456789", "4567890"].map((line) => sink.write(line)));
    expect(["", ".1", ".2"].map((end) => readFileSync(path + end, "utf8"))).toEqual([
      "4567890\n",
      "3456789\n",
      "2345678\n",
    ]);
    expect(existsSync(`${path}.3`)).toBe(false);
    sink.close();
  });

  it("keeps none but the one where it was told so", async () => {
    const { path, sink } = open({ maxBytes: 10, keep: 0 });
    for (const line of ["1234567", "2345678"]) await sink.write(line);
    expect(readFileSync(path, "utf8")).toBe("2345678\n");
    expect(existsSync(`${path}.1`)).toBe(false);
    sink.close();
  });

  it("is followed when somebody moves it away and asks for it anew", async () => {
    const { path, sink } = open();
    await sink.write("one");
    renameSync(path, `${path}.moved`);
    // What waits belongs to the file that was there when it was said.
    void sink.write("two");
    expect(sink.reopen().ok).toBe(true);
    await sink.write("three");
    expect(readFileSync(`${path}.moved`, "utf8")).toBe("one\ntwo\n");
    expect(readFileSync(path, "utf8")).toBe("three\n");
    sink.close();
  });

  it("stays as it was where it cannot be opened anew", async () => {
    const { path, sink } = open();
    renameSync(path, `${path}.moved`);
    rmSync(folder, { recursive: true, force: true });
    expect(sink.reopen()).toEqual({ ok: false, reason: expect.stringContaining("cannot be opened") });
    expect(await sink.write("still")).toEqual({ ok: true });
    sink.close();
  });

  it("says that the disk is full, to each line", async () => {
    const sink = fileSink({ path: "/dev/full", maxBytes: 0, keep: 0 });
    if (!sink.ok) throw new Error(sink.reason);
    const full = { ok: false, reason: "the audit log /dev/full cannot be written: the disk is full" };
    expect(await Promise.all([sink.value.write("one"), sink.value.write("two")])).toEqual([full, full]);
    sink.value.close();
  });

  it("takes the first line of a turn at once and the others together, one write for all", async () => {
    const { path, sink } = open();
    expect(sink.write("line 0")).toEqual({ ok: true });
    expect(readFileSync(path, "utf8")).toBe("line 0\n");
    let settled = 0;
    const all = Array.from({ length: 50 }, async (_, index) => {
      expect(await sink.write(`line ${index + 1}`)).toEqual({ ok: true });
      settled += 1;
    });
    await Promise.resolve();
    // Nothing is said to be written that is not.
    expect(settled).toBe(0);
    expect(readFileSync(path, "utf8")).toBe("line 0\n");
    await Promise.all(all);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(52);
    sink.close();
  });

  it("takes nothing once it is closed: its number may be that of another file", () => {
    const { path, sink } = open();
    sink.write("one");
    sink.close();
    expect(sink.write("two")).toEqual({ ok: false, reason: `the audit log ${path} is closed` });
  });

  it("grows on where it may not begin anew", async () => {
    const { path, sink } = open({ maxBytes: 10, keep: 0 });
    await sink.write("1234567");
    rmSync(path);
    mkdirSync(path);
    expect(await sink.write("2345678")).toEqual({ ok: true });
    sink.close();
  });

  it("is written to its end when it is closed", async () => {
    const { path, sink } = open();
    const last = sink.write("last");
    sink.close();
    expect(await last).toEqual({ ok: true });
    expect(readFileSync(path, "utf8")).toBe("last\n");
  });
});

describe("lines to a descriptor", () => {
  it("are written in their order, and told when they are", async () => {
    const path = join(folder, "out");
    const fd = openSync(path, "w");
    const sink = streamSink(fd);
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => sink.write(`line ${index}`)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(
      Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join(""),
    );
    closeSync(fd);
  });

  it("fail where the disk is full", async () => {
    const fd = openSync("/dev/full", "w");
    expect(await streamSink(fd).write("line")).toEqual({
      ok: false,
      reason: expect.stringContaining("the disk is full"),
    });
    closeSync(fd);
  });
});
