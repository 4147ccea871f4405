import { expect, it } from "vitest";
import { parseMountinfo } from "./mount-table.ts";
import { isProtection } from "./path-protection.ts";

const entry = (target: string, options = "ro,relatime") =>
  parseMountinfo(`900 1 0:77 / ${target} ${options} - tmpfs tmpfs ${options}\n`)[0];

it.each([
  ["/sys/firmware", true],
  ["/sys/devices/virtual/powercap", true],
  // Podman, where /sys is the host's (podman: pkg/specgen/generate/oci_linux.go).
  ["/sys/kernel", true],
  ["/sys/dev/block", true],
  ["/sys/fs/selinux", true],
  ["/proc/acpi", true],
  ["/sys/fs/cgroup", false],
  ["/tmp", false],
])("an empty tmpfs at %s that cannot be written hides what was there: %s", (target, expected) => {
  const found = entry(target);
  expect(found && isProtection(found)).toBe(expected);
  const writable = entry(target, "rw,relatime");
  expect(writable && isProtection(writable)).toBe(false);
});
