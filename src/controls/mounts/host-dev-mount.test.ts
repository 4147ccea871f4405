import { compose, run, testControl } from "../../../test/support/control-table.ts";
import { hostDevMount } from "./host-dev-mount.ts";

testControl(hostDevMount, {
  fails: [
    run("docker run -v /dev:/dev ubuntu"),
    run("docker run -v /dev:/host/dev:ro ubuntu"),
    run("docker run -v /:/host:ro ubuntu", { message: /the host's \/dev with it/ }),
    run("docker run -v /dev/mapper:/m ubuntu"),
    run("docker run -v /dev/disk/by-id:/d:ro ubuntu"),
    run("docker run -v /dev/pts:/pts ubuntu"),
    run("docker run -v /dev/snd:/dev/snd ubuntu", { severity: "high" }),
    run("docker run -v /dev/bus/usb/001:/usb ubuntu", { severity: "high" }),
    run("docker run -v /dev/shm:/dev/shm ubuntu", { severity: "medium" }),
    compose(`
      services:
        a:
          image: ubuntu
          volumes:
            - { type: bind, source: /dev, target: /dev }
    `),
  ],
  passes: [
    run("docker run --device /dev/sda ubuntu"),
    run("docker run -v /dev/null:/etc/x -v /dev/net/tun:/dev/net/tun -v /dev/log:/dev/log ubuntu"),
    run("docker run -v /devices:/dev/x -v dev:/y ubuntu"),
    run("docker run -v /dev/snd/controlC0:/dev/snd/controlC0 ubuntu"),
  ],
  unknown: [run("docker run --volumes-from other ubuntu")],
});
