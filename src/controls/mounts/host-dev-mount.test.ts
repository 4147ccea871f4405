import { compose, run, testControl } from "../../../test/support/control-table.ts";
import { hostDevMount } from "./host-dev-mount.ts";

testControl(hostDevMount, {
  fails: [
    run("docker run -v /dev:/dev ubuntu", { severity: "high", message: /denies the disks/ }),
    run("docker run -v /dev:/host/dev:ro ubuntu", { severity: "high" }),
    run("docker run -v /:/host:ro ubuntu", {
      severity: "high",
      message: /includes the host's \/dev.*denies the disks/,
    }),
    run("docker run --device-cgroup-rule 'b *:* rwm' -v /:/host:ro ubuntu", { message: /every disk/ }),
    run("docker run --privileged -v /dev:/dev ubuntu", { message: /every disk/ }),
    run("docker run -v /dev/mapper:/m ubuntu", { severity: "high" }),
    run("docker run --privileged -v /dev/mapper:/m ubuntu"),
    run("docker run -v /dev/disk/by-id:/d:ro ubuntu", { severity: "high" }),
    run("docker run -v /dev/pts:/pts ubuntu"),
    run("docker run -v /dev/snd:/dev/snd ubuntu", { severity: "medium" }),
    run("docker run --device-cgroup-rule 'c 189:* rmw' -v /dev/bus/usb/001:/usb ubuntu", {
      severity: "high",
    }),
    run("docker run -v /dev/shm:/dev/shm ubuntu", { severity: "medium" }),
    compose(
      `
      services:
        a:
          image: ubuntu
          volumes:
            - { type: bind, source: /dev, target: /dev }
    `,
      { severity: "high" },
    ),
  ],
  passes: [
    run("docker run --device /dev/sda ubuntu"),
    run("docker run -v /dev/null:/etc/x -v /dev/net/tun:/dev/net/tun -v /dev/log:/dev/log ubuntu"),
    run("docker run -v /devices:/dev/x -v dev:/y ubuntu"),
    run("docker run -v /dev/snd/controlC0:/dev/snd/controlC0 ubuntu"),
  ],
  unknown: [run("docker run --volumes-from other ubuntu")],
});
