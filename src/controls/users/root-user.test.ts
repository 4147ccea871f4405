import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { process } from "../../../test/support/processes.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { rootUser } from "./root-user.ts";

const remaps = { engine: engine("configured", { usernsRemap: set("default") }) };
const rootless = { engine: engine("configured", { rootless: set(true) }) };
const root = process({ uid: set(0), hostUid: set(0) });

testControl(rootUser, {
  fails: [
    run("docker run --user 0 alpine", { message: /starts as 0; if it escapes, it is root/ }),
    run("docker run -u root:root alpine"),
    run("docker run -u 0:0 alpine"),
    run("docker run -u 00:1000 alpine"),
    run("docker run -u :1000 alpine"),
    run("docker run nginx:1.27", { message: /known to start as root/ }),
    run("docker run -u 0 alpine", { severity: "low", context: remaps, message: /userns-remap/ }),
    run("docker run -u 0 alpine", { severity: "low", context: rootless, message: /rootless/ }),
    run("docker run -u 0 --userns host alpine", { context: remaps }),
    compose("services: { web: { image: web, user: root } }"),
    compose("services: { web: { image: web, user: 0 } }"),
    view("its image's user", container("declared", { image: set("web"), imageUser: set("") })),
    view("its image's user", container("declared", { image: set("nginx"), imageUser: set("root") }), {
      message: /the image's user/,
    }),
    inspect({ Config: { Image: "web", User: "" } }, { message: /neither it nor its image/ }),
    view("kernel: root", container("effective", { processes: [root, process({ role: "child" })] }), {
      message: /nginx \(4242\) runs as root: uid 0 on the host too/,
    }),
    view(
      "kernel: remapped",
      container("effective", { processes: [process({ uid: set(0), hostUid: set(100_000) })] }),
      { severity: "low", message: /uid 100000 on the host/ },
    ),
  ],
  passes: [
    run("docker run -u 1000 alpine"),
    run("docker run -u nobody nginx"),
    run("docker run memcached"),
    run("docker run haproxy:3.0"),
    run("docker run gcr.io/distroless/static:nonroot"),
    compose('services: { web: { image: nginx, user: "101:101" } }'),
    view("its image's user", container("declared", { image: set("nginx"), imageUser: set("101") })),
    inspect({ Config: { Image: "web", User: "app" } }),
    view("kernel: others", container("effective", { processes: [process()] }), { message: /uid 101/ }),
    view(
      "kernel: an exec as root is nobody's start",
      container("effective", { processes: [process(), { ...root, role: "exec" }] }),
    ),
  ],
  unknown: [
    run("docker run registry.example/team/web"),
    run("docker run haproxy:2.2"),
    run('docker run -u "$(id -u)" nginx'),
    compose("services: { web: { build: ./web } }"),
    view("a user of the image that is unknown", container("declared", { imageUser: unresolved("ARG USER") })),
    view("kernel: nothing seen", container("effective")),
    view("kernel: unreadable", container("effective", { processes: [process({ uid: unresolved("gone") })] })),
  ],
});
