/** What /proc/PID/attr/current says, by the security module that spells it so. */
export type LsmLabel =
  | { readonly module: "apparmor"; readonly profile: string; readonly mode: string | undefined }
  | {
      readonly module: "selinux";
      readonly user: string;
      readonly role: string;
      readonly type: string;
      readonly level: string | undefined;
    }
  | { readonly module: "other"; readonly label: string };

/**
 * Reads a label: AppArmor's `docker-default (enforce)` and `unconfined`, SELinux's
 * `system_u:system_r:container_t:s0:c100,c200`. Undefined where there is none.
 */
export function parseLsmLabel(text: string): LsmLabel | undefined {
  const label = cleanLabel(text);
  if (label === "") return undefined;
  const moded = /^(.*) \(([a-z]+)\)$/s.exec(label);
  if (moded) return { module: "apparmor", profile: moded[1] ?? "", mode: moded[2] };
  if (label === "unconfined") return { module: "apparmor", profile: label, mode: undefined };
  const context = /^([^:\s]+):([^:\s]+):([^:\s]+)(?::(\S+))?$/.exec(label);
  if (context) {
    const [, user = "", role = "", type = "", level] = context;
    return { module: "selinux", user, role, type, level };
  }
  return { module: "other", label };
}

/** The kernel ends the label with a newline or a NUL. */
export function cleanLabel(text: string): string {
  return text.replace(/[\0\n]+$/, "");
}

/**
 * SELinux types that confine nothing: what a process gets under `label=disable` (it keeps the runtime's, or
 * moves to the "super privileged container"). See container_selinux(8).
 */
const unconfinedTypes = new Set([
  "spc_t",
  "unconfined_t",
  "unconfined_service_t",
  "container_runtime_t",
  "docker_t",
  "kernel_t",
  "init_t",
]);

export function isUnconfinedType(type: string): boolean {
  return unconfinedTypes.has(type);
}
