import type { ContainerFacts } from "../facts/table.ts";

/**
 * SELinux types that confine nothing: what a process gets under `label=disable` (it keeps the runtime's, or
 * moves to the "super privileged container"). See container_selinux(8).
 */
const unconfinedTypes = new Set<string>([
  "spc_t",
  "unconfined_t",
  "unconfined_service_t",
  "container_runtime_t",
  "docker_t",
  "kernel_t",
  "init_t",
]);

export function isUnconfinedType(type: string | undefined): boolean {
  return type !== undefined && unconfinedTypes.has(type);
}

/** Whether the Engine adds `label=disable` by itself (moby: daemon/create.go, generateSecurityOpt). */
export function turnsLabelsOff({
  privileged,
  pidMode,
  ipcMode,
}: Pick<ContainerFacts, "privileged" | "pidMode" | "ipcMode">): boolean {
  return (
    (privileged.state === "set" && privileged.value) ||
    [pidMode, ipcMode].some((fact) => fact.state === "set" && fact.value.mode === "host")
  );
}
