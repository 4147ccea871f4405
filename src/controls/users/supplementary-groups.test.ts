import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { supplementaryGroups } from "./supplementary-groups.ts";

testControl(supplementaryGroups, {
  fails: [
    compose("services: { a: { image: nginx, group_add: [docker] } }", { message: /engine's socket/ }),
    run("docker run --group-add disk nginx", { message: /raw disks/ }),
    run("docker run --group-add 0 nginx"),
    run("docker run --group-add 42 nginx", { message: /password hashes/ }),
    run("docker run --group-add 998 nginx", { severity: "medium" }),
    run("docker run --group-add video nginx", { severity: "info" }),
    run("docker run --group-add 1000 --group-add lxd nginx"),
    inspect({ HostConfig: { GroupAdd: ["shadow"] } }),
  ],
  passes: [run("docker run nginx"), run("docker run --group-add 1000 --group-add www-data nginx")],
  unknown: [compose("services: { a: { image: nginx, group_add: ['${GROUP:?}'] } }")],
});
