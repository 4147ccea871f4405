import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { apparmorProfile } from "./apparmor-profile.ts";

const runs = { engine: engine("configured", { kernelLsm: set(["apparmor"]), apparmorEnabled: set(true) }) };
const unused = engine("configured", { kernelLsm: set(["apparmor"]), apparmorEnabled: set(false) });
const keeps = { engine: engine("configured", { version: set("29.4.0") }) };
const forgets = { engine: engine("configured", { version: set("29.3.1") }) };
const named = "docker run --privileged --security-opt apparmor=my-profile alpine";
const lacks = { engine: engine("configured", { kernelLsm: set(["capability"]) }) };

testControl(apparmorProfile, {
  fails: [
    run("docker run --security-opt apparmor=unconfined alpine"),
    run("docker run --security-opt apparmor:unconfined alpine", { context: lacks }),
    compose("services: { web: { image: nginx, security_opt: ['apparmor=unconfined'] } }"),
    inspect({ AppArmorProfile: "unconfined" }, { context: runs }),
    inspect({ HostConfig: { SecurityOpt: ["apparmor=unconfined"] } }),
    view("kernel: unconfined", container("effective", { apparmor: set("unconfined") })),
    view("not of the Engine that uses none", container("effective", { apparmor: set("unconfined") }), {
      context: { engine: unused },
    }),
    view("kernel: complain", container("effective", { apparmor: set("docker-default (complain)") }), {
      message: /only logs/,
    }),
  ],
  passes: [
    run("docker run alpine"),
    run("docker run --security-opt apparmor=my-profile alpine", { message: /my-profile/ }),
    run(named, { context: keeps }),
    inspect({ AppArmorProfile: "docker-default" }, { context: runs }),
    view("kernel: docker-default", container("effective", { apparmor: set("docker-default") })),
  ],
  unknown: [
    run(named, { message: /until it starts again/ }),
    run(named, { context: forgets, message: /29\.4\.0/ }),
    view("unreadable", container("effective", { apparmor: unresolved("attr/current cannot be read") })),
  ],
  notApplicable: [
    run("docker run --privileged alpine"),
    inspect({ AppArmorProfile: "unconfined", HostConfig: { Privileged: true } }, { context: runs }),
    inspect({ HostConfig: { SecurityOpt: ["apparmor=unconfined"] } }, { context: lacks }),
    view("kernel: none", container("effective")),
    view("the Engine uses none", container("effective", { apparmor: set("unconfined") }), {
      context: { configured: container("configured"), engine: unused },
      message: /engine-mac says it once/,
    }),
  ],
});
