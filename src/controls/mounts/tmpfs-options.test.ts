import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { tmpfsOptions } from "./tmpfs-options.ts";

testControl(tmpfsOptions, {
  fails: [
    run("docker run --tmpfs /tmp:exec nginx", { message: /run what it downloads/ }),
    run("docker run --tmpfs /tmp:rw,suid,size=1m nginx"),
    run("docker run --tmpfs /tmp:dev nginx"),
    run("docker run --tmpfs /tmp:defaults nginx", { message: /exec, suid, dev/ }),
    compose("services: { web: { image: nginx, tmpfs: ['/tmp:exec,size=1m'] } }"),
    inspect({ HostConfig: { Tmpfs: { "/tmp": "rw,exec" } } }),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --tmpfs /tmp --tmpfs /run:rw,noexec,nosuid,size=64m nginx"),
    run("docker run --tmpfs /tmp:exec,noexec nginx"),
    run("docker run --mount type=tmpfs,dst=/tmp nginx"),
    compose("services: { web: { image: nginx, tmpfs: /tmp } }"),
  ],
  unknown: [compose("services: { web: { image: nginx, tmpfs: ['${TMP:?}'] } }")],
});
