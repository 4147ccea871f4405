import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { runtimeAnnotation } from "./runtime-annotation.ts";

testControl(runtimeAnnotation, {
  fails: [
    compose("services: { a: { image: nginx, annotations: { run.oci.hooks.stdout: /x } } }", {
      severity: "low",
      message: /run\.oci\.hooks\.stdout/,
    }),
    compose("services: { a: { image: nginx, annotations: ['com.example.note=a'] } }", { severity: "info" }),
    run("docker run --annotation org.systemd.property.MemoryMax=infinity nginx", { severity: "low" }),
    run("docker run --annotation a=b nginx", { severity: "info" }),
    inspect(
      { HostConfig: { Annotations: { "org.systemd.property.MemoryMax": "infinity" } } },
      { context: { engine: engine("configured", { product: set("podman") }) } },
    ),
    inspect({ HostConfig: { Annotations: { "org.systemd.property.KillSignal": "15" } } }),
    inspect({ HostConfig: { Annotations: { "io.katacontainers.config.hypervisor.path": "/x" } } }),
  ],
  passes: [
    run("docker run nginx"),
    compose("services: { a: { image: nginx, labels: { run.oci.hooks.stdout: /x } } }"),
    inspect({ HostConfig: { Annotations: {} } }),
    inspect(
      {
        HostConfig: {
          Annotations: {
            "io.podman.annotations.autoremove": "FALSE",
            "org.systemd.property.KillSignal": "15",
            "org.systemd.property.TimeoutStopUSec": "uint64 10000000",
          },
        },
      },
      { context: { engine: engine("configured", { product: set("podman") }) } },
    ),
  ],
  unknown: [run("docker run --annotation $MORE nginx")],
});
