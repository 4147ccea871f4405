import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { containerMounts, hostMounts } from "../testing/hosts.ts";
import type { MountSources } from "./engine-paths.ts";
import { hostPaths } from "./host-paths.ts";
import { mountTable, parseMountinfo } from "./mount-table.ts";
import { readMounts } from "./read-mounts.ts";

const hostEntries = parseMountinfo(hostMounts);

const sources: MountSources = {
  host: hostPaths(hostEntries, mountTable(hostEntries)),
  dataRoot: "/var/lib/docker",
  privileged: false,
  sharesHost: { pid: false, ipc: false, net: false, user: true },
};

function mountsOf(text: string, more: Partial<MountSources> = {}) {
  return readMounts(mountTable(parseMountinfo(text)), "/proc/1/mountinfo", { ...sources, ...more });
}

/** Mount points and file systems as a container may have them, host's and own. */
const line = fc
  .tuple(
    fc.nat(200),
    fc.constantFrom(60, 61, 62, 64, 300),
    fc.constantFrom("8:1", "0:5", "0:20", "0:21", "0:23", "0:24", "0:26", "0:90", "8:33"),
    fc.constantFrom(
      "/",
      "/etc",
      "/docker.sock",
      "/null",
      "/var/lib/docker/volumes/v/_data",
      "net:[4026531833]",
    ),
    fc.constantFrom(
      "/",
      "/proc",
      "/proc/keys",
      "/sys",
      "/sys/fs/cgroup",
      "/dev",
      "/dev/shm",
      "/a",
      "/a/b",
      "/host",
    ),
    fc.constantFrom("rw", "ro", "rw,noexec", ""),
    fc.constantFrom("", "shared:1 ", "master:2 ", "shared:x "),
    fc.constantFrom("ext4", "tmpfs", "proc", "sysfs", "cgroup2", "devtmpfs", "nsfs", "fuse.x", "overlay"),
  )
  .map(
    ([id, parent, device, root, target, options, optional, type]) =>
      `${id + 300} ${parent} ${device} ${root} ${target} ${options} ${optional}- ${type} src rw`,
  );

describe("readMounts", () => {
  it("adds one item at most for each mount, whatever the table", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), (lines, privileged) => {
        const found = mountsOf(containerMounts(`${lines.join("\n")}\n`), { privileged });
        const targets = found.map((item) => (item.state === "set" ? item.value.target : item.reason));
        // The cgroup tree at its usual place is one item, made of all its mounts.
        expect(new Set(targets).size).toBeGreaterThanOrEqual(targets.length - 1);
        expect(found.every(({ origins }) => origins.length > 0)).toBe(true);
      }),
    );
  });

  it("does not lose a bind of the host among any others", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const socket = "900 60 0:23 /docker.sock /x.sock rw - tmpfs tmpfs rw";
        const found = mountsOf(containerMounts(`${[...lines, socket].join("\n")}\n`));
        const roots = lines.some((each) => each.split(" ")[4] === "/");
        const shown = found.some(
          (item) => item.state === "set" && item.value.hostPath === "/run/docker.sock",
        );
        expect(shown || roots).toBe(true);
      }),
    );
  });

  it("cannot name any path of the host without the engine's mounts, and says so", () => {
    const bind = containerMounts("90 60 8:1 /etc /x rw - ext4 /dev/sda1 rw\n");
    const found = mountsOf(bind, { host: undefined });
    expect(found).toMatchObject([{ state: "unresolved", origins: [{ field: "/x" }] }]);
  });

  it("leaves the runtime's own binds out: --init's, and device nodes in a user namespace", () => {
    const init = "90 60 8:1 /usr/bin/tini-static /sbin/docker-init ro - ext4 /dev/sda1 rw\n";
    expect(mountsOf(containerMounts(init))).toEqual([]);
    const node = "90 62 0:5 /null /dev/null rw - devtmpfs udev rw\n";
    expect(mountsOf(containerMounts(node), { sharesHost: { ...sources.sharesHost, user: false } })).toEqual(
      [],
    );
    const shm = "90 62 0:24 / /dev/shm rw - tmpfs tmpfs rw\n";
    expect(mountsOf(containerMounts(shm), { sharesHost: { ...sources.sharesHost, ipc: true } })).toEqual([]);
  });

  it("keeps a writable program in place of --init's", () => {
    const init = "90 60 8:1 /home/x/evil /sbin/docker-init ro - ext4 /dev/sda1 rw\n";
    expect(mountsOf(containerMounts(init))).toMatchObject([{ value: { hostPath: "/home/x/evil" } }]);
  });
});
