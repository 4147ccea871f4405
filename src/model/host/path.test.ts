import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalPath, isAtOrBelow } from "./path.ts";

test.each([
  ["/var/run/docker.sock", "/run/docker.sock"],
  ["//var/run//docker.sock", "/run/docker.sock"],
  ["/var/run", "/run"],
  ["/var/runner", "/var/runner"],
  ["/etc/../var/./run/", "/run"],
  ["/proc/1/root/etc", "/etc"],
  ["/proc/self/root", "/"],
  ["/proc/4242/root/dev/null", "/proc/4242/root/dev/null"],
  ["/", "/"],
  ["", "/"],
])("%s is %s", (path, canonical) => {
  expect(canonicalPath(path)).toBe(canonical);
});

test("a canonical path is its own canonical path", () => {
  const part = fc.constantFrom("..", ".", "", "var", "run", "proc", "1", "root", "docker.sock");
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const once = canonicalPath(`/${parts.join("/")}`);
      expect(canonicalPath(once)).toBe(once);
      expect(isAtOrBelow(once, "/")).toBe(true);
    }),
  );
});

test("a name that begins alike is not below", () => {
  expect(isAtOrBelow("/etcetera", "/etc")).toBe(false);
  expect(isAtOrBelow("/etc/x", "/etc")).toBe(true);
});
