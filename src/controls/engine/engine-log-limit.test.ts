import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { engineLogLimit } from "./engine-log-limit.ts";

testControl(engineLogLimit, {
  fails: [
    daemonJson("{}"),
    daemonJson('{ "log-driver": "json-file" }'),
    daemonJson('{ "log-opts": { "max-file": "3" } }'),
    daemonJson('{ "log-opts": { "max-size": "-1" } }', { message: /max-size -1/ }),
    dockerd("dockerd --log-driver=json-file --log-opt max-size=0"),
    view("live", engine("configured", { logDriver: set("json-file") })),
  ],
  passes: [
    daemonJson('{ "log-opts": { "max-size": "10m" } }'),
    daemonJson('{ "log-driver": "local" }'),
    dockerd("dockerd --log-opt max-size=1m --log-opt max-file=2"),
  ],
  unknown: [
    dockerd("dockerd $DOCKER_OPTS"),
    view(
      "options that are not shown",
      engine("configured", {
        logDriver: set("json-file"),
        logOptions: [unresolved("the Engine does not say")],
      }),
    ),
  ],
  notApplicable: [
    daemonJson('{ "log-driver": "journald" }', { message: /journald/ }),
    dockerd("dockerd --log-driver none"),
  ],
});
