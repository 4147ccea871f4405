import { describe, expect, test } from "vitest";
import { compareSeverity } from "../severity.ts";
import { isVolumeFolder, type ReachOptions, reach, usualEngineSockets } from "./reach.ts";

const readOnly: ReachOptions = { readOnly: true };

describe("what a path of the host gives, worst first", () => {
  test.each<[path: string, options: ReachOptions, gives: string, how: string, severity: string]>([
    ["/run/docker.sock", {}, "engine", "at", "critical"],
    ["/run/docker.sock", readOnly, "engine", "at", "critical"],
    ["/run", readOnly, "engine", "above", "critical"],
    ["/srv/any/podman.sock", {}, "engine", "at", "critical"],
    ["/srv/api", { sockets: ["/srv/api/engine"] }, "engine", "above", "critical"],
    ["/usr/local", {}, "program", "above", "high"],
    ["/usr/local", readOnly, "reading", "above", "low"],
    ["/usr/local/bin/x", {}, "program", "below", "high"],
    ["/var/spool", {}, "cron", "above", "high"],
    ["/etc/systemd/system", {}, "unit", "below", "high"],
    ["/home/me/.bashrc", {}, "shell", "at", "high"],
    ["/x", { source: "~/.aws/config" }, "credentials", "below", "high"],
    ["/root", readOnly, "credentials", "above", "medium"],
    ["/proc/sys", {}, "kernel", "at", "critical"],
    ["/proc/sys", readOnly, "reading", "at", "low"],
    ["/", readOnly, "engine", "above", "critical"],
    ["/data/docker/overlay2", { dataRoot: "/data/docker" }, "data", "below", "high"],
    ["/run/udev", readOnly, "reading", "at", "low"],
  ])("%s %j", (path, options, gives, how, severity) => {
    expect(reach(path, options)[0]).toMatchObject({ gives, how, severity });
  });

  test.each(["/srv", "/home/me/project", "/mnt/data", "/opt/app", "/var/www", "/usr/share/zoneinfo", "/tmp"])(
    "%s gives nothing",
    (path) => {
      expect(reach(path)).toEqual([]);
    },
  );

  test("below Linux 5.12, ro of a bind leaves what is mounted below it writable", () => {
    const proc = (options: ReachOptions) =>
      reach("/", options).some(({ place, gives }) => place.path === "/proc/sys" && gives === "kernel");
    expect(proc({ readOnly: true })).toBe(false);
    expect(proc({ readOnly: true, isReadOnlyBelow: false })).toBe(true);
  });
});

test("every folder above a place leads to it", () => {
  for (const { place } of reach("/")) {
    const parts = place.path.replaceAll("*", "me").split("/");
    for (let length = 2; length <= parts.length; length += 1) {
      const folder = parts.slice(0, length).join("/");
      expect(
        reach(folder).map((each) => each.place.path),
        folder,
      ).toContain(place.path);
    }
  }
});

test("the worst comes first", () => {
  const severities = reach("/").map(({ severity }) => severity);
  expect(severities).toEqual(severities.toSorted((a, b) => compareSeverity(b, a)));
});

test("the usual sockets are paths of sockets", () => {
  expect(usualEngineSockets).toContain("/run/docker.sock");
  for (const path of usualEngineSockets) expect(path).toMatch(/\.sock$/);
});

test("a named volume's own folder, and no other's", () => {
  expect(isVolumeFolder("/var/lib/docker/volumes/d/_data", "d", undefined)).toBe(true);
  expect(isVolumeFolder("/var/lib/docker/100000.100000/volumes/d/_data", "d", undefined)).toBe(true);
  expect(isVolumeFolder("/data/volumes/d/_data/x", "d", "/data")).toBe(true);
  expect(isVolumeFolder("/var/lib/docker/volumes/e/_data", "d", undefined)).toBe(false);
});
