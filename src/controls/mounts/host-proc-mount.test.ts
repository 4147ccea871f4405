import { compose, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { hostProcMount } from "./host-proc-mount.ts";

testControl(hostProcMount, {
  fails: [
    run("docker run -v /proc:/proc ubuntu"),
    run("docker run -v /proc:/host/proc:ro prom/node-exporter", { severity: "high", message: /read-only/ }),
    run("docker run -v /proc/sys:/s:ro ubuntu", { severity: "low" }),
    run("docker run -v /:/host ubuntu", { message: /includes the host's \/proc.*core_pattern/ }),
    run("docker run -v /proc/sys/kernel:/k ubuntu"),
    run("docker run -v /proc/1/ns:/ns ubuntu", { severity: "high" }),
    run("docker run -v /:/rootfs:ro cadvisor", { severity: "high", message: /see every process/ }),
    run("docker run -v /:/rootfs:ro cadvisor", {
      message: /core_pattern/,
      context: { engine: engine("configured", { version: set("24.0.9"), kernelVersion: set("6.1.0") }) },
    }),
    run("docker run -v /proc/cpuinfo:/proc/cpuinfo:ro ubuntu", { severity: "low" }),
    compose(`
      services:
        exporter:
          image: prom/node-exporter
          volumes: ["proc:/host/proc"]
      volumes:
        proc:
          driver_opts: { type: none, o: bind, device: /proc }
    `),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run -v /process:/proc-data -v /srv/proc:/p -v proc:/x nginx"),
    run("docker run -v /var/lib/lxcfs/proc/cpuinfo:/proc/cpuinfo:ro nginx"),
  ],
  unknown: [
    compose(`
      services:
        web:
          image: nginx
          volumes: ["\${DATA:?}:/x"]
    `),
  ],
});
