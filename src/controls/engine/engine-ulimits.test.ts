import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { unresolved } from "../../model/fact.ts";
import { engineUlimits } from "./engine-ulimits.ts";

testControl(engineUlimits, {
  fails: [
    daemonJson("{}"),
    daemonJson('{ "default-ulimits": {} }'),
    dockerd("dockerd --default-ulimit nofile=-1", { message: /unlimited/ }),
    view("live", engine("configured")),
  ],
  passes: [
    daemonJson('{ "default-ulimits": { "nproc": { "Name": "nproc", "Soft": 512, "Hard": 1024 } } }'),
    dockerd("dockerd --default-ulimit nofile=1024:2048"),
  ],
  unknown: [
    view("not shown", engine("configured", { defaultUlimits: [unresolved("the Engine does not say")] })),
  ],
});
