import { below } from "./host-paths.ts";

/** What a path of the host is to the Engine that manages it. */
export type EngineOwned =
  | { readonly kind: "volume"; readonly name: string }
  /** What the Engine makes for each container: its resolv.conf, hosts, hostname, shm, secrets. */
  | { readonly kind: "own" };

/** A volume plugin's mounts come to the Engine through a folder of the plugin's (moby: plugin/manager_linux.go). */
const volumes = [
  /^\/volumes\/([^/]+)\/_data(?:\/|$)/,
  /^\/plugins\/[0-9a-f]{64}\/propagated-mount\/(?:.*\/)?([^/]+)$/,
];

const own = /^\/containers\/[0-9a-f]{64}\/(?:resolv\.conf|hostname|hosts|mounts\/|secrets|configs)/;

/** Podman's, which may stand below its run root instead of its data root. */
const podman = /\/(?:overlay|vfs|btrfs|zfs)-containers\/[0-9a-f]{64}\/userdata\//;

/**
 * Tells the Engine's own paths under its data root; undefined for everything else there and elsewhere.
 * Without the data root they are told by their shape.
 */
export function engineOwned(path: string, dataRoot: string | undefined): EngineOwned | undefined {
  if (podman.test(path)) return { kind: "own" };
  for (const rest of dataRoot === undefined ? tails(path) : [below(dataRoot, path) ?? ""]) {
    for (const pattern of volumes) {
      const name = pattern.exec(rest)?.[1];
      if (name !== undefined) return { kind: "volume", name };
    }
    if (own.test(rest)) return { kind: "own" };
  }
  return undefined;
}

/** What the path is below each of the folders that could be a data root. */
function tails(path: string): readonly string[] {
  const starts = ["/volumes/", "/plugins/", "/containers/"].map((name) => path.indexOf(name));
  return starts.flatMap((start) => (start < 0 ? [] : path.slice(start)));
}

/** The root file system of some container, where a storage driver or containerd puts it together. */
export function isContainerRoot(path: string): boolean {
  return /\/(?:overlay2|fuse-overlayfs|overlayfs|subvolumes|graph|dir|io\.containerd\.[a-z0-9.]+)\/[^/]+(?:\/|$)/.test(
    path,
  );
}
