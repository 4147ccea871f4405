import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isReadOnly, type MountEntry, parseMountinfo, unescapeOctal } from "./mount-table.ts";

function only(line: string): MountEntry {
  const [entry] = parseMountinfo(`${line}\n`);
  if (!entry) throw new Error(`not parsed: ${line}`);
  return entry;
}

describe("parseMountinfo", () => {
  it("reads the example of proc_pid_mountinfo(5)", () => {
    expect(
      only("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"),
    ).toMatchObject({
      id: 36,
      parent: 35,
      device: "98:0",
      root: "/mnt1",
      target: "/mnt2",
      shared: undefined,
      master: 1,
      type: "ext3",
      source: "/dev/root",
    });
  });

  it("reads any number of optional fields", () => {
    const both = only("1 2 0:3 / /a rw shared:12 master:7 propagate_from:2 unbindable - tmpfs none rw");
    expect(both).toMatchObject({ shared: 12, master: 7, type: "tmpfs" });
    expect(only("1 2 0:3 / /a rw - tmpfs none rw")).toMatchObject({ shared: undefined, master: undefined });
  });

  it("undoes the kernel's escapes in root, target and source", () => {
    const entry = only("1 2 8:1 /a\\040b /c\\011d\\134e rw - ext4 /dev/x\\040y rw");
    expect(entry).toMatchObject({ root: "/a b", target: "/c\td\\e", source: "/dev/x y" });
  });

  it("tells a deleted source", () => {
    expect(only("1 2 8:1 /run/app.sock//deleted /app.sock rw - ext4 /dev/sda rw")).toMatchObject({
      root: "/run/app.sock",
      deleted: true,
    });
  });

  it("keeps the root of a namespace file and an empty source", () => {
    expect(only("222 173 0:4 net:[4026531833] /run/netns/x rw - nsfs nsfs rw").root).toBe("net:[4026531833]");
    expect(only("1 2 0:3 / /a rw - tmpfs  rw")).toMatchObject({ source: "" });
  });

  it("is read-only by the mount's options or the file system's", () => {
    expect(isReadOnly(only("1 2 8:1 / /a ro,relatime - ext4 /dev/sda rw"))).toBe(true);
    expect(isReadOnly(only("1 2 8:1 / /a rw,relatime - ext4 /dev/sda ro,errors=remount-ro"))).toBe(true);
    expect(isReadOnly(only("1 2 8:1 / /a rw,relatime - ext4 /dev/sda rw,errors=remount-ro"))).toBe(false);
  });

  it("leaves out lines of another shape, and never throws", () => {
    expect(
      parseMountinfo("\n36 35\nx y 0:1 / / rw - a b c\n36 35 98 / / rw - a b c\n1 2 0:3 / /a rw\n"),
    ).toEqual([]);
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseMountinfo(text)));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("-", "/", "0:1", "rw", "1"))), (words) => {
        parseMountinfo(words.join(" "));
      }),
    );
  });

  it("unescapes what the kernel escapes, whatever the path", () => {
    const escaped = (text: string) =>
      text.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
    fc.assert(fc.property(fc.string(), (path) => unescapeOctal(escaped(path)) === path));
  });
});
