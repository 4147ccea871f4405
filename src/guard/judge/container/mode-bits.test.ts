import { describe, expect, test } from "vitest";
import { itemsOf, recordAt, textsOf } from "../../../base/json.ts";
import { isGuardsProfile } from "./host-rights.ts";
import { calls, withoutModeBits } from "./mode-bits.ts";

const modal = ["chmod", "fchmod", "fchmodat", "fchmodat2", "creat", "open", "openat", "mknod", "mknodat"];

/** Whether a profile lets a call through with a mode, and O_CREAT among its flags: every rule that fits counts, as in the kernel. */
function lets(profile: string | undefined, name: string, mode: number): boolean {
  const { defaultAction, syscalls } = recordAt({ at: JSON.parse(profile ?? "{}") }, "at");
  const at: Readonly<Record<string, number>> = { fchmodat: 2, fchmodat2: 2, mknodat: 2, open: 2, openat: 3 };
  const values = new Map([[at[name] ?? 1, mode]]);
  if (name.startsWith("open")) values.set((at[name] ?? 0) - 1, 0o101);
  const fitting = itemsOf(syscalls).filter((rule) => {
    const { names, args } = recordAt({ rule }, "rule");
    return (
      textsOf(names).includes(name) &&
      itemsOf(args).every((arg) => {
        const { index, value, valueTwo = 0 } = recordAt({ arg }, "arg");
        return ((values.get(Number(index)) ?? 0) & Number(value)) === Number(valueTwo);
      })
    );
  });
  const actions = fitting.map((rule) => recordAt({ rule }, "rule").action);
  return actions.length === 0 ? defaultAction === "SCMP_ACT_ALLOW" : !actions.includes("SCMP_ACT_ERRNO");
}

const profiles = {
  "Docker's own": calls(),
  none: withoutModeBits({ defaultAction: "SCMP_ACT_ALLOW" }),
  "one that lets all through by name": withoutModeBits({
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{ names: [...modal, "read", "openat2"], action: "SCMP_ACT_ALLOW" }],
  }),
};

describe.each(Object.entries(profiles))("a seccomp profile without setuid and setgid (%s)", (_, profile) => {
  test.each(modal)("%s", (name) => {
    for (const mode of [0o755, 0o1777, 0o100644]) expect(lets(profile, name, mode), String(mode)).toBe(true);
    for (const mode of [0o4755, 0o2755, 0o6000, 0o104755])
      expect(lets(profile, name, mode), String(mode)).toBe(false);
  });
  test("what has its mode behind a pointer, and what has none", () => {
    expect(lets(profile, "openat2", 0)).toBe(false);
    expect(lets(profile, "read", 0)).toBe(true);
  });
});

test("the guard knows its own profile, also an older one that lets less through, and no other", () => {
  const own = JSON.parse(calls());
  expect(isGuardsProfile(calls())).toBe(true);
  const [first, ...rest] = own.syscalls;
  const less = { ...own, syscalls: [{ ...first, names: first.names.slice(5) }, ...rest] };
  expect(isGuardsProfile(JSON.stringify(less))).toBe(true);
  const more = { ...own, syscalls: [{ ...first, names: [...first.names, "chmod"] }, ...rest] };
  expect(isGuardsProfile(JSON.stringify(more))).toBe(false);
  expect(isGuardsProfile(JSON.stringify({ ...own, defaultAction: "SCMP_ACT_ALLOW" }))).toBe(false);
  expect(isGuardsProfile('{"defaultAction":"SCMP_ACT_ERRNO"}')).toBe(false);
});
