import { expect, test } from "vitest";
import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { bareContext } from "../control.ts";
import { sensitiveHostMount } from "./sensitive-host-mount.ts";

const elsewhere = engine("configured", { dataRoot: set("/data/docker") });

testControl(sensitiveHostMount, {
  fails: [
    run("docker run -v /etc/pihole:/etc/pihole pihole/pihole:2025.01", {
      severity: "low",
      message: /named after it/,
    }),
    run("docker run -v /etc/dnsmasq.d:/etc/dnsmasq.d pihole/pihole:2025.01", { severity: "low" }),
    run("docker run -v /etc/pihole:/etc/pihole alpine"),
    run("docker run -v /etc/ssh:/etc/ssh team/ssh:1"),
    run("docker run -v /etc/docker:/etc/docker team/docker:1"),
    run("docker run -v /:/host alpine", { message: /whole file system/ }),
    run("docker run -v /:/host:ro alpine", { severity: "medium" }),
    run("docker run -v /etc:/etc alpine"),
    run("docker run -v /etc/passwd:/etc/passwd:ro alpine", { severity: "low" }),
    // Reading it is the harm.
    run("docker run -v /etc/shadow:/s:ro alpine"),
    run("docker run -v ~/.ssh:/k:ro alpine"),
    run("docker run -v ~/.aws:/k:ro alpine"),
    run("docker run -v /etc/ssl/private:/k:ro alpine"),
    run("docker run -v /etc/letsencrypt:/k:ro alpine"),
    run("docker run -v /run/systemd:/x alpine", { severity: "critical" }),
    run("docker run -v /run/systemd/system:/x alpine", { severity: "critical" }),
    run("docker run -v /run/systemd/system:/x:ro alpine", { severity: "low" }),
    run("docker run -v /etc/localtime:/etc/localtime alpine", { severity: "low" }),
    run("docker run -v /etc/shadow:/s alpine", { message: /log in as root/ }),
    run("docker run -v /etc/nginx:/etc/nginx alpine", { message: /a part of the host's configuration/ }),
    run("docker run -v /etc/ssl/certs:/etc/ssl/certs alpine"),
    run("docker run -v /etc/ssl/certs:/etc/ssl/certs:ro alpine", { severity: "low" }),
    run("docker run -v /etc/machine-id:/etc/machine-id:ro alpine", { severity: "low" }),
    run("docker run -v /boot:/boot:ro alpine", { severity: "low" }),
    run("docker run -v /root:/root:ro alpine", { severity: "medium", message: /holds \/root\/\.ssh/ }),
    run("docker run -v /root:/root alpine"),
    run("docker run -v /root/.ssh/id_ed25519:/key:ro alpine"),
    run("docker run -v /sys:/sys alpine"),
    run("docker run -v /sys/fs/cgroup:/sys/fs/cgroup:rw alpine", { message: /cgroups/ }),
    run("docker run -v /usr:/usr alpine"),
    run("docker run -v /usr/bin/docker:/usr/bin/docker alpine"),
    run("docker run -v /lib/modules:/lib/modules:ro alpine", { severity: "low" }),
    run("docker run -v /var:/var alpine"),
    run("docker run -v /run:/run alpine"),
    run("docker run -v /var/run:/x:ro alpine", { message: /systemd/ }),
    run("docker run -v /run/dbus:/run/dbus alpine"),
    run("docker run -v /run/docker/plugins:/p alpine", { message: /replace a plugin/ }),
    run("docker run -v /var/run/docker/plugins/x.sock:/x.sock:ro alpine", { severity: "medium" }),
    run("docker run -v /run/udev:/run/udev:ro alpine", { severity: "low", message: /device database/ }),
    run("docker run -v /run/udev:/run/udev alpine"),
    run("docker run -v /var/lib/dpkg/info:/i alpine", { message: /the host runs as root/ }),
    run("docker run -v /run/user/1000:/run/user/1000 alpine"),
    run("docker run -v /var/lib/docker:/d:ro alpine", { severity: "medium" }),
    run("docker run -v /var/lib/docker/containers/abc:/d alpine"),
    run("docker run -v /var/lib/kubelet:/k alpine"),
    run("docker run -v /data/docker/overlay2:/d alpine", { context: { engine: elsewhere } }),
    run("docker run -v /var/log:/logs alpine", { severity: "medium" }),
    run("docker run -v /home:/home alpine"),
    run("docker run -v /usr/local:/u alpine", { message: /holds \/usr\/local\/bin/ }),
    run("docker run -v /usr/local:/u:ro alpine", { severity: "low" }),
    run("docker run -v /var/spool:/s alpine", { message: /holds \/var\/spool\/cron.*add a job/ }),
    run("docker run -v /opt:/o alpine", { message: /\/opt\/containerd/ }),
    run("docker run -v /opt/cni/bin:/o alpine", { message: /root/ }),
    run("docker run -v /home/me/.bashrc:/b alpine", { message: /when someone logs in/ }),
    run("docker run -v /root/.config:/c alpine"),
    run("docker run -v /root/.config:/c:ro alpine", { severity: "medium" }),
    run("docker run -v /home/me/.local:/l alpine", { message: /\/home\/me\/\.local\/share\/keyrings/ }),
    run("docker run -v /run/user/1000/bus:/b:ro alpine", { message: /as a logged-in user/ }),
    run("docker run -v /run/user/1000/systemd:/b alpine", { message: /as a logged-in user/ }),
    run("docker run -v /run/libvirt/libvirt-sock:/l:ro alpine", { message: /virtual machine/ }),
    run("docker run -v /run/snapd.socket:/s:ro alpine", { message: /snap/ }),
    run("docker run -v /srv/engine/daemon.json:/d alpine", { message: /engine's settings/ }),
    run("docker run -v /srv/engine/daemon.json:/d:ro alpine", { severity: "low" }),
    run("docker run -v /home/me:/me alpine"),
    run("docker run -v ~:/me alpine"),
    run("docker run -v ~/.aws:/root/.aws alpine", { message: /\/home\/me\/\.aws/ }),
    run("docker run -v /home/me/.kube/config:/k:ro alpine"),
    run("docker run -v /home/me/.docker:/d -v /home/me/.gnupg:/g alpine"),
    run("docker run -v /srv/people/me/.ssh:/k alpine"),
    run("docker run -v /Users/me/.ssh:/k alpine"),
    compose(`
      services:
        web:
          image: nginx
          volumes:
            - type: bind
              source: ../../../../../../../../../etc
              target: /x
    `),
    compose(`
      services:
        web:
          image: nginx
          volumes: ["etc:/x"]
      volumes:
        etc:
          driver_opts: { type: none, o: bind, device: /etc/ }
    `),
    inspect({ HostConfig: { Binds: ["/etc:/x:ro"] } }, { severity: "medium" }),
  ],
  passes: [
    run("docker run -v /tmp:/tmp -v /opt/app:/app -v /var/spool/queue:/q -v /usr/local/src:/s alpine"),
    run("docker run -v /etc/localtime:/etc/localtime:ro -v /etc/timezone:/etc/timezone:ro alpine"),
    run("docker run -v /var/run/docker.sock:/var/run/docker.sock alpine"),
    run("docker run -v /proc:/proc -v /dev:/dev alpine"),
    run("docker run -v /srv/www:/www -v /opt/app:/app -v /mnt/data:/data alpine"),
    run("docker run -v /var/www:/www -v /usr/local/app/data:/data -v /usr/share/zoneinfo:/z:ro alpine"),
    run("docker run -v /home/me/project:/src -v /home/me/.cache/x:/x -v /root/project:/p alpine"),
    run("docker run -v /home/me/project/.docker:/x -v /etcetera:/y -v etc:/etc alpine"),
    run("docker run -v /var/lib/postgresql:/var/lib/postgresql alpine"),
    compose(`
      services:
        web:
          image: nginx
          volumes: ["./conf:/etc/nginx", "/var/lib/mysql"]
    `),
    view(
      "a named volume's own folder",
      container("configured", {
        mounts: [
          set(
            mount({ type: "volume", source: "d", target: "/d", hostPath: "/var/lib/docker/volumes/d/_data" }),
          ),
        ],
      }),
    ),
  ],
  unknown: [run("docker run --volumes-from data alpine")],
});

test("a writable clock is mounted read-only, anything else goes", () => {
  const clock = mount({ type: "bind", target: "/etc/localtime", hostPath: "/etc/localtime" });
  const root = mount({ type: "bind", target: "/host", hostPath: "/" });
  const remedy = (...mounts: readonly (typeof clock)[]) =>
    sensitiveHostMount.remedy.container?.(
      container("declared", { mounts: mounts.map((each) => set(each)) }),
      bareContext("compose"),
    );
  const readOnly = { op: "replace", field: "mounts", value: clock, with: { ...clock, readOnly: true } };
  expect(remedy(clock)).toMatchObject({ kind: "safe", patches: [readOnly] });
  expect(remedy(clock, root)).toMatchObject({
    kind: "decision",
    patches: [{ op: "remove", field: "mounts", value: root }, readOnly],
  });
});
