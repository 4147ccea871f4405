/** The rows of the requirement that bulkhead is built for, with the names that reports use. */
export interface FocusArea {
  readonly row: string;
  readonly label: string;
}

export const focusAreas: readonly FocusArea[] = [
  { row: "1.1", label: "Networked socket" },
  { row: "1.2", label: "Docker socket" },
  { row: "1.3", label: "Host mounts" },
  { row: "1.4", label: "Read-only rootfs" },
  { row: "1.5", label: "Read-only volumes" },
  { row: "2.1", label: "CPU" },
  { row: "2.2", label: "Memory" },
  { row: "2.3", label: "Storage" },
  { row: "2.4", label: "Disk I/O" },
  { row: "2.5", label: "Processes" },
  { row: "2.6", label: "Seccomp and MAC" },
  { row: "2.7", label: "MAC policies" },
  { row: "2.8", label: "Capabilities" },
  { row: "2.9", label: "Privileged" },
  { row: "2.10", label: "User namespaces" },
  { row: "2.11", label: "Root user" },
  { row: "2.12", label: "Network" },
  { row: "2.13", label: "Host namespaces" },
  { row: "2.14", label: "Shared namespaces" },
];

/** What goes beyond the requirement: pinned images, registries, live restore. */
export const beyond: FocusArea = { row: "–", label: "Beyond" };
