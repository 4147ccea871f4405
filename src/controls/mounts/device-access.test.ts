import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { deviceAccess } from "./device-access.ts";

/** A path with a colon cannot stand in `--device`; a request has it, and the long form of Compose. */
const given = (path: string, expected = {}) =>
  inspect(
    { HostConfig: { Devices: [{ PathOnHost: path, PathInContainer: "/dev/x", CgroupPermissions: "rwm" }] } },
    expected,
  );

testControl(deviceAccess, {
  fails: [
    given("/dev/char/1:11", { message: /the kernel's log/ }),
    given("/dev/char/1:1", { message: /memory/ }),
    given("/dev/char/10:229", { message: /FUSE/ }),
    given("/dev/char/10:232", { message: /virtualisation/ }),
    given("/dev/block/8:0", { message: /raw disk/ }),
    given("/dev/char/189:3", { severity: "medium" }),
    run("docker run --device /dev/sda ubuntu"),
    run("docker run --device /dev/nvme0n1p2:/dev/x:r ubuntu", { message: /can read every file/ }),
    run("docker run --device /dev/mapper/vg-root ubuntu"),
    run("docker run --device /dev/mem ubuntu"),
    run("docker run --device /dev/kmsg ubuntu"),
    run("docker run --device /dev/fuse ubuntu"),
    run("docker run --device /dev/kvm ubuntu"),
    run("docker run --device /dev ubuntu", { message: /every device/ }),
    run("docker run --device /dev/snd ubuntu", { severity: "medium" }),
    run("docker run --device /dev/net/tun ubuntu", { severity: "medium" }),
    run("docker run --device /dev/ttyUSB0:/dev/modem:rw ubuntu", { severity: "medium" }),
    run("docker run --device nvidia.com/gpu=all ubuntu", { severity: "medium", message: /CDI/ }),
    run("docker run --device-cgroup-rule 'a *:* rwm' ubuntu", { message: /every device/ }),
    run("docker run --device-cgroup-rule 'b 8:* rmw' ubuntu"),
    run("docker run --device-cgroup-rule 'c *:* r' ubuntu"),
    run("docker run --device-cgroup-rule 'c 1:1 r' ubuntu"),
    run("docker run --device-cgroup-rule 'c 10:229 rwm' ubuntu"),
    run("docker run --device-cgroup-rule 'c 10:200 rwm' ubuntu", { severity: "medium" }),
    run("docker run --device-cgroup-rule 'c 188:* rmw' ubuntu", { severity: "medium" }),
    compose(`
      services:
        a:
          image: ubuntu
          devices: ["/dev/ttyS0:/dev/ttyS0", "/dev/sdb:/dev/sdb:r"]
    `),
    compose(
      `
      services:
        a:
          image: ubuntu
          device_cgroup_rules: ["c 189:* rmw"]
    `,
      { severity: "medium" },
    ),
    inspect({
      HostConfig: {
        Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rwm" }],
      },
    }),
  ],
  passes: [
    given("/dev/char/1:3"),
    given("/dev/char/1:9"),
    run("docker run ubuntu"),
    run("docker run --device /dev/null --device /dev/urandom:/dev/random --device /dev/tty ubuntu"),
    run("docker run --device /dev/zero --device /dev/full --device /dev/random ubuntu"),
    run("docker run --device-cgroup-rule 'c 1:3 rwm' --device-cgroup-rule 'b *:* m' ubuntu"),
  ],
  unknown: [
    run("docker run --device-cgroup-rule nonsense ubuntu"),
    compose(`
      services:
        a:
          image: ubuntu
          devices: ["\${DISK:?}:/dev/x"]
    `),
  ],
  // It is the finding of the control privileged.
  notApplicable: [run("docker run --privileged ubuntu")],
});
