import { expect, it } from "vitest";
import { findingOf } from "../../../../test/support/changes.ts";
import { everywhere, testFleet } from "../../../../test/support/fleet/fleet.ts";
import { listFindings } from "../../store/findings/findings.ts";
import { judgeClone } from "../../store/findings/own-findings.ts";
import { putHost, putOpen } from "../../store/hosts/hosts.ts";
import { openClones } from "./ingest.ts";

const minute = 60_000;

function reports(addresses: readonly string[]) {
  const clones = openClones();
  return addresses.map((address, index) => clones("h", address, index * minute));
}

it("two addresses in turn are two machines; one that moves or changes each time is one", () => {
  expect(reports(["a", "b", "a", "b", "a", "b"]).at(-1)).toEqual(["b", "a"]);
  const isNoticed = (addresses: readonly string[]) => reports(addresses).some((each) => Array.isArray(each));
  expect(isNoticed(["a", "b", "a", "b", "a"])).toBe(false);
  expect(isNoticed(["a", "a", "b", "b", "b", "c", "c", "d"])).toBe(false);
  expect(isNoticed(["a", "b", "c", "a", "b", "c", "a", "b", "c"])).toBe(false);
  // Once a day to the other network and back is no clone.
  const daily = openClones();
  const told = ["a", "b", "a", "b", "a", "b", "a"].map((address, index) =>
    daily("h", address, index * 720 * minute),
  );
  expect(told.some(Array.isArray)).toBe(false);
});

it("it is over when one of them reported alone for an hour", () => {
  const clones = openClones();
  for (const [index, address] of ["a", "b", "a", "b", "a", "b"].entries())
    clones("h", address, index * minute);
  expect(clones("h", "b", 30 * minute)).toBeUndefined();
  expect(clones("h", "b", 66 * minute)).toBe("one");
});

it("it opens a finding of the host once, which no report takes back, and ends it", async () => {
  const database = await testFleet();
  const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };
  await putHost(database, host, 1);
  const judge = (addresses: readonly [string, string] | undefined) =>
    judgeClone(database, host, addresses, 5);
  const list = async () =>
    (await listFindings(database, everywhere, { offset: 0, limit: 9 })).map(({ control }) => control);
  expect([await judge(["10.0.0.1", "10.0.0.2"]), await judge(["10.0.0.2", "10.0.0.1"])]).toEqual([
    true,
    false,
  ]);
  await putOpen(database, "h", [findingOf("privileged")], 6, () => "");
  expect((await list()).toSorted()).toEqual(["host-cloned", "privileged"]);
  expect([await judge(undefined), await judge(undefined)]).toEqual([true, false]);
  expect(await list()).toEqual(["privileged"]);
});
