import { describe, expect, it } from "vitest";
import { id } from "../testing/hosts.ts";
import { engineOwned, isContainerRoot } from "./engine-paths.ts";

const root = "/var/lib/docker";

describe("engineOwned", () => {
  it.each([root, undefined])("tells volumes and the engine's own files (data root %s)", (dataRoot) => {
    expect(engineOwned(`${root}/volumes/db/_data`, dataRoot)).toEqual({ kind: "volume", name: "db" });
    expect(engineOwned(`${root}/volumes/db/_data/sub/folder`, dataRoot)).toMatchObject({ name: "db" });
    expect(engineOwned(`${root}/containers/${id}/hosts`, dataRoot)).toEqual({ kind: "own" });
    expect(engineOwned(`${root}/containers/${id}/mounts/shm`, dataRoot)).toEqual({ kind: "own" });
  });

  it("tells a volume of a plugin, and Podman's files", () => {
    const plugin = `${root}/plugins/${id}/propagated-mount/volumes/nfs1`;
    expect(engineOwned(plugin, root)).toEqual({ kind: "volume", name: "nfs1" });
    const userdata = `/run/containers/storage/overlay-containers/${id}/userdata/resolv.conf`;
    expect(engineOwned(userdata, "/var/lib/containers/storage")).toEqual({ kind: "own" });
  });

  it("owns nothing else: the data root itself is the host's", () => {
    for (const path of [
      root,
      `${root}/volumes`,
      `${root}/volumes/db`,
      `${root}/overlay2/abc/diff`,
      `${root}/containers/${id}/config.v2.json`,
      "/srv/volumes/db/_data",
      `/tmp/containers/${id}/hosts`,
    ]) {
      expect(engineOwned(path, root)).toBeUndefined();
    }
  });

  it("knows the root file systems of containers", () => {
    expect(isContainerRoot(`${root}/overlay2/abc/merged`)).toBe(true);
    expect(isContainerRoot(`${root}/overlay2`)).toBe(false);
  });
});
