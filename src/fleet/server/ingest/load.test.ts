import { Hono } from "hono";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Carried } from "../http/session.ts";
import { takeTurns } from "./load.ts";

/** Reports that are taken in and not done yet. `end` ends the oldest. */
function testTurns() {
  const app = new Hono<Carried>();
  const under: (() => void)[] = [];
  app.use(async (context, next) => {
    context.set("reporter", { id: "h", name: "h" });
    await next();
  });
  app.use(takeTurns({ reports: 0 }));
  app.post("/", async (context) => {
    await new Promise<void>((done) => under.push(done));
    return context.text("taken");
  });
  const report = async (bytes: number) => {
    const answer = await app.request("/", { method: "POST", headers: { "content-length": String(bytes) } });
    return answer.status;
  };
  return { report, under, end: () => under.shift()?.() };
}

const mebibyte = 1024 * 1024;

it("a gigabyte of findings is read a few reports at a time; the others wait unread, and then are asked to come again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { report, under, end } = testTurns();
  const reports = Array.from({ length: 64 }, () => report(16 * mebibyte));
  await vi.waitFor(() => expect(under).toHaveLength(4));
  end();
  // The next in the row, and no more.
  await vi.waitFor(() => expect(under).toHaveLength(4));
  await vi.advanceTimersByTimeAsync(10_000);
  while (under.length > 0) end();
  const statuses = await Promise.all(reports);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(statuses.filter((status) => status === 503)).toHaveLength(59);
});

it("small reports go on while large ones wait, and many are enough", async () => {
  const { report, under, end } = testTurns();
  const large = Array.from({ length: 4 }, () => report(mebibyte));
  const small = Array.from({ length: 1_996 }, () => report(1_000));
  await vi.waitFor(() => expect(under).toHaveLength(2_000));
  expect(await report(1_000)).toBe(503);
  expect(await report(64 * mebibyte)).toBe(413);
  while (under.length > 0) end();
  expect(new Set(await Promise.all([...large, ...small]))).toEqual(new Set([200]));
});
