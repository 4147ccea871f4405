import { expect, it } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import type { Cause } from "../change.ts";
import { openDriftDoubts } from "./drift-doubts.ts";

const both = [findingOf("drift"), findingOf("memory-limit")];
const others = both.slice(1);
const cause: Cause = { kind: "sweep" };

function doubts({ canAsk = true } = {}) {
  let now = 0;
  const asked: number[] = [];
  const told = openDriftDoubts(
    (_, __, after) => {
      asked.push(now + after);
      return canAsk;
    },
    () => now,
  );
  return {
    asked,
    at(time: number, findings = both, look: { isFresh?: boolean; isOpen?: boolean; cause?: Cause } = {}) {
      now = time;
      const { isOpen = false } = look;
      return told(findings, { id: "a", cause, isFresh: false, ...look, isOpen: () => isOpen });
    },
  };
}

it("a difference is told once the container was read again and shows it still", () => {
  const { at, asked } = doubts();
  expect(at(0)).toEqual(others);
  // A sweep in between looks with what was read before.
  expect(at(100)).toEqual(others);
  expect(at(120, both, { isFresh: true })).toEqual(others);
  expect(at(160, both, { isFresh: true })).toEqual(both);
  expect(asked).toEqual([150]);
});

it("one that is gone when the container was read again was an update under way", () => {
  const { at } = doubts();
  expect(at(0)).toEqual(others);
  expect(at(160, others, { isFresh: true })).toEqual(others);
  // The next one is another.
  expect(at(400, both, { isFresh: true })).toEqual(others);
});

it("where nobody can be asked, at the start and where it is known, it is told at once", () => {
  expect(doubts({ canAsk: false }).at(0)).toEqual(both);
  expect(doubts().at(0, both, { cause: { kind: "start" } })).toEqual(both);
  expect(doubts().at(0, both, { isOpen: true })).toEqual(both);
});

it("another difference than before is a doubt of its own, until it goes on for long", () => {
  const { at, asked } = doubts();
  const other = (time: number) => [findingOf("drift", { message: `pids-limit ${time}` })];
  expect(at(0)).toEqual(others);
  expect(at(200, other(1), { isFresh: true })).toEqual([]);
  // A limit is what `docker update` changes: on a busy host the kernel gets it late.
  expect(at(400, other(1), { isFresh: true })).toEqual([]);
  expect(at(3_150, other(1), { isFresh: true })).toEqual([]);
  expect(asked).toEqual([150, 3_200]);
  expect(at(3_250, other(1), { isFresh: true })).toEqual(other(1));
  const flapping = doubts();
  for (let time = 0; time < 10_000; time += 1_000)
    expect(flapping.at(time, other(time), { isFresh: true })).toEqual([]);
  expect(flapping.at(10_000, other(10_000), { isFresh: true })).toHaveLength(1);
});

it("a reading that was lost is asked for again", () => {
  const { at, asked } = doubts();
  at(0);
  at(5_100);
  expect(asked).toEqual([150, 5_250]);
  expect(at(5_300, both, { isFresh: true })).toEqual(both);
});
