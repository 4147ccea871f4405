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

/** One that counts how often it asks for an owner. */
function listening() {
  let asked = 0;
  const noise = openNoise((pid) => {
    asked += 1;
    return living.has(pid) ? { id: living.get(pid) } : "gone";
  });
  return {
    noise,
    asked: () => asked,
    hear(calls: readonly (KernelCall | KernelStart)[], { span = 250, lost = 0, isScarce = false } = {}) {
      return noise.take({ calls, lost, span, isScarce });
    },
  };
}

/** Programs that a process starts and that end at once. */
const started = (count: number, from: number, parent: number) =>
  numbers(count, from).flatMap((pid) => [fork(parent, pid), call(pid)]);

it("finds the container whose programs have all ended by who started them, once it goes on", () => {
  const { noise, hear } = listening();
  // What is told first has calls alone: then forks are asked for.
  expect(hear(numbers(200, 1000).map(call))).toEqual(new Map());
  expect(noise.wantsForks).toBe(true);
  expect(hear([...started(200, 2000, 10), call(20), call(30)])).toEqual(new Map());
  const found = hear(started(200, 3000, 10));
  expect([...found.keys()]).toEqual(["web"]);
  expect(found.get("web")?.tasks).toEqual(new Set([10]));
  expect(found.get("web")?.callers).toEqual(new Set(numbers(200, 3000)));
  expect(hear([call(20)])).toEqual(new Map());
  expect(noise.wantsForks).toBe(false);
  // A start that makes many calls in a moment.
  expect(hear(started(200, 4000, 10))).toEqual(new Map());
  expect(hear(started(10, 5000, 10))).toEqual(new Map());
  expect(hear(started(200, 6000, 10))).toEqual(new Map());
});

it("finds one whose programs start each other and end, with one look at each, and one that becomes another program", () => {
  const chain = listening();
  const links = (from: number) => numbers(300, from).flatMap((pid) => [fork(pid - 1, pid), call(pid)]);
  chain.hear([fork(20, 1000), ...links(1001)]);
  for (let from = 1301; from < 5_000; from += 300)
    expect([...chain.hear(links(from)).keys()]).toEqual(["db"]);
  expect(chain.asked()).toBeLessThan(5_000);
  const same = listening();
  same.hear(numbers(200, 0).map(() => call(20)));
  expect([...same.hear(numbers(200, 0).map(() => call(20))).keys()]).toEqual(["db"]);
});

it("takes less for too much where others wait already", () => {
  const { hear } = listening();
  hear(started(60, 1000, 10));
  expect(hear(started(60, 2000, 10))).toEqual(new Map());
  hear(started(60, 3000, 10), { isScarce: true });
  expect([...hear(started(60, 4000, 10), { isScarce: true }).keys()]).toEqual(["web"]);
  hear(started(15, 5000, 10), { isScarce: true });
  expect(hear(started(15, 6000, 10), { isScarce: true })).toEqual(new Map());
});

it("finds at once again who was left out and goes on, and no other", () => {
  const { noise, hear } = listening();
  noise.expect(["web"]);
  expect(noise.wantsForks).toBe(true);
  expect([...hear([...started(200, 1000, 10), ...started(200, 2000, 20)]).keys()]).toEqual(["web"]);
  const calm = listening();
  calm.noise.expect(["web"]);
  expect(calm.hear(started(20, 1000, 10))).toEqual(new Map());
  expect(calm.noise.wantsForks).toBe(false);
});

it("waits for nothing where no start makes so many", () => {
  const { hear } = listening();
  expect([...hear(numbers(1_100, 0).map(() => call(20))).keys()]).toEqual(["db"]);
});

it("goes by the time in which they came, and counts a moment as a quarter of a second", () => {
  const cut = listening();
  const few = numbers(110, 0).map(() => call(20));
  const others = numbers(600, 0).map(() => call(30));
  cut.hear([...few, ...others], { span: 4 });
  expect([...cut.hear([...few, ...others], { span: 4 }).keys()]).toEqual(["db"]);
  expect(cut.hear([...few.slice(20), ...others], { span: 4 })).toEqual(new Map());
});

it("goes by the time that it was told of: a read that comes late has more", () => {
  const late = listening();
  for (let from = 1_000; from < 20_000; from += 1_000)
    expect(late.hear([...started(700, from, 30), ...started(120, from + 700, 20)], { span: 1_000 })).toEqual(
      new Map(),
    );
});

it("asks who lives, and believes no parent where events were dropped", () => {
  const runtime = listening();
  // A shim of the host's started what is the container's by now.
  const loop = [fork(30, 10), ...started(200, 1000, 10)];
  runtime.hear(loop);
  expect([...runtime.hear(started(200, 2000, 10)).keys()]).toEqual(["web"]);
  const dropped = listening();
  dropped.hear(started(200, 1000, 10));
  expect(dropped.hear(numbers(200, 1000).map(call), { lost: 5 })).toEqual(new Map());
});

it("blames nobody for many calls of many, of the host, or of whom nobody knows", () => {
  const cases: readonly (readonly (KernelCall | KernelStart)[])[] = [
    [...started(90, 1000, 10), ...started(90, 2000, 20), ...started(90, 3000, 30)],
    started(500, 5000, 30),
    numbers(500, 9000).map(call),
    // A circle, as numbers that are used again would give.
    [fork(1, 2), fork(2, 1), ...numbers(200, 0).map(() => call(2))],
  ];
  for (const calls of cases) {
    const { hear } = listening();
    hear(calls);
    expect(hear(calls)).toEqual(new Map());
  }
});
