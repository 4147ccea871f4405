import { expect, test } from "vitest";
import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { bareContext } from "../control.ts";
import { dockerSocketMount } from "./docker-socket-mount.ts";

const otherSocket = engine("configured", {
  listenAddresses: [set({ address: "unix:///srv/engine/api", tls: "none" })],
});

testControl(dockerSocketMount, {
  fails: [
    run("docker run -v /var/run/docker.sock:/var/run/docker.sock nginx", {
      message: /mounts \/var\/run\/docker\.sock/,
    }),
    run("docker run -v /run/docker.sock:/tmp/engine nginx"),
    run("docker run -v //var/run/docker.sock:/var/run/docker.sock nginx"),
    run("docker run -v /var/run/docker.sock:/var/run/docker.sock:ro nginx", {
      message: /read-only protects nothing/,
    }),
    run("docker run -v /:/host:ro nginx", { message: /leads to \/run\/docker\.sock/ }),
    run("docker run -v /run:/run nginx"),
    run("docker run -v /var/run/:/host/run:ro nginx"),
    run("docker run -v /var/../run:/x nginx"),
    run("docker run -v /run/containerd:/run/containerd nginx"),
    run("docker run --mount type=bind,src=/run/containerd/containerd.sock,dst=/c.sock nginx", {
      message: /containerd/,
    }),
    run("docker run -v /run/podman/podman.sock:/p.sock nginx", { message: /Podman/ }),
    run("docker run -v /run/user/1000/podman/podman.sock:/p.sock nginx"),
    run("docker run -v /run/containerd/s:/s nginx", { message: /shims/ }),
    run("docker run -v /var/lib/lxd/unix.socket:/l:ro nginx", { message: /LXD/ }),
    run("docker run -v /var/run/crio/crio.sock:/c.sock nginx", { message: /CRI-O/ }),
    run("docker run -v /run/buildkit/buildkitd.sock:/b.sock nginx", { message: /BuildKit/ }),
    run("docker run -v ~/.docker/run/docker.sock:/var/run/docker.sock nginx"),
    run("docker run -v /proc/1/root/run:/x nginx"),
    run("docker run -v /srv/engine:/x nginx", { context: { engine: otherSocket } }),
    run("docker run --volumes-from agent nginx", {
      message: /from agent/,
      context: {
        peer: () =>
          container("declared", {
            mounts: [set(mount({ type: "bind", source: "/run", target: "/run", hostPath: "/run" }))],
          }),
      },
    }),
    compose(`
      services:
        web:
          image: nginx
          volumes:
            - type: bind
              source: /var/run/docker.sock
              target: /engine
              read_only: true
    `),
    compose(`
      services:
        web:
          image: nginx
          volumes:
            - type: npipe
              source: \\\\.\\pipe\\docker_engine
              target: \\\\.\\pipe\\docker_engine
    `),
    compose(`
      services:
        web:
          image: nginx
          volumes: ["run:/host"]
      volumes:
        run:
          driver_opts: { type: none, o: "rbind,ro", device: /var/run }
    `),
    compose(`
      services:
        web:
          image: nginx
          volumes_from: [middle]
        middle:
          image: nginx
          volumes_from: [agent]
        agent:
          image: nginx
          volumes: ["/run/docker.sock:/run/docker.sock"]
    `),
    run("docker run -v \\\\.\\pipe\\docker_engine:\\\\.\\pipe\\docker_engine nginx"),
    run("docker run -v $XDG_RUNTIME_DIR/docker.sock:/var/run/docker.sock nginx"),
    compose(
      "services: { a: { image: nginx, volumes: ['$XDG_RUNTIME_DIR/docker.sock:/var/run/docker.sock'] } }",
    ),
    run("docker run -v //./pipe/docker_engine://./pipe/docker_engine nginx"),
    inspect({ HostConfig: { Binds: ["/var/run/docker.sock:/var/run/docker.sock"] } }),
    view(
      "a renamed bind whose socket the kernel's view found",
      container("effective", {
        mounts: [
          set(mount({ type: "bind", target: "/x", hostPath: "/srv/x", sockets: ["/run/docker.sock"] }), {
            kernel: "/proc/7/mountinfo",
            field: "/x",
          }),
        ],
      }),
    ),
    view(
      "a symlink that leads to /run",
      container("configured", {
        mounts: [set(mount({ type: "bind", target: "/x", hostPath: "/srv/link", resolvedPath: "/run" }))],
      }),
      { message: /\/srv\/link \(\/run\)/ },
    ),
    view(
      "/var where the host says that the socket is below",
      container("configured", {
        mounts: [
          set(mount({ type: "bind", target: "/x", hostPath: "/var", sockets: ["/var/run/docker.sock"] })),
        ],
      }),
    ),
  ],
  passes: [
    run("docker run nginx"),
    inspect({
      HostConfig: { VolumesFrom: ["gone"] },
      Mounts: [{ Type: "bind", Source: "/srv/x", Destination: "/x", RW: true }],
    }),
    run("docker run -v /var/run/docker.sock nginx"),
    run("docker run -v /var:/host/var nginx"),
    run("docker run -v /var/lib:/x -v /srv/run:/y -v /running:/z nginx"),
    run("docker run -v docker.sock:/var/run/docker.sock nginx"),
    run("docker run -v /srv/docker.socks:/x nginx"),
    run("docker run --tmpfs /var/run nginx"),
    compose(`
      services:
        web:
          image: nginx
          volumes:
            - /var/run/docker.sock
            - data:/run
      volumes:
        data:
    `),
    compose(`
      services:
        web:
          image: nginx
          volumes_from: [data, web]
        data:
          image: nginx
          volumes: ["./data:/data"]
    `),
  ],
  unknown: [
    run("docker run --volumes-from agent nginx", { message: /agent, which this audit does not see/ }),
    compose(`
      services:
        web:
          image: nginx
          volumes: ["\${SOCKET:?}:/x"]
    `),
    view(
      "a bind of a place that is not known",
      container("effective", {
        mounts: [set(mount({ type: "bind", target: "/x" }))],
      }),
    ),
  ],
});

test("the remedy takes away the mount, or the volumes_from that brings it", () => {
  const own = set(mount({ type: "bind", source: "/run", target: "/run", hostPath: "/run" }));
  const agent = container("declared", { mounts: [own] });
  const judged = container("declared", {
    mounts: [own, set(mount({ type: "volume", source: "data", target: "/data" }))],
    volumesFrom: [set("agent"), set("data")],
  });
  const context = bareContext("compose", {
    peer: (name) => (name === "agent" ? agent : container("declared")),
  });
  expect(dockerSocketMount.remedy.container?.(judged, context).patches).toEqual([
    { op: "remove", field: "mounts", value: own.value },
    { op: "remove", field: "volumesFrom", value: "agent" },
  ]);
});
