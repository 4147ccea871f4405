import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostMounts } from "../testing/hosts.ts";
import { below, hostPaths, join, upwards } from "./host-paths.ts";
import { mountTable, parseMountinfo } from "./mount-table.ts";

function pathsFrom(text: string) {
  const entries = parseMountinfo(text);
  return hostPaths(entries, mountTable(entries));
}

describe("hostPaths", () => {
  const host = pathsFrom(hostMounts);

  it("names a place by the mount that shows most of its file system", () => {
    expect(host.pathsOf({ device: "8:1", root: "/etc/ssl" })).toEqual(["/etc/ssl", "/srv/chroot/etc/ssl"]);
    expect(host.pathsOf({ device: "0:23", root: "/docker.sock" })).toEqual(["/run/docker.sock"]);
    expect(host.pathsOf({ device: "9:9", root: "/" })).toEqual([]);
    expect(host.knows("8:17")).toBe(true);
  });

  it("does not name a place through a mount that is covered, as long as there is another way", () => {
    const covered = `${hostMounts}70 28 0:99 / /srv rw - tmpfs tmpfs rw\n`;
    expect(pathsFrom(covered).pathsOf({ device: "8:1", root: "/etc" })).toEqual(["/etc"]);
    expect(pathsFrom(covered).pathsOf({ device: "8:17", root: "/x" })).toEqual(["/srv/data disk/x"]);
  });

  it("names a subvolume by its root in the file system", () => {
    const btrfs = "30 1 0:27 /@ / rw - btrfs /dev/sda2 rw\n31 30 0:27 /@home /home rw - btrfs /dev/sda2 rw\n";
    expect(pathsFrom(btrfs).pathsOf({ device: "0:27", root: "/@home/ann" })).toEqual(["/home/ann"]);
    expect(pathsFrom(btrfs).pathsOf({ device: "0:27", root: "/@var" })).toEqual([]);
  });

  it("finds every path again by its place", () => {
    const part = fc.constantFrom("etc", "run", "srv", "data disk", "chroot", "dev", "shm", "x");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const path = `/${parts.join("/")}`;
        const place = host.placeOf(path);
        expect(place && host.pathsOf(place)).toContain(path);
      }),
    );
  });
});

describe("paths", () => {
  it("splits and joins", () => {
    expect(below("/a", "/a/b")).toBe("/b");
    expect(below("/a", "/ab")).toBeUndefined();
    expect(below("/", "/")).toBe("");
    expect(upwards("/a/b")).toEqual(["/a/b", "/a", "/"]);
    fc.assert(
      fc.property(
        fc.constantFrom("/", "/a", "/a/b"),
        fc.constantFrom("/", "/a", "/a/b", "/a/b/c"),
        (folder, path) => {
          const rest = below(folder, path);
          expect(rest === undefined || join(folder, rest) === path).toBe(true);
        },
      ),
    );
  });
});
