import type { Container } from "../../model/container.ts";
import { type Fact, isOpen, mapFact, unseen, unset } from "../../model/fact.ts";
import { isUnconfinedType, parseLsmLabel } from "./lsm.ts";

type MacFacts = Pick<Container, "apparmor" | "selinux">;

/**
 * What the first process's label says of AppArmor or SELinux; the other one, and both where the kernel runs
 * neither, stay unset. A profile that only complains is named with its mode: it stops nothing.
 */
export function readMac(label: Fact<string>, impliesDisable: boolean): MacFacts {
  if (isOpen(label)) return { apparmor: label, selinux: label };
  if (label.state === "unset") return { apparmor: unset, selinux: unset };
  const parsed = parseLsmLabel(label.value);
  if (parsed?.module === "apparmor") {
    const { profile, mode } = parsed;
    const enforced = mode === undefined || mode === "enforce" || mode === "kill";
    return { apparmor: mapFact(label, () => (enforced ? profile : `${profile} (${mode})`)), selinux: unset };
  }
  if (parsed?.module === "selinux") {
    const { user, role, type, level } = parsed;
    const disable = isUnconfinedType(type);
    const value = { disable, user, role, type, level, implied: disable && impliesDisable };
    return { apparmor: unset, selinux: mapFact(label, () => value) };
  }
  return { apparmor: unset, selinux: unset };
}

const whichFilter = unseen("the kernel shows that a seccomp filter runs, not which");

/**
 * The seccomp fact. The kernel tells whether a filter runs, not which.
 */
export function readSeccomp(mode: Fact<number>): Container["seccomp"] {
  if (mode.state !== "set") return mode;
  return mode.value === 0 ? { ...mode, value: { profile: "unconfined" } } : whichFilter;
}
