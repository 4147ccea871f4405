import { expect, it } from "vitest";
import { readAuditLine } from "./audit-lines.ts";

it.each([
  // As Linux 6.18 wrote it here, of a profile that kills.
  [
    '6,1525,33571009822,-;audit: type=1326 audit(1796024430.549:1525): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=9052 comm="sync" exe="/bin/busybox" sig=31 arch=c000003e syscall=162 compat=0 ip=0x4cef57 code=0x80000000',
    { pid: 9052, layer: "seccomp", call: 162 },
  ],
  // The fields of security/apparmor/file.c (Linux 6.12).
  [
    'audit: type=1400 audit(1700000000.123:45): apparmor="DENIED" operation="open" class="file" profile="docker-default" name="/proc/sysrq-trigger" pid=1234 comm="sh" requested_mask="w" denied_mask="w" fsuid=0 ouid=0',
    {
      ...{ pid: 1234, layer: "AppArmor", path: "/proc/sysrq-trigger" },
      because: "AppArmor's profile docker-default denies open of /proc/sysrq-trigger (w)",
      settings: [{ run: "--security-opt apparmor=my-profile" }],
    },
  ],
  // The form of a denial in Red Hat's documentation of SELinux, with a container's types.
  [
    'type=AVC msg=audit(1226874073.147:96): avc:  denied  { write } for  pid=2465 comm="nginx" path="/data/x" dev=dm-0 ino=284133 scontext=system_u:system_r:container_t:s0:c1,c2 tcontext=unconfined_u:object_r:user_home_t:s0 tclass=file',
    {
      ...{ pid: 2465, layer: "SELinux", path: "/data/x" },
      because: "SELinux lets container_t not write a file of user_home_t",
      settings: [{ run: "-v …:z" }, { run: "--security-opt label=type:my_container_t" }],
    },
  ],
])("reads %s", (line, expected) => {
  expect(readAuditLine(line)).toMatchObject(expected);
});

it.each([
  'audit: type=1400 audit(1.1:1): apparmor="STATUS" operation="profile_load" profile="unconfined" name="docker-default" pid=506 comm="apparmor_parser"',
  "device eth0 entered promiscuous mode pid=1",
  "",
])("leaves out %j", (line) => expect(readAuditLine(line)).toBeUndefined());
