import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mountTable, parseMountinfo } from "./mount-table.ts";

const table = (...lines: readonly string[]) => mountTable(parseMountinfo(lines.join("\n")));

describe("mountTable", () => {
  it("shows the last of several mounts at one place", () => {
    const mounts = table(
      "27 1 8:1 / / rw - ext4 /dev/vda rw",
      "24 27 0:6 / /dev rw - devtmpfs dev rw",
      "26 24 0:24 / /dev/pts rw - devpts devpts rw",
      "29 26 0:26 / /dev/pts rw - devpts devpts rw",
    );
    expect(mounts.at("/dev/pts")?.id).toBe(29);
    expect(mounts.covering("/dev/pts/0")?.id).toBe(29);
    expect(mounts.covering("/etc")?.id).toBe(27);
  });

  it("leaves out what a later mount above covers", () => {
    const mounts = table(
      "60 44 0:49 / / rw - overlay overlay rw",
      "61 60 0:50 / /proc rw - proc proc rw",
      "87 61 0:51 /null /proc/keys rw - tmpfs tmpfs rw",
      "99 61 0:70 / /proc rw - proc proc rw",
    );
    expect(mounts.at("/proc")?.id).toBe(99);
    expect(mounts.at("/proc/keys")).toBeUndefined();
    expect(mounts.covering("/proc/keys")?.id).toBe(99);
  });

  it("does not depend on the order of the lines, and keeps mounts whose parent is not listed", () => {
    const mounts = table("61 60 0:50 / /proc rw - proc proc rw", "60 44 0:49 / / rw - overlay overlay rw");
    expect(mounts.visible.map(({ id }) => id)).toEqual([61, 60]);
    expect(table("5 3 0:1 / /a/b rw - tmpfs t rw").at("/a/b")?.id).toBe(5);
  });

  it("ends on any table, and shows at most one mount a place", () => {
    const line = fc
      .tuple(fc.nat(5), fc.nat(5), fc.constantFrom("/", "/a", "/a/b", "/a/b/c", "a", ""))
      .map(([id, parent, target]) => `${id} ${parent} 0:1 / ${target} rw - tmpfs t rw`);
    fc.assert(
      fc.property(fc.array(line), fc.string(), (lines, path) => {
        const { visible, covering } = table(...lines);
        expect(new Set(visible.map(({ target }) => target)).size).toBe(visible.length);
        covering(path);
      }),
    );
  });
});
