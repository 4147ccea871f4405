import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { mountPropagation } from "./mount-propagation.ts";

testControl(mountPropagation, {
  fails: [
    run("docker run -v /mnt:/mnt:rshared ubuntu"),
    run("docker run -v /mnt:/mnt:ro,shared ubuntu"),
    run("docker run -v /mnt:/mnt:rslave ubuntu", { severity: "low" }),
    run("docker run --mount type=bind,src=/mnt,dst=/mnt,bind-propagation=slave ubuntu", { severity: "low" }),
    run("docker run -v /a:/a:rslave -v /b:/b:rshared ubuntu"),
    compose(`
      services:
        a:
          image: ubuntu
          volumes:
            - { type: bind, source: /mnt, target: /mnt, bind: { propagation: rshared } }
    `),
    inspect({ HostConfig: { Binds: ["/mnt:/mnt:rw,rshared"] } }),
  ],
  passes: [
    run("docker run ubuntu"),
    run("docker run -v /mnt:/mnt -v /a:/a:rprivate -v /b:/b:private,ro ubuntu"),
    inspect({
      Mounts: [{ Type: "bind", Source: "/mnt", Destination: "/mnt", RW: true, Propagation: "rprivate" }],
    }),
  ],
  unknown: [
    compose(`
      services:
        a:
          image: ubuntu
          volumes: ["\${DATA:?}:/x"]
    `),
  ],
});
