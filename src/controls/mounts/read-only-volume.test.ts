import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { readOnlyVolume } from "./read-only-volume.ts";

testControl(readOnlyVolume, {
  fails: [
    run("docker run --mount type=bind,src=/srv,dst=/s,readonly,bind-recursive=writable x", {
      severity: "medium",
      message: /stays writable/,
    }),
    compose(
      "services: { a: { image: x, volumes: [{ type: bind, source: /srv, target: /s, read_only: true, bind: { recursive: writable } }] } }",
      { severity: "medium" },
    ),
    inspect(
      {
        HostConfig: {
          Mounts: [
            {
              Type: "bind",
              Source: "/srv",
              Target: "/s",
              ReadOnly: true,
              BindOptions: { ReadOnlyNonRecursive: true },
            },
          ],
        },
      },
      { severity: "medium" },
    ),
    run("docker run -v $(pwd)/x:/secrets -v /srv/a:/a nginx"),
    run("docker run -v /srv/a:/a:rw nginx"),
    run("docker run -v /srv/a:/a:z nginx"),
    run("docker run --mount type=bind,src=/srv/a,dst=/a nginx"),
    run("docker run -v /srv/a:/a:ro -v /srv/b:/b nginx", { message: /\/srv\/b/ }),
    run("docker run -v /dev:/dev nginx"),
    compose("services: { web: { image: nginx, volumes: ['./conf:/etc/nginx'] } }", { message: /\.\/conf/ }),
    compose(`
      services:
        web:
          image: nginx
          volumes: ["data:/data"]
      volumes:
        data:
          driver_opts: { type: none, o: bind, device: /srv/data }
    `),
    inspect({ HostConfig: { Binds: ["/srv/a:/a"] } }),
  ],
  passes: [
    run(
      "docker run --mount type=bind,src=/srv,dst=/s,readonly,bind-recursive=readonly,bind-propagation=rprivate x",
    ),
    run("docker run nginx"),
    run("docker run -v /srv/a:/a:ro --mount type=bind,src=/srv/b,dst=/b,readonly nginx"),
    run("docker run -v data:/data -v /data2 --tmpfs /tmp nginx"),
    run("docker run -v /var/run/docker.sock:/var/run/docker.sock -v /dev/null:/x nginx"),
    compose(`
      services:
        web:
          image: nginx
          volumes: [{ type: bind, source: ./conf, target: /etc/nginx, read_only: true }]
    `),
  ],
  unknown: [compose("services: { web: { image: nginx, volumes: ['${DATA:?}:/x'] } }")],
});
