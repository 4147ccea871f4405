import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import { gainingPrograms, layersOf } from "./gaining.ts";

function layer(files: Readonly<Record<string, number>>): string {
  const folder = testFolder();
  for (const [path, mode] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
    chmodSync(join(folder, path), mode);
  }
  return folder;
}

it("finds setuid and setgid programs that others may execute, and no base image's", () => {
  const folder = layer({
    "usr/bin/sudo": 0o4755,
    "usr/bin/newuidmap": 0o4755,
    "usr/sbin/postdrop": 0o2555,
    "bin/su": 0o4755,
    "usr/lib/dbus-1.0/dbus-daemon-launch-helper": 0o4750,
    "opt/for-root": 0o4700,
    "opt/su": 0o4755,
    "usr/local/bin/mount": 0o4755,
    "usr/bin/env": 0o755,
  });
  expect(
    gainingPrograms([folder])
      ?.map(({ path }) => path)
      .toSorted(),
  ).toEqual([
    "/opt/su",
    "/usr/bin/newuidmap",
    "/usr/bin/sudo",
    "/usr/lib/dbus-1.0/dbus-daemon-launch-helper",
    "/usr/local/bin/mount",
    "/usr/sbin/postdrop",
  ]);
});

it("takes the mode of the topmost layer", () => {
  const below = layer({ "usr/bin/sudo": 0o4755 });
  expect(gainingPrograms([layer({ "usr/bin/sudo": 0o755 }), below])).toEqual([]);
});

it("looks behind a link, as /proc/PID/root is one", () => {
  const link = join(testFolder(), "root");
  symlinkSync(layer({ "usr/bin/sudo": 0o4755 }), link);
  expect(gainingPrograms([link])).toEqual([{ path: "/usr/bin/sudo", by: "mode" }]);
});

it("finds files with capabilities", ({ skip }) => {
  const folder = layer({ "app/server": 0o755 });
  const set = spawnSync("setcap", ["cap_net_bind_service=+ep", join(folder, "app/server")]);
  skip(set.status !== 0, "setcap needs root and libcap's programs");
  expect(gainingPrograms([folder])).toEqual([{ path: "/app/server", by: "capabilities" }]);
});

it("says nothing of layers that are not here", () => {
  expect(gainingPrograms([])).toBeUndefined();
  expect(gainingPrograms(["/nonexistent/layer"])).toBeUndefined();
  expect(layersOf({ GraphDriver: { Data: null } })).toEqual([]);
  const Data = { UpperDir: "/a/diff", LowerDir: "/b/diff:/c/diff" };
  expect(layersOf({ GraphDriver: { Data } })).toEqual(["/a/diff", "/b/diff", "/c/diff"]);
});

it("a layer that cannot be looked at is not known", () => {
  expect(gainingPrograms([`/${"x".repeat(300)}`])).toBeUndefined();
});
