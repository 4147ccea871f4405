import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { engineLiveRestore } from "./engine-live-restore.ts";

testControl(engineLiveRestore, {
  fails: [
    daemonJson("{}", { message: /Swarm cannot be seen here/ }),
    dockerd("dockerd --live-restore=false"),
    view("live", engine("configured", { liveRestore: set(false), swarmActive: set(false) })),
  ],
  passes: [daemonJson('{ "live-restore": true }'), dockerd("dockerd --live-restore")],
  unknown: [dockerd("dockerd --live-restore=$LIVE")],
  notApplicable: [
    view("a Swarm node", engine("configured", { liveRestore: set(false), swarmActive: set(true) })),
  ],
});
