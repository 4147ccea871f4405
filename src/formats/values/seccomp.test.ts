import { expect, it } from "vitest";
import { allowsAll, beyondDefault } from "./seccomp.ts";

const profile = (defaultAction: string, ...syscalls: readonly object[]) =>
  JSON.stringify({ defaultAction, syscalls });
const allow = (names: string | readonly string[], more: object = {}) => ({
  names: [names].flat(),
  action: "SCMP_ACT_ALLOW",
  ...more,
});
const when = (op: string, value: number, index = 0) => ({ args: [{ index, value, op }] });
const beyond = (...syscalls: readonly object[]) => beyondDefault(profile("SCMP_ACT_ERRNO", ...syscalls));

it("nothing is wider where all that is allowed is allowed by Docker's own", () => {
  expect(beyond(allow(["read", "ptrace", "socketcall", "arch_prctl", "recv"]))).toEqual([]);
  expect(beyond(allow("mount", { includes: { caps: ["CAP_SYS_ADMIN"] } }))).toEqual([]);
  expect(beyond(allow("personality", when("SCMP_CMP_EQ", 8)))).toEqual([]);
  expect(beyond({ names: ["mount"], action: "SCMP_ACT_ERRNO" })).toEqual([]);
  expect(beyond({ name: "read", action: "SCMP_ACT_LOG" })).toEqual([]);
});

it("a call that Docker's own stops is wider, with some arguments or with another capability, too", () => {
  expect(beyond(allow(["mount", "io_uring_setup"]))).toEqual(["io_uring_setup", "mount"]);
  expect(beyond(allow("mount", when("SCMP_CMP_NE", 12_345)))).toEqual(["mount"]);
  expect(beyond(allow("mount", { includes: { caps: ["CAP_CHOWN"] } }))).toEqual(["mount"]);
  expect(beyond(allow("personality", when("SCMP_CMP_NE", 8)))).toEqual(["personality"]);
  expect(beyond(allow("personality", when("SCMP_CMP_EQ", 0x0040000)))).toEqual(["personality"]);
  expect(beyond(allow("clone"))).toEqual(["clone"]);
  expect(beyond(allow("no_such_call_yet"))).toEqual(["no_such_call_yet"]);
  // An action that is not known to stop a call.
  expect(beyond({ names: ["mount"], action: "SCMP_ACT_NOTIFY" })).toEqual(["mount"]);
  // runc leaves out a rule that says what the default says, so that does not take back what another rule allows.
  expect(beyond(allow("mount"), { names: ["mount"], action: "SCMP_ACT_ERRNO" })).toEqual(["mount"]);
});

it("flags of clone that make no namespace are Docker's own, on s390 in the second argument", () => {
  const masked = (index: number, more: object = {}) =>
    allow("clone", {
      args: [{ index, value: 2_114_060_288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
      ...more,
    });
  expect(beyond(masked(0))).toEqual([]);
  expect(beyond(masked(1))).toEqual(["clone"]);
  expect(beyond(masked(1, { includes: { arches: ["s390", "s390x"] } }))).toEqual([]);
});

it("sockets are compared family by family", () => {
  const socket = (op: string, value: number) => beyond(allow("socket", when(op, value)));
  expect(beyond(allow("socket"))).toEqual(["socket(AF_ALG)", "socket(AF_VSOCK)"]);
  expect(socket("SCMP_CMP_NE", 40)).toEqual(["socket(AF_ALG)"]);
  expect(socket("SCMP_CMP_LT", 38)).toEqual([]);
  expect(socket("SCMP_CMP_LE", 38)).toEqual(["socket(AF_ALG)"]);
  expect(socket("SCMP_CMP_GT", 40)).toEqual([]);
  expect(socket("SCMP_CMP_GE", 40)).toEqual(["socket(AF_VSOCK)"]);
  expect(socket("SCMP_CMP_EQ", 2)).toEqual([]);
  // The kind of a socket says nothing of its family.
  expect(beyond(allow("socket", when("SCMP_CMP_EQ", 1, 1)))).toHaveLength(2);
  const both = {
    args: [
      { index: 0, value: 2, op: "SCMP_CMP_EQ" },
      { index: 1, value: 1, op: "SCMP_CMP_EQ" },
    ],
  };
  expect(beyond(allow("socket", both))).toEqual([]);
});

it("a profile that lets through what it does not name is wider by what it leaves out", () => {
  const open = beyondDefault(profile("SCMP_ACT_ALLOW", { names: ["mount"], action: "SCMP_ACT_ERRNO" })) ?? [];
  expect(open).toContain("bpf");
  expect(open).not.toContain("mount");
  const some = { names: ["mount"], action: "SCMP_ACT_ERRNO", ...when("SCMP_CMP_EQ", 1) };
  expect(beyondDefault(profile("SCMP_ACT_ALLOW", some))).toContain("mount");
  expect(allowsAll(profile("SCMP_ACT_ALLOW"))).toBe(true);
  expect(allowsAll(profile("SCMP_ACT_ERRNO"))).toBe(false);
  expect(beyondDefault("{}")).toBeUndefined();
});
