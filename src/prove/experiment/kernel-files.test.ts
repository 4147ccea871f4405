import { expect, it } from "vitest";
import { beyondTwin, mountsIn, placesOf } from "./kernel-files.ts";

const twin = [
  "30 1 0:40 / / rw - overlay overlay rw",
  "31 30 0:41 / /proc rw,nosuid - proc proc rw",
  "32 31 0:41 /sys /proc/sys ro,nosuid - proc proc rw",
  "33 30 0:42 / /sys ro - sysfs sysfs ro",
  "34 33 0:43 /docker/twin /sys/fs/cgroup/pids ro shared:1 - cgroup cgroup rw,pids",
  "",
].join("\n");

it("mounts are read with their options and without escapes", () => {
  expect(mountsIn("40 30 0:50 / /a\\040b ro,relatime - tmpfs tmpfs rw\nbroken\n")).toEqual([
    { point: "/a b", root: "/", type: "tmpfs", isReadOnly: true },
  ]);
  // Its name begins alike, and it is writable.
  expect(mountsIn("40 30 0:50 / /a rox - tmpfs tmpfs rw")[0]?.isReadOnly).toBe(false);
});

it("a file of the kernel's is found wherever its file system is mounted", () => {
  const mounts = mountsIn(
    `${twin}40 30 0:44 / /data rw - proc proc rw\n41 30 0:44 /sys/kernel /k rw - proc proc rw\n42 30 0:44 /sys/kernel/panic /one rw - proc proc rw\n43 30 0:44 /sys/kern /other rw - proc proc rw\n`,
  );
  expect(placesOf(mounts, "proc", "/sys/kernel/panic")).toEqual([
    ...["/proc/sys/kernel/panic", "/data/sys/kernel/panic", "/k/panic", "/one"],
  ]);
  expect(placesOf(mounts, "sysfs", "/power/state")).toEqual(["/sys/power/state"]);
  expect(placesOf([], "proc", "/keys")).toEqual(["/proc/keys"]);
  expect(placesOf(mountsIn("1 0 0:4 / / rw - proc proc rw"), "proc", "/keys")).toEqual([
    "/proc/keys",
    "/keys",
  ]);
});

it("what a container has mounted beyond its twin is another place, or a more writable file system of the kernel", () => {
  const beyond = (more: string) =>
    beyondTwin(mountsIn(twin.replace("/docker/twin", "/docker/web") + more), mountsIn(twin)).map(
      ({ point }) => point,
    );
  expect(beyond("")).toEqual([]);
  expect(
    beyond("40 30 0:44 / /data rw - proc proc rw\n41 30 0:9 / /run/app.sock rw - tmpfs tmpfs rw"),
  ).toEqual([...["/data", "/run/app.sock"]]);
  expect(beyond("40 30 0:42 / /sys rw - sysfs sysfs rw")).toEqual(["/sys"]);
  expect(beyond("40 30 0:41 / /proc/sys rw - proc proc rw")).toEqual(["/proc/sys"]);
  // A tmpfs at the same place is the twin's own.
  expect(
    beyondTwin(mountsIn("1 0 0:1 / /t rw - tmpfs t rw"), mountsIn("1 0 0:1 / /t ro - tmpfs t rw")),
  ).toEqual([]);
});
