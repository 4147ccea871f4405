import { describe, expect, it } from "vitest";
import { causeOf, causesOf } from "./cause.ts";

describe("causeOf", () => {
  it.each([
    [
      'nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
      "CHOWN",
    ],
    ["2026/11/27 05:00:00 [emerg] 7#7: setgid(101) failed (1: Operation not permitted)", "SETGID"],
    ["setpriv: setresuid failed: Operation not permitted", "SETUID"],
    ["setpriv: setgroups failed: Operation not permitted", "SETGID"],
    ["nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "NET_BIND_SERVICE"],
    ["chroot: cannot change root directory to '/var/empty': Operation not permitted", "SYS_CHROOT"],
    ["chown: changing ownership of '/data': Operation not permitted", "CHOWN"],
    ["mlockall: EPERM", "IPC_LOCK"],
  ])("%s", (line, capability) => {
    const cause = causeOf(line);
    expect(cause?.capability).toBe(capability);
    expect(cause?.suspects[0]).toBe("capabilities-drop");
    expect(cause?.reason).toContain(`needs ${capability}`);
  });

  it.each([
    ["mkdir: can't create directory '/data/x': Read-only file system", "read-only-rootfs", "/data/x"],
    [
      "Error: EROFS: read-only file system, open '/srv/app/state.json'",
      "read-only-rootfs",
      "/srv/app/state.json",
    ],
    ["/app: line 2: can't create /srv/state: Read-only file system", "read-only-rootfs", "/srv/state"],
    ["write /tmp/x: no space left on device", "read-only-rootfs", "/tmp/x"],
    ["sh: can't fork: Resource temporarily unavailable", "pids-limit", undefined],
    ["java.lang.OutOfMemoryError: unable to create new native thread", "pids-limit", undefined],
    ["mmap: Cannot allocate memory", "memory-limit", undefined],
    ["OOMKilled: killed for lack of memory", "memory-limit", undefined],
    ["Bad system call (core dumped)", "seccomp-profile", undefined],
    [
      "sudo: effective uid is not 0, is /usr/bin/sudo on a file system with nosuid?",
      "no-new-privileges",
      "/usr/bin/sudo",
    ],
    ["exec /entrypoint.sh: exec format error", "tmpfs-options", "/entrypoint.sh"],
    [
      "cat: can't open '/var/run/docker.sock': No such file or directory",
      "sensitive-host-mount",
      "/var/run/docker.sock",
    ],
    ["open /var/lib/x: permission denied", "capabilities-drop", "/var/lib/x"],
  ])("%s", (line, suspect, path) => {
    const cause = causeOf(line);
    expect(cause?.suspects[0]).toBe(suspect);
    expect(cause?.path).toBe(path);
  });

  it("says nothing of a line that names no cause", () => {
    expect(causeOf("ready to accept connections")).toBeUndefined();
    expect(causeOf("error: bad configuration")).toBeUndefined();
  });
});

describe("causesOf", () => {
  it("names each cause once, the first one first", () => {
    const lines = ["a: Read-only file system", "b: Read-only file system", "setgid: Operation not permitted"];
    expect(causesOf(lines).map(({ line }) => line)).toEqual([lines[0], lines[2]]);
  });
});

it.each([
  ["open /data/x: Read-only file system", "readOnly"],
  ["write /tmp/x: No space left on device", "limit"],
  ["fork: Resource temporarily unavailable", "limit"],
  ["chown: Operation not permitted", "notPermitted"],
  ["open /data/x: Permission denied", "denied"],
  ["connect ECONNREFUSED 10.0.0.1:80", "unreachable"],
  ["open /data/x: No such file or directory", "missing"],
  ["Bad system call", undefined],
])("says of which kind it is: %s", (line, kind) => {
  expect(causeOf(line)?.kind).toBe(kind);
});
