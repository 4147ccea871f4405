import { describe, expect, test } from "vitest";
import { set, unresolved } from "../../model/fact.ts";
import { parseBytes, spellBytes } from "./bytes.ts";
import { parseDevice, parsePublishedPorts, parseUlimit } from "./port.ts";
import { allowsAll } from "./seccomp.ts";
import { readSecurityOptions } from "./security-options.ts";
import { parseTmpfsOptions, parseVolume, resolveHostPath } from "./volume.ts";

const where = { baseDir: "/srv/app", home: "/home/me" };

describe("volumes", () => {
  test.each([
    ["/var/run/docker.sock:/s.sock", "bind", "/var/run/docker.sock", "/s.sock", false],
    ["./conf/../data:/data:ro", "bind", "/srv/app/data", "/data", true],
    ["~/.ssh:/keys:z,ro", "bind", "/home/me/.ssh", "/keys", true],
    ["db:/var/lib/db", "volume", undefined, "/var/lib/db", false],
    ["/cache", "volume", undefined, "/cache", false],
    ["C:\\data:/data:ro", "bind", "/srv/app/C:\\data", "/data", true],
  ])("%s", (spec, type, hostPath, target, readOnly) => {
    expect(parseVolume(spec, where)).toMatchObject({ ok: true, value: { type, hostPath, target, readOnly } });
  });

  test.each(["", ":/data", "a:/b:ro:z", "/x:"])("%j is refused", (spec) => {
    expect(parseVolume(spec, where)).toMatchObject({ ok: false });
  });

  test("propagation", () => {
    expect(parseVolume("/a:/b:rshared", where)).toMatchObject({ value: { propagation: "rshared" } });
  });
});

test.each([
  ["128m", 134217728],
  ["1.5GiB", 1610612736],
  ["64KB", 65536],
  ["1024", 1024],
  ["-1", -1],
  ["much", undefined],
])("%s are %s bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test("bytes are said as a person says them", () => {
  expect([512, 134217728, 1610612736].map(spellBytes)).toEqual(["512 B", "128 MiB", "1.5 GiB"]);
});

test.each([
  ["80", undefined, undefined, "80", "tcp"],
  ["8080:80/udp", undefined, "8080", "80", "udp"],
  ["127.0.0.1:8080:80", "127.0.0.1", "8080", "80", "tcp"],
  ["127.0.0.1::80", "127.0.0.1", undefined, "80", "tcp"],
  ["[::1]:80:80", "::1", "80", "80", "tcp"],
  ["::1:80:80", "::1", "80", "80", "tcp"],
  [":::80:80", "::", "80", "80", "tcp"],
  ["3000-3005:3000-3005", undefined, "3000-3005", "3000-3005", "tcp"],
])("port %s", (spec, hostIp, hostPort, containerPort, protocol) => {
  expect(parsePublishedPorts(spec)).toEqual({
    ok: true,
    value: [{ hostIp, hostPort, containerPort, protocol }],
  });
});

test("what is no port is refused", () => {
  expect(parsePublishedPorts("web")).toMatchObject({ ok: false });
});

test.each([
  ["/dev/sda", "/dev/sda", "/dev/sda", "rwm"],
  ["/dev/sda:r", "/dev/sda", "/dev/sda", "r"],
  ["/dev/sda:/dev/x:rw", "/dev/sda", "/dev/x", "rw"],
  ["nvidia.com/gpu=all", "nvidia.com/gpu=all", "nvidia.com/gpu=all", "rwm"],
])("device %s", (spec, hostPath, containerPath, permissions) => {
  expect(parseDevice(spec)).toEqual({ ok: true, value: { hostPath, containerPath, permissions } });
});

test("ulimits", () => {
  expect(parseUlimit("nofile=1024:2048")).toEqual({
    ok: true,
    value: { name: "nofile", soft: 1024, hard: 2048 },
  });
  expect(parseUlimit("core=0")).toEqual({ ok: true, value: { name: "core", soft: 0, hard: 0 } });
  expect(parseUlimit("lots")).toMatchObject({ ok: false });
});

test("tmpfs options: Docker's no-flags hold until one is turned back on", () => {
  expect(parseTmpfsOptions("rw,size=64m,mode=1770")).toEqual({
    size: 67108864,
    mode: 0o1770,
    exec: false,
    suid: false,
    dev: false,
  });
  expect(parseTmpfsOptions("exec,noexec,suid")).toMatchObject({ exec: false, suid: true });
  expect(parseTmpfsOptions("size=50%")).toMatchObject({ size: undefined });
});

test("paths stand on the base folder or the home", () => {
  expect(resolveHostPath("../x/", where)).toBe("/srv/x");
  expect(resolveHostPath("~", where)).toBe("/home/me");
});

describe("security options", () => {
  test("the last of a repeated option wins, in either form", () => {
    const facts = readSecurityOptions([
      set("seccomp=unconfined"),
      set("apparmor:unconfined"),
      set("seccomp:builtin"),
      set("no-new-privileges:true"),
    ]);
    expect(facts).toMatchObject({
      seccomp: { value: { profile: "default" } },
      apparmor: { value: "unconfined" },
      noNewPrivileges: { value: true },
      pathProtection: { state: "unset" },
    });
  });

  test("labels add up", () => {
    const facts = readSecurityOptions([set("label:type:svirt_t"), set("label=level:s0:c100,c200")]);
    expect(facts.selinux).toMatchObject({
      value: { type: "svirt_t", level: "s0:c100,c200", disable: false },
    });
  });

  test("an option that is not known leaves open what no later one sets", () => {
    const facts = readSecurityOptions([unresolved("X is not set"), set("apparmor=p")]);
    expect(facts).toMatchObject({ seccomp: { state: "unresolved" }, apparmor: { value: "p" } });
  });
});

test.each([
  ['{"defaultAction":"SCMP_ACT_ALLOW"}', true],
  // It stops one call of all that Docker's own stops.
  ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO"}]}', true],
  [
    `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO","names":${JSON.stringify(
      "acct add_key bpf clock_settime delete_module finit_module init_module ioperm iopl kexec_load keyctl mount open_by_handle_at perf_event_open pivot_root reboot request_key setns settimeofday swapon".split(
        " ",
      ),
    )}}]}`,
    false,
  ],
  ['{"defaultAction":"SCMP_ACT_ERRNO"}', false],
  ["not JSON", undefined],
])("%s", (text, expected) => {
  expect(allowsAll(text)).toBe(expected);
});
