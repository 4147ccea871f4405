import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { privileged } from "./privileged.ts";

testControl(privileged, {
  fails: [
    run("docker run --privileged alpine"),
    run("docker run --privileged=true --cap-drop ALL alpine"),
    compose("services: { web: { image: nginx, privileged: true } }"),
    inspect({ HostConfig: { Privileged: true } }),
    view("kernel", container("effective", { privileged: set(true) }), { message: /what --privileged gives/ }),
  ],
  passes: [
    run("docker run alpine"),
    run("docker run --privileged=false alpine"),
    run("docker run --cap-add ALL alpine"),
    compose("services: { web: { image: nginx, privileged: false } }"),
    inspect({ HostConfig: { Privileged: false } }),
    view("kernel", container("effective", { privileged: set(false) })),
  ],
  unknown: [
    compose("services: { web: { image: nginx, privileged: $PRIVILEGED } }"),
    view("unreadable", container("effective", { privileged: unresolved("status cannot be read") })),
    view("nobody looked", container("effective")),
  ],
});
