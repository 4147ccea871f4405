import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Plan } from "./program.ts";
import { openHelperSession } from "./session.ts";

/** Answers each program by itself, as a helper does that makes no call, in frames of `size` bytes. */
function echo(size: number): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      for (let at = 0; at < chunk.length; at += size) {
        const part = chunk.subarray(at, at + size);
        const header = Buffer.alloc(8);
        header.writeUInt8(1, 0);
        header.writeUInt32BE(part.length, 4);
        const frame = Buffer.concat([header, part]);
        // A frame may come in any pieces, and errors of the process between.
        this.push(frame.subarray(0, 5));
        this.push(frame.subarray(5));
        this.push(Buffer.from([2, 0, 0, 0, 0, 0, 0, 2, 120, 120]));
      }
      done();
    },
  });
}

const plan: Plan<string> = (builder) => {
  const memory = builder.text("hello");
  const call = builder.call("getpid");
  return (ran) => `${ran.data(memory).toString("utf8", 0, 5)} ${ran.result(call)}`;
};

describe("a helper session", () => {
  it("puts the helper's answer together, whatever pieces it comes in, one program after the other", async () => {
    for (const size of [1, 7, 4096, 100_000]) {
      const session = openHelperSession(echo(size), { architecture: "x86_64", patience: 5_000 });
      const both = await Promise.all([session.run(plan), session.run(plan)]);
      expect(both).toEqual(Array(2).fill({ ok: true, value: "hello undefined" }));
      session.close();
    }
  });

  it("gives up on a helper that does not answer, and then for good", async () => {
    const silent = new Duplex({ read() {}, write: (_, __, done) => done() });
    const session = openHelperSession(silent, { architecture: "x86_64", patience: 30 });
    const late = { ok: false, reason: "it did not answer within 0.03 s" };
    expect(await session.run(plan)).toEqual(late);
    expect(await session.run(plan)).toEqual(late);
    expect(silent.destroyed).toBe(true);
  });

  it("tells of a helper that ended", async () => {
    const ends = new Duplex({
      read() {},
      write(_, __, done) {
        this.push(null);
        done();
      },
    });
    const session = openHelperSession(ends, { architecture: "x86_64", patience: 5_000 });
    expect(await session.run(plan)).toEqual({ ok: false, reason: "the helper in it ended" });
  });
});
