import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { engineNoNewPrivileges } from "./engine-no-new-privileges.ts";

testControl(engineNoNewPrivileges, {
  fails: [
    daemonJson("{}"),
    daemonJson('{ "no-new-privileges": false }'),
    dockerd("dockerd --no-new-privileges=false"),
    view("live, off", engine("configured", { noNewPrivileges: set(false) })),
  ],
  passes: [daemonJson('{ "no-new-privileges": true }'), dockerd("dockerd --no-new-privileges")],
  unknown: [dockerd("dockerd $DOCKER_OPTS")],
});
