import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { runtimeHandler } from "./runtime-handler.ts";

testControl(runtimeHandler, {
  fails: [
    compose("services: { a: { image: nginx, runtime: kata } }", { message: /kata/ }),
    run("docker run --runtime nvidia nginx"),
    inspect({ HostConfig: { Runtime: "crun" } }),
  ],
  passes: [
    run("docker run nginx"),
    inspect({ HostConfig: { Runtime: "runc" } }),
    inspect(
      { HostConfig: { Runtime: "crun" } },
      { context: { engine: engine("configured", { defaultRuntime: set("crun") }) } },
    ),
  ],
  unknown: [
    inspect(
      { HostConfig: { Runtime: "oci" } },
      { context: { engine: engine("configured", { product: set("podman") }) } },
    ),
    compose("services: { a: { image: nginx, runtime: '${RUNTIME:?}' } }"),
  ],
});
