/** Where a limit stands under `deploy`, and whether it is a text there. */
export function limitPaths(
  field: string,
): { readonly path: readonly string[]; readonly isText: boolean } | undefined {
  return limits.get(field);
}

const resources = ["deploy", "resources"] as const;

const limits = new Map([
  ["nanoCpus", { path: [...resources, "limits", "cpus"], isText: true }],
  ["memory", { path: [...resources, "limits", "memory"], isText: true }],
  ["pidsLimit", { path: [...resources, "limits", "pids"], isText: false }],
  ["memoryReservation", { path: [...resources, "reservations", "memory"], isText: true }],
]);
