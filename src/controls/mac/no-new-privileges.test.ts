import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { process } from "../../../test/support/processes.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { noNewPrivileges } from "./no-new-privileges.ts";

const byDefault = { engine: engine("declared", { noNewPrivileges: set(true) }) };

testControl(noNewPrivileges, {
  fails: [
    run("docker run alpine", { message: /does not set/ }),
    run("docker run --security-opt no-new-privileges=false alpine", {
      message: /turns no-new-privileges off/,
    }),
    run("docker run --security-opt no-new-privileges:false alpine", { context: byDefault }),
    compose("services: { web: { image: nginx, security_opt: ['no-new-privileges:false'] } }"),
    inspect({ HostConfig: { SecurityOpt: null } }),
    view("kernel: off", container("effective", { processes: [process({ noNewPrivs: set(false) })] })),
  ],
  passes: [
    run("docker run --security-opt no-new-privileges alpine"),
    run("docker run --security-opt=no-new-privileges:true alpine"),
    run("docker run alpine", { context: byDefault, message: /engine's default/ }),
    compose("services: { web: { image: nginx, security_opt: ['no-new-privileges=true'] } }"),
    inspect({ HostConfig: { SecurityOpt: ["no-new-privileges"] } }),
    view("kernel: on", container("effective", { processes: [process()] })),
  ],
  unknown: [
    run("docker run --security-opt no-new-privileges=maybe alpine"),
    run("docker run alpine", {
      context: { engine: engine("configured", { noNewPrivileges: unresolved("too old") }) },
    }),
    view("unreadable", container("effective", { processes: [process({ noNewPrivs: unresolved("gone") })] })),
  ],
});
