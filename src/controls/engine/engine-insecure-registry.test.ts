import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { engineInsecureRegistry } from "./engine-insecure-registry.ts";

testControl(engineInsecureRegistry, {
  fails: [
    daemonJson('{ "insecure-registries": ["registry.example:5000"] }', { message: /registry\.example:5000/ }),
    daemonJson('{ "insecure-registries": ["localhost:5000", "10.0.0.0/8"] }'),
    daemonJson('{ "insecure-registries": ["0.0.0.0/0"] }'),
    daemonJson('{ "insecure-registries": ["127.0.0.0/4"] }'),
    daemonJson('{ "insecure-registries": ["localhost.example"] }'),
    dockerd("dockerd --insecure-registry=192.168.1.2:5000"),
  ],
  passes: [
    daemonJson("{}"),
    daemonJson('{ "insecure-registries": ["127.0.0.1:5000", "localhost", "[::1]:5000", "::1/128"] }'),
    view(
      "what every engine shows",
      engine("configured", { insecureRegistries: [set("127.0.0.0/8"), set("::1/128")] }),
    ),
  ],
  unknown: [dockerd("dockerd --insecure-registry=$REGISTRY")],
});
