import { expect, it } from "vitest";
import { saySince } from "./since.ts";

it.each([
  [undefined, "2027-01-31T12:00:33.900Z", "first seen at 2027-01-31 12:00:33Z"],
  [
    "2027-01-31T12:00:31.200Z",
    "2027-01-31T12:00:33.900Z",
    "changed between 2027-01-31 12:00:31Z and 12:00:34Z",
  ],
  [
    "2027-01-31T23:59:59.000Z",
    "2027-02-01T00:00:01.000Z",
    "changed between 2027-01-31 23:59:59Z and 2027-02-01 00:00:01Z",
  ],
])("after %s, seen %s: %s", (after, seen, said) => {
  expect(saySince({ after, seen })).toBe(said);
});
