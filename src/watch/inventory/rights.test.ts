import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import { capabilitiesFromMask } from "../../model/container/capability.ts";
import type { Process } from "../../model/container/process.ts";
import { type Fact, set } from "../../model/fact.ts";
import { holdsOther } from "./rights.ts";

const origin = { kernel: "/proc/1/status" };
const fact = <T>(value: T): Fact<T> => set(value, origin);
const no = fact(false);

/** As a hardened container's first process: uid 1000, nothing else. */
const first: Process = {
  ...{ pid: 1, name: "sleep", role: "init" },
  ...{ uid: fact(1000), gid: fact(1000), hostUid: fact(1000) },
  ...{ capEffective: fact(new Set()), capPermitted: fact(new Set()), capAmbient: fact(new Set()) },
  ...{ capBounding: fact(capabilitiesFromMask("a80425fb")), seccomp: fact(2), noNewPrivs: no },
  lsmLabel: { state: "unset" },
  sharesHost: { cgroup: no, ipc: no, mnt: no, net: no, pid: no, user: no, uts: no },
};

const same = {
  State: "S (sleeping)",
  Uid: "1000\t1000\t1000\t1000",
  CapBnd: "00000000a80425fb",
  Seccomp: "2",
};

function other(fields: Readonly<Record<string, string>>, others: readonly Process[] = [first]): boolean {
  const folder = join(testFolder(), "7");
  mkdirSync(folder);
  const none = "0000000000000000";
  const all = { Name: "x", ...{ CapPrm: none, CapEff: none, NoNewPrivs: "0" }, ...same, ...fields };
  writeFileSync(
    join(folder, "status"),
    Object.entries(all)
      .map(([name, value]) => `${name}:\t${value}\n`)
      .join(""),
  );
  return holdsOther(folder, others);
}

it("a process that holds what another one does is nothing new", () => {
  expect(other({})).toBe(false);
  expect(other({ Name: "other", VmRSS: "1 kB" })).toBe(false);
});

it.each([
  ["another effective user", { Uid: "1000\t0\t0\t0" }],
  ["effective capabilities", { CapEff: "0000000000200000" }],
  ["permitted capabilities", { CapPrm: "0000000000200000" }],
  ["another bounding set", { CapBnd: "000001ffffffffff" }],
  ["no seccomp filter", { Seccomp: "0" }],
  ["no-new-privileges", { NoNewPrivs: "1" }],
])("%s", (_, fields) => {
  expect(other(fields)).toBe(true);
});

it("where nothing is known of the others, it is new", () => {
  expect(other({}, [])).toBe(true);
});

it("one that has ended holds nothing", () => {
  expect(other({ State: "Z (zombie)", Uid: "0\t0\t0\t0" })).toBe(false);
  expect(holdsOther("/nonexistent/7", [first])).toBe(false);
});
