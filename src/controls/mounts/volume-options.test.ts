import { compose, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { volumeOptions } from "./volume-options.ts";

const volume = (definition: string) => `
services:
  a:
    image: nginx
    volumes: ["vol:/x"]
volumes:
  vol: ${definition}
`;

function live(options: Readonly<Record<string, string>>, name = "local") {
  const given = mount({ type: "volume", source: "v", target: "/x", driver: { name, options } });
  return view(JSON.stringify(options), container("configured", { mounts: [set(given)] }));
}

testControl(volumeOptions, {
  fails: [
    compose(volume("{ driver_opts: { type: ext4, device: /dev/sda1 } }"), {
      message: /mounts \/dev\/sda1 as ext4/,
    }),
    compose(
      volume(
        "{ driver_opts: { type: overlay, device: overlay, o: 'lowerdir=/etc,upperdir=/srv/u,workdir=/srv/w' } }",
      ),
      {
        message: /overlays \/etc/,
      },
    ),
    compose(volume("{ driver_opts: { type: proc, device: proc } }"), { severity: "critical" }),
    compose(volume("{ driver_opts: { type: nfs, o: 'addr=10.0.0.1,rw', device: ':/data' } }"), {
      severity: "low",
    }),
    compose(volume("{ driver_opts: { type: none, o: bind, device: /srv/x/../y } }")),
    compose(volume("{ driver: rclone }"), { severity: "low", message: /plugin/ }),
    run("docker run --mount type=volume,src=v,dst=/x,volume-opt=type=btrfs,volume-opt=device=/dev/sdb nginx"),
    run("docker run --mount type=volume,src=v,dst=/x,volume-driver=vieux/sshfs nginx", { severity: "low" }),
    live({ type: "sysfs", device: "sysfs" }),
    live({ type: "tmpfs", device: "tmpfs", o: "remount" }),
  ],
  passes: [
    compose(volume("{}")),
    compose(volume("{ driver: local }")),
    compose(volume("{ driver_opts: { type: none, o: bind, device: /srv/x } }")),
    compose(volume("{ driver_opts: { type: tmpfs, device: tmpfs, o: 'size=1m' } }")),
    run("docker run -v v:/x -v /srv:/srv --tmpfs /t nginx"),
  ],
  unknown: [compose(volume("{ driver_opts: { type: ext4, device: '${DISK:?}' } }"))],
});
