import { expect, it } from "vitest";
import type { KernelCall, KernelStart } from "./kernel-events.ts";
import { openNoise } from "./noise.ts";

const call = (caller: number): KernelCall => ({ call: "execve", pid: caller, caller, process: "x" });
const fork = (caller: number, child: number): KernelStart => ({ start: "fork", caller, child });
const numbers = (count: number, from: number) => Array.from({ length: count }, (_, at) => from + at);

/** Processes that live, and their containers; undefined is the host's. */
const living = new Map<number, string | undefined>([
  [10, "web"],
  [20, "db"],
  [30, undefined],
]);
const ownerOf = (pid: number) => (living.has(pid) ? { id: living.get(pid) } : ("gone" as const));

it("finds the container whose programs have all ended by who started them", () => {
  const noise = openNoise(ownerOf);
  const short = numbers(200, 1000);
  // The first read has calls alone: then forks are asked for.
  expect(noise.take(short.map(call))).toEqual(new Map());
  expect(noise.wantsForks).toBe(true);
  const events = numbers(200, 2000).flatMap((pid) => [fork(10, pid), call(pid)]);
  const found = noise.take([...events, call(20), call(30)]);
  expect([...found.keys()]).toEqual(["web"]);
  expect(found.get("web")?.tasks).toEqual(new Set([10]));
  expect(found.get("web")?.callers).toEqual(new Set(numbers(200, 2000)));
  expect(noise.take([call(20)])).toEqual(new Map());
  expect(noise.wantsForks).toBe(false);
});

it("finds one whose programs start each other and end, and one that becomes another program without end", () => {
  const chain = openNoise(ownerOf);
  const links = numbers(200, 1001).flatMap((pid) => [fork(pid - 1, pid), call(pid)]);
  expect([...chain.take([fork(20, 1000), ...links]).keys()]).toEqual(["db"]);
  const same = openNoise(ownerOf);
  expect([...same.take(numbers(200, 0).map(() => call(20))).keys()]).toEqual(["db"]);
});

it("blames nobody for many calls of many, of the host, or of whom nobody knows", () => {
  const noise = openNoise(ownerOf);
  const each = (from: number, parent: number) =>
    numbers(90, from).flatMap((pid) => [fork(parent, pid), call(pid)]);
  expect(noise.take([...each(1000, 10), ...each(2000, 20), ...each(3000, 30)])).toEqual(new Map());
  expect(noise.take(numbers(500, 5000).flatMap((pid) => [fork(30, pid), call(pid)]))).toEqual(new Map());
  expect(noise.take(numbers(500, 9000).map(call))).toEqual(new Map());
  // A circle, as numbers that are used again within one read would give.
  expect(noise.take([fork(1, 2), fork(2, 1), ...numbers(200, 0).map(() => call(2))])).toEqual(new Map());
});
