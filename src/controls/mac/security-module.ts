import type { Engine } from "../../model/engine.ts";

/** Whether the engine confines containers by the module; undefined where nobody says. */
export function runsModule(module: "apparmor" | "selinux", engine: Engine | undefined): boolean | undefined {
  if (!engine) return undefined;
  const { kernelLsm, apparmorEnabled, selinuxEnabled, selinuxMode } = engine;
  if (kernelLsm.state === "set" && !kernelLsm.value.includes(module)) return false;
  if (module === "selinux" && selinuxMode.state === "set" && selinuxMode.value === "disabled") return false;
  const enabled = module === "apparmor" ? apparmorEnabled : selinuxEnabled;
  return enabled.state === "set" ? enabled.value : undefined;
}
