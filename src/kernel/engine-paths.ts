import { below } from "./host-paths.ts";

/** What a path of the host is to the Engine that manages it. */
export type EngineOwned =
  | { readonly kind: "volume"; readonly name: string }
  /** What the Engine makes for each container: its resolv.conf, hosts, hostname, shm, secrets. */
  | { readonly kind: "own" };

const id = "[0-9a-f]{64}";

/**
 * Tells the Engine's own paths under its data root; undefined for everything else there and elsewhere.
 * Without the data root they are told by their shape.
 */
export function engineOwned(path: string, dataRoot: string | undefined): EngineOwned | undefined {
  const rest = dataRoot === undefined ? path : below(dataRoot, path);
  if (rest === undefined) return undefined;
  const start = dataRoot === undefined ? "" : "^";
  const volume = new RegExp(`${start}/volumes/([^/]+)/_data(?:/|$)`).exec(rest);
  if (volume) return { kind: "volume", name: volume[1] ?? "" };
  // A volume plugin's mounts come to the Engine through this folder (moby: plugin/manager_linux.go).
  const plugin = new RegExp(`${start}/plugins/${id}/propagated-mount/(?:.*/)?([^/]+)$`).exec(rest);
  if (plugin) return { kind: "volume", name: plugin[1] ?? "" };
  const own = new RegExp(
    `${start}/containers/${id}/(?:resolv\\.conf|hostname|hosts|mounts/|\\.dockerenv|secrets|configs)`,
  );
  return own.test(rest) ? { kind: "own" } : undefined;
}
