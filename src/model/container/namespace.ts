/**
 * How a container is placed in one kind of namespace.
 *
 * - `host`: the host's own.
 * - `container`: joins another container's; `target` is a name or id, `by: "service"` a Compose service.
 * - `private`: its own. `shareable`: its own, and others may join (IPC). `none`: its own and empty.
 * - `network`: a named network (NetworkMode only).
 */
export type NamespaceMode =
  | { readonly mode: "host" }
  | { readonly mode: "private" }
  | { readonly mode: "shareable" }
  | { readonly mode: "none" }
  | { readonly mode: "container"; readonly target: string; readonly by: "container" | "service" }
  | { readonly mode: "network"; readonly name: string };

/** The kernel's namespaces that a container may share, by the names under /proc/PID/ns. */
export const namespaceKinds = ["net", "pid", "ipc", "uts", "cgroup", "user", "mnt"] as const;
export type NamespaceKind = (typeof namespaceKinds)[number];

/**
 * Reads `host`, `container:NAME`, `service:NAME`, `private`, `shareable`, `none` and, where `network` is
 * said, a network's name. The empty string and `default` are the default: undefined.
 */
export function parseNamespaceMode(text: string, kind: "network" | "other"): NamespaceMode | undefined {
  if (text === "" || text === "default") return undefined;
  if (text === "host" || text === "none" || text === "private" || text === "shareable") {
    return { mode: text };
  }
  const join = /^(container|service):(.*)$/s.exec(text);
  if (join) {
    return {
      mode: "container",
      target: join[2] ?? "",
      by: join[1] === "service" ? "service" : "container",
    };
  }
  return kind === "network" ? { mode: "network", name: text } : { mode: "private" };
}

/** Says the mode as Docker spells it. */
export function spellNamespaceMode(mode: NamespaceMode): string {
  if (mode.mode === "container") return `${mode.by}:${mode.target}`;
  if (mode.mode === "network") return mode.name;
  return mode.mode;
}
